"""`airworthy log verify|show|export`: the log, checked, read, and published for strangers."""

from __future__ import annotations

import shutil
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from airworthy.base.clock import iso
from airworthy.base.errors import StoreError
from airworthy.cli.backtest import DATA
from airworthy.cli.console import Console, progress
from airworthy.page import words
from airworthy.proof import verify as verifier
from airworthy.record.codec import record
from airworthy.record.envelope import kind
from airworthy.record.store import Erased
from airworthy.storage.fsck import fsck
from airworthy.storage.publish import export as publish
from airworthy.storage.reader import SqliteReader
from airworthy.storage.rebuild import rebuild as refile
from airworthy.storage.sqlite import open_reader

OK, BAD = 0, 1
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
        str | None, typer.Option(metavar="KEY", help="For a published log: the verifier key you were given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The result as JSON on standard output.")] = False,
) -> None:
    """Recompute everything: entries, tiles, root, signed head, sealed content.

    Exit 0 sound, 1 damaged, 2 wrong use, 3 cannot judge.
    """
    if (folder / "checkpoint").exists():
        raise typer.Exit(verifier.main([str(folder), *(["--key", key] if key else [])]))
    console = Console(quiet=json)
    reader = _open(folder)
    try:
        with progress(console, "recomputing every byte"):
            found = fsck(reader)
        head, size, origin = reader.head(), reader.size(), reader.origin
    finally:
        reader.close()
    if json:
        signed = {"size": head.size, "root": head.root.hex()} if head else None
        typer.echo(
            msgspec.json.encode(
                {"origin": origin, "entries": size, "signed": signed, "damage": [str(one) for one in found]}
            )
        )
        raise typer.Exit(BAD if found else OK)
    for one in found[:MOST_DAMAGE]:
        console.parts([("✕ ", "refuted"), (str(one), "")])
    if len(found) > MOST_DAMAGE:
        console.line(f"  and {words.count(len(found) - MOST_DAMAGE)} more", "quiet")
    said = (
        f"The log is damaged in {words.plural(len(found), 'place')}."
        if found
        else f"The log is sound: {words.plural(size, 'entry', 'entries')}, every byte recomputed."
    )
    console.parts([("✕ " if found else "✓ ", "refuted" if found else "proven"), (said, "strong")])
    console.line(f"log        {origin}", "quiet")
    if head:
        console.line(f"signed     size {words.count(head.size)}, root {head.root.hex()}", "quiet")
        console.line(f"not yet    {words.plural(size - head.size, 'entry', 'entries')} after the signed head", "quiet")
    else:
        console.line("signed     nothing yet", "undecided")
    raise typer.Exit(BAD if found else OK)


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
        entries = list(islice(reader.scan(first, kinds=kind_ or None), most))
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
    wanted = ("route", "told", "segment", "label", "loss", "threshold", "labels", "errors", "items", "stage")
    return " ".join(f"{name}={found[name]}" for name in wanted if found.get(name) is not None)


def _show_one(console: Console, reader: SqliteReader, seq: int, json: bool) -> None:
    stored = next(iter(reader.scan(seq, seq + 1)), None)
    if stored is None:
        raise StoreError(f"the log has no entry {seq:,}", code="R002", help=f"it has {reader.size():,}, counted from 0")
    leaf = msgspec.json.decode(stored.leaf)
    content = {ref["purpose"]: reader.content(seq, ref["purpose"]) for ref in leaf["payloads"]}
    opened = {name: None if isinstance(body, Erased) else msgspec.json.decode(body) for name, body in content.items()}
    if json:
        typer.echo(msgspec.json.encode({"seq": seq, "leaf": leaf, "content": opened}))
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
) -> None:
    """Publish the log as static files that strangers' tools read (tlog-tiles), with the verifier beside it."""
    console = Console()
    reader = _open(folder)
    try:
        head = publish(reader, to)
        key = reader.verifier_key
    finally:
        reader.close()
    shutil.copyfile(verifier.__file__, to / "verify.py")
    console.line(f"published  {words.plural(head.size, 'entry', 'entries')}, root {head.root.hex()}")
    console.line(f"key        {key}")
    console.wrapped("Give the key to whoever shall verify, by another way than this folder.", style="quiet")
    console.next(f"python {to / 'verify.py'} {to} --key '{key}'")


@app.command()
def rebuild(folder: _Folder = Path(DATA)) -> None:
    """File every entry anew from its leaf: what is looked up by kind, decision or run. The entries stay as they are."""
    if not (folder / "log.db").exists():
        _open(folder).close()
    wrong = refile(folder)
    said = (
        f"{words.plural(wrong, 'entry was', 'entries were')} filed otherwise than its leaf says; mended."
        if wrong
        else "Every entry was filed as its leaf says."
    )
    Console().parts([("✓ ", "proven"), (said, "strong")])
