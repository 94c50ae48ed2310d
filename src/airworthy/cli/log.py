"""`airworthy log verify|show|export`: the log, checked, read, and published for strangers."""

from __future__ import annotations

import shutil
import sys
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from airworthy.base.clock import iso
from airworthy.base.errors import StoreError
from airworthy.cli.backtest import DATA
from airworthy.cli.console import Console, progress, to_json
from airworthy.ledger.fsck import Damage, check_head
from airworthy.page import words
from airworthy.proof import verify as verifier
from airworthy.record.codec import record
from airworthy.record.envelope import kind
from airworthy.record.store import Erased, Head
from airworthy.storage.fsck import fsck
from airworthy.storage.publish import export as publish
from airworthy.storage.reader import SqliteReader
from airworthy.storage.rebuild import rebuild as refile
from airworthy.storage.sqlite import open_reader

OK, BAD, CANNOT_JUDGE = 0, 1, 3
_GLYPH = {OK: ("✓", "proven"), BAD: ("✕", "refuted"), CANNOT_JUDGE: ("◌", "undecided")}
MOST_DAMAGE = 20

app = typer.Typer(help="The log: checked, read, published for strangers' tools.", no_args_is_help=True)

_Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where records are kept, or a published log.")]


def _open(folder: Path) -> SqliteReader:
    if not (folder / "log.db").exists():
        raise StoreError(
            f"there is no log in `{folder}`",
            code="R002",
            help="name the folder that `--data` named, or run a backtest first",
        )
    return open_reader(folder)


@app.command()
def verify(
    folder: _Folder = Path(DATA),
    key: Annotated[
        str | None, typer.Option(metavar="KEY", help="The verifier key you were given, from elsewhere than the folder.")
    ] = None,
    older: Annotated[
        Path | None,
        typer.Option(metavar="CHECKPOINT", help="A checkpoint you kept: its entries must still be the log's first."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The result as JSON on standard output.")] = False,
) -> None:
    """Recompute everything: entries, tiles, root, signed head, sealed content.

    Exit 0 sound, 1 damaged or another log, 2 wrong use, 3 cannot judge: entries, and nothing signed.
    """
    console = Console(quiet=json)
    if not (folder / "log.db").exists() and (folder / "checkpoint").exists():
        raise typer.Exit(_verify_published(console, folder, key, older, json))
    found = _inspected(console, folder, key, older)
    if json:
        typer.echo(to_json(found.as_json()))
    else:
        _print(console, found)
    raise typer.Exit(found.exit)


def _verify_published(console: Console, folder: Path, key: str | None, older: Path | None, json: bool) -> int:
    code, said = verifier.outcome(folder, key, older=older)
    if json:
        sound = {verifier.OK: True, verifier.BAD: False}.get(code)
        typer.echo(to_json({"log": str(folder), "sound": sound, "said": said}))
    else:
        console.line(f"{verifier.SAID[code]}: {said}")
    return code


class Inspected(msgspec.Struct, frozen=True):
    """What was found in a folder that keeps a log. `damage` also names a key or a past that is not the expected one."""

    origin: str
    entries: int
    head: Head | None
    damage: tuple[Damage, ...]

    @property
    def exit(self) -> int:
        """Entries that nothing was signed for may be all there ever were, or what someone left: nobody can judge."""
        return BAD if self.damage else CANNOT_JUDGE if self.entries and self.head is None else OK

    @property
    def said(self) -> str:
        if self.damage:
            return f"The log is damaged in {words.plural(len(self.damage), 'place')}, or is another one."
        if self.exit == CANNOT_JUDGE:
            return "Nobody can judge the log: it has entries, and nothing is signed or `lock.db` is missing."
        return f"The log is sound: {words.plural(self.entries, 'entry', 'entries')}, every byte recomputed."

    def as_json(self) -> dict[str, object]:
        signed = {"size": self.head.size, "root": self.head.root.hex()} if self.head else None
        sound = {OK: True, BAD: False}.get(self.exit)
        damage = [str(one) for one in self.damage]
        return {
            "origin": self.origin, "entries": self.entries, "signed": signed, "sound": sound, "damage": damage,
        }  # fmt: skip


def _inspected(console: Console, folder: Path, key: str | None, older: Path | None) -> Inspected:
    kept = _text(older) if older else None
    reader = _open(folder)
    try:
        with progress(console, "recomputing every byte"):
            damage = list(fsck(reader))
        if key is not None and key.strip() != reader.verifier_key:
            damage.append(Damage("key", "the log's key is not the one you gave"))
        if kept is not None:
            damage += check_head(kept, reader.key, reader.size(), reader.read_tile)
        head = None if damage else reader.head()
        return Inspected(reader.origin, reader.size(), head, tuple(damage))
    finally:
        reader.close()


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise StoreError(f"`{file}` cannot be read: {error.strerror}", code="R008", help="check the path") from None


def _print(console: Console, found: Inspected) -> None:
    for one in found.damage[:MOST_DAMAGE]:
        console.parts([("✕ ", "refuted"), (str(one), "")])
    if len(found.damage) > MOST_DAMAGE:
        console.line(f"  and {words.count(len(found.damage) - MOST_DAMAGE)} more", "quiet")
    glyph, role = _GLYPH[found.exit]
    console.parts([(f"{glyph} ", role), (found.said, "strong")])
    console.line(f"log        {found.origin}", "quiet")
    if found.head:
        behind = words.plural(found.entries - found.head.size, "entry", "entries")
        console.line(f"signed     size {words.count(found.head.size)}, root {found.head.root.hex()}", "quiet")
        console.line(f"not yet    {behind} after the signed head", "quiet")
    elif not found.damage:
        console.line("signed     nothing yet", "undecided")


@app.command()
def show(
    folder: _Folder = Path(DATA),
    seq: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="One entry, whole, with its sealed content.")
    ] = None,
    kind_: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND", help="Only entries of this kind, such as gate.opened; may be repeated."),
    ] = None,
    first: Annotated[int, typer.Option(min=0, metavar="N", help="Start at this entry.")] = 0,
    most: Annotated[int, typer.Option(min=1, metavar="N", help="How many entries at most.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="The stored leaves, one JSON object a line.")] = False,
) -> None:
    """Read entries: what happened, in order. A leaf holds no names; content is sealed beside it."""
    reader = _open(folder)
    console = Console(quiet=json)
    try:
        if seq is not None:
            _show_one(console, reader, seq, json)
            return
        entries = list(islice(reader.scan(first, kinds=kind_ or None), min(most, sys.maxsize)))
        for stored in entries:
            if json:
                typer.echo(stored.leaf)
            else:
                found = record(stored.leaf)
                console.parts(
                    [
                        (f"{stored.seq:>9,}  ", "quiet"),
                        (f"{iso(found.at):<28}", "quiet"),
                        (f"{kind(found):<18}", "strong"),
                        (_gist(stored.leaf), ""),
                    ]
                )
        if not entries:
            console.line("no entry of that kind" if kind_ else "the log is empty", "undecided")
    finally:
        reader.close()


def _gist(leaf: bytes) -> str:
    """What tells one entry from the next, in a few words."""
    found = msgspec.json.decode(leaf)
    wanted = (
        "route",
        "told",
        "segment",
        "label",
        "loss",
        "threshold",
        "labels",
        "errors",
        "items",
        "stage",
        "why",
        "how",
        "verb",
        "ended",
        "effect",
        "epoch",
    )
    return " ".join(f"{name}={found[name]}" for name in wanted if found.get(name) is not None)


def _show_one(console: Console, reader: SqliteReader, seq: int, json: bool) -> None:
    stored = next(iter(reader.scan(seq, seq + 1)), None)
    if stored is None:
        raise StoreError(f"the log has no entry {seq:,}", code="R002", help=f"it has {reader.size():,}, counted from 0")
    leaf = msgspec.json.decode(stored.leaf)
    content = {ref["purpose"]: reader.content(seq, ref["purpose"]) for ref in leaf["payloads"]}
    opened = {name: None if isinstance(body, Erased) else msgspec.json.decode(body) for name, body in content.items()}
    if json:
        typer.echo(to_json({"seq": seq, "leaf": leaf, "content": opened}))
        return
    console.line(msgspec.json.format(stored.leaf, indent=2).decode())
    for name, body in opened.items():
        said = "erased" if body is None else msgspec.json.encode(body).decode()
        console.parts([(f"{name:<11}", "strong"), (said[:2_000], "" if body is not None else "undecided")])


@app.command()
def export(
    folder: _Folder = Path(DATA),
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the published log goes.")] = Path(
        "published"
    ),
    json: Annotated[bool, typer.Option("--json", help="What was published, as JSON on standard output.")] = False,
) -> None:
    """Publish the log as static files that strangers' tools read (tlog-tiles), with the verifier beside it.

    An earlier export of this log is brought up to it; anything else that is published there is left alone.
    """
    console = Console(quiet=json)
    reader = _open(folder)
    try:
        _refuse_another_verifier(to / "verify.py")
        head = publish(reader, to)
        key = reader.verifier_key
    finally:
        reader.close()
    shutil.copyfile(verifier.__file__, to / "verify.py")
    if json:
        about = {"folder": str(to), "entries": head.size, "root": head.root.hex(), "key": key}
        typer.echo(to_json(about))
    console.line(f"published  {words.plural(head.size, 'entry', 'entries')}, root {head.root.hex()}")
    console.line(f"key        {key}")
    console.wrapped("Give the key to whoever shall verify, by another way than this folder.", style="quiet")
    console.next(f"python {to / 'verify.py'} {to} --key '{key}'")


def _refuse_another_verifier(file: Path) -> None:
    """Raises StoreError (R013) where a `verify.py` stands that is no copy of ours, of whatever release."""
    if file.exists() and "C2SP signed-note" not in _text(file):
        help = "nothing was changed; publish to another folder with --to"
        raise StoreError(f"`{file}` is there and is not the verifier", code="R013", help=help)


@app.command()
def rebuild(
    folder: _Folder = Path(DATA),
    json: Annotated[bool, typer.Option("--json", help="What was mended, as JSON on standard output.")] = False,
) -> None:
    """File every entry anew from its leaf: what is looked up by kind, decision or run. The entries stay as they are."""
    if not (folder / "log.db").exists():
        _open(folder).close()
    wrong = refile(folder)
    if json:
        typer.echo(to_json({"folder": str(folder), "mended": wrong}))
    said = (
        f"{words.plural(wrong, 'entry was', 'entries were')} filed otherwise than its leaf says; mended."
        if wrong
        else "Every entry was filed as its leaf says."
    )
    Console(quiet=json).parts([("✓ ", "proven"), (said, "strong")])
