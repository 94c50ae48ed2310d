#!/usr/bin/env python3
"""Checks a published log, or the proof of one entry, without trusting the software that wrote it.

    python verify.py FOLDER --key VERIFIER_KEY             a log in the tlog-tiles layout
    python verify.py FOLDER --key ... --older CHECKPOINT   also that it goes on from a checkpoint you kept
    python verify.py FILE.tlog-proof --key VERIFIER_KEY    one entry and its proof

This one file needs Python and the `cryptography` package, and nothing else. It ends with

    0  everything holds, judged with the key you gave
    1  something does not hold: it says what
    2  it was called wrongly
    3  it cannot judge: a file is missing, or no key was given, so the key found beside the log was used

What it does NOT show: that every entry that should have been written was written, and that you are looking at the same
log as everyone else. Compare the printed root with one that was published elsewhere at the same size.

Formats: C2SP signed-note, tlog-checkpoint, tlog-tiles, tlog-proof; hashing as in RFC 6962.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

OK, BAD, USAGE, CANNOT_JUDGE = 0, 1, 2, 3
SAID = {OK: "ok", BAD: "BAD", CANNOT_JUDGE: "cannot judge"}

WIDTH = 256  # hashes in a full tile, entries in a full bundle
LARGEST_FILE = WIDTH * (2 + 65_535)  # bytes of the longest bundle; nothing longer is ever read
KEY_FILE = "verifier.key"
Key = tuple[str, bytes, bytes]  # name, id, public key
NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


class Bad(Exception):
    """Something does not hold."""


class CannotJudge(Exception):
    """Something needed is not there."""


# 1. The key: `name+id+base64(0x01 || 32 bytes)`, where id is the start of SHA-256 over name and key.


def parse_key(text: str) -> Key:
    """Name, id and public key. Raises Bad."""
    name, _, rest = text.strip().partition("+")
    stated, _, encoded = rest.partition("+")
    data = unbase64(encoded, "the verifier key")
    if not name or " " in name or not name.isprintable() or len(data) != 33 or data[0] != 1:
        raise Bad("the verifier key is not a named Ed25519 key")
    key_id = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if key_id.hex() != stated:
        raise Bad("the verifier key does not have the id it states")
    return name, key_id, data[1:]


# 2. The checkpoint: a name, a size, a root; then an empty line and signatures.


def open_checkpoint(note: str, key: Key) -> tuple[int, bytes]:
    """Size and root that `key` signed. Raises Bad."""
    body, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n") or not note.replace("\n", "").isprintable():
        raise Bad("the checkpoint is not a signed note")
    text = body + "\n"
    check_signature(text, signatures[:-1].split("\n"), key)
    lines = text.split("\n")
    if len(lines) < 4 or "" in lines[:-1] or lines[0] != key[0] or not NUMBER.fullmatch(lines[1]):
        raise Bad("the checkpoint does not state this log's name, a size and a root")
    root = unbase64(lines[2], "the root")
    if len(root) != 32:
        raise Bad("the root is not 32 bytes long")
    return int(lines[1]), root


def check_signature(text: str, lines: list[str], key: Key) -> None:
    """Nothing when one of the signature lines is the key's and holds; lines of other keys are passed over."""
    name, key_id, public = key
    found = False
    for line in lines:
        dash, _, rest = line.partition(" ")
        signer, _, encoded = rest.partition(" ")
        data = unbase64(encoded, "a signature")
        if dash != "—" or not signer or len(data) < 5:
            raise Bad("a signature line is malformed")
        if signer == name and data[:4] == key_id:
            check_ed25519(public, data[4:], text.encode())
            found = True
    if not found:
        raise Bad(f"the checkpoint is not signed by {name}+{key_id.hex()}")


def check_ed25519(public: bytes, signature: bytes, message: bytes) -> None:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise CannotJudge("the Python package `cryptography` is not installed") from None
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        raise Bad("the signature does not match the checkpoint") from None


# 3. The entries: bundles of 256, each entry after its length. Ours are JSON objects with a kind and a version.


def read_entries(folder: Path, size: int) -> Iterator[list[bytes]]:
    """All entries, bundle by bundle. Raises Bad or CannotJudge."""
    for index in range(-(-size // WIDTH)):
        width = min(WIDTH, size - index * WIDTH)
        data, is_whole = read_numbered(folder / "tile" / "entries", index, width)
        yield unbundle(data, index, width, may_go_on=is_whole)


def unbundle(data: bytes, index: int, width: int, *, may_go_on: bool) -> list[bytes]:
    entries: list[bytes] = []
    at = 0
    while at < len(data) and len(entries) < width:
        stop = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if stop > len(data) or at + 2 > len(data):
            raise Bad(f"entry {index * WIDTH + len(entries)} is cut short")
        entries.append(data[at + 2 : stop])
        at = stop
    if len(entries) != width or (at < len(data) and not may_go_on):
        raise Bad(f"bundle {index} does not hold exactly {width} entries")
    return entries


def check_form(entry: bytes, number: int) -> None:
    """Nothing when an entry is a JSON object without floats and repeated names, of a kind and a version."""
    try:
        value = json.loads(
            entry.decode("utf-8"), object_pairs_hook=unique, parse_float=no_float, parse_constant=no_float
        )
    except (ValueError, RecursionError) as error:
        raise Bad(f"entry {number} is not canonical JSON: {error}") from None
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str) or type(value.get("v")) is not int:
        raise Bad(f"entry {number} does not say its kind and version")


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name appears twice")
    return dict(pairs)


def no_float(text: str) -> NoReturn:
    raise ValueError(f"{text} is a float")


# 4. The tree: hashed again from the entries; the stored tiles must say the same.


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """Compact form of a growing tree: one root per complete subtree, largest first."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        self.size += 1
        count = self.size
        while count & 1 == 0:
            leaf, count = node_hash(self._peaks.pop(), leaf), count >> 1
        self._peaks.append(leaf)

    def root(self) -> bytes:
        result = b""
        for peak in reversed(self._peaks):
            result = node_hash(peak, result) if result else peak
        return result or hashlib.sha256(b"").digest()


class Tiles:
    """Compares stored tiles, level by level, with the hashes that arrive."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "tile"
        self._levels: list[list[bytes]] = []
        self._done: list[int] = []

    def add(self, hash_: bytes, level: int = 0) -> None:
        if level == len(self._levels):
            self._levels.append([])
            self._done.append(0)
        self._levels[level].append(hash_)
        if len(self._levels[level]) == WIDTH:
            self._compare(level)
            tree = Tree()
            for below in self._levels[level]:
                tree.add(below)
            self._levels[level] = []
            self._done[level] += 1
            self.add(tree.root(), level + 1)

    def finish(self) -> None:
        """Compares the partial tiles at the right edge."""
        for level, hashes in enumerate(self._levels):
            if hashes:
                self._compare(level)

    def _compare(self, level: int) -> None:
        hashes, index = self._levels[level], self._done[level]
        stored, is_whole = read_numbered(self._folder / str(level), index, len(hashes))
        if (stored[: len(hashes) * 32] if is_whole else stored) != b"".join(hashes):
            raise Bad(f"tile {level}/{index} does not hold the hashes of the entries below it")


# 5. Inclusion of one entry (RFC 9162, 2.1.3.2).


def check_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> None:
    """Nothing when `proof` leads from the leaf hash to the root, else Bad."""
    if not 0 <= index < size or any(len(h) != 32 for h in proof):
        raise Bad("the proof is malformed")
    at, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise Bad("the proof is longer than the tree is high")
        if at & 1 or at == last:
            result = node_hash(sibling, result)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        at, last = at >> 1, last >> 1
    if last or result != root:
        raise Bad(f"entry {index} is not in the tree that was signed")


def verify_proof(text: str, key: Key, *, opaque: bool) -> tuple[int, int, bytes]:
    """Index, size and root, after the proof of one entry was checked. Raises Bad or CannotJudge."""
    head, separator, note = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines[0] != "c2sp.org/tlog-proof@v1" or len(lines) < 2:
        raise Bad("the file is not a tlog-proof")
    if not lines[1].startswith("extra "):
        raise CannotJudge("the proof does not carry the entry it is about")
    entry = unbase64(lines[1][len("extra ") :], "the entry")
    index = lines[2][len("index ") :] if len(lines) > 2 and lines[2].startswith("index ") else ""
    if not NUMBER.fullmatch(index):
        raise Bad("the proof does not say which entry it is about")
    size, root = open_checkpoint(note, key)
    check_inclusion(leaf_hash(entry), int(index), size, [unbase64(line, "a hash") for line in lines[3:]], root)
    if not opaque:
        check_form(entry, int(index))
    return int(index), size, root


# 6. All of it together.


def verify_folder(folder: Path, key: Key, *, opaque: bool, older: Path | None) -> tuple[int, bytes]:
    """Size and root, after everything was checked. Raises Bad or CannotJudge."""
    size, root = open_checkpoint(read_text(folder / "checkpoint"), key)
    kept = open_checkpoint(read_text(older), key) if older else (0, Tree().root())
    if kept[0] > size:
        raise Bad(f"the log has {size} entries, and the older checkpoint covers {kept[0]}")
    tree, tiles = Tree(), Tiles(folder)
    check_older(tree, kept)
    for entries in read_entries(folder, size):
        for entry in entries:
            if not opaque:
                check_form(entry, tree.size)
            hash_ = leaf_hash(entry)
            tree.add(hash_)
            tiles.add(hash_)
            check_older(tree, kept)
    tiles.finish()
    if tree.root() != root:
        raise Bad(f"the {size} entries are not the ones that were signed")
    for proof in sorted(folder.glob("*.tlog-proof")):
        verify_proof(read_text(proof), key, opaque=opaque)
    return size, root


def check_older(tree: Tree, kept: tuple[int, bytes]) -> None:
    """Nothing unless the tree has just grown to the size of the older checkpoint and has another root."""
    if tree.size == kept[0] and tree.root() != kept[1]:
        raise Bad(f"the first {kept[0]} entries are not the ones the older checkpoint covers: the past was rewritten")


def read_numbered(folder: Path, index: int, width: int) -> tuple[bytes, bool]:
    """A tile or bundle, and whether it is a full one standing where a partial one of `width` was asked for."""
    digits = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        digits = f"x{index % 1000:03d}/{digits}"
    partial = folder / f"{digits}.p" / str(width)
    if width < WIDTH and partial.is_file():
        return read(partial), False
    return read(folder / digits), width < WIDTH


def read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise CannotJudge(f"{path} is missing")
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise CannotJudge(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > LARGEST_FILE:
        raise Bad(f"{path} is longer than such a file can be")
    return data


def read_text(path: Path) -> str:
    try:
        return read(path).decode("utf-8")
    except UnicodeDecodeError:
        raise Bad(f"{path} is not text") from None


def unbase64(text: str, what: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Bad(f"{what} is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Bad(f"{what} is not spelt the one way base64 allows")
    return data


def judge(path: Path, given: str | None, *, opaque: bool, older: Path | None) -> str:
    """What was found, in a sentence. Raises Bad or CannotJudge."""
    if not path.exists():
        raise CannotJudge(f"{path} is missing")
    if given is None and not path.is_dir():
        raise CannotJudge("the key of the log is needed: --key")
    key = parse_key(given if given is not None else read_text(path / KEY_FILE))
    if path.is_dir():
        size, root = verify_folder(path, key, opaque=opaque, older=older)
        found = f"{key[0]}: all {size} entries hold, root {base64.b64encode(root).decode()}"
        if given is not None and (path / KEY_FILE).exists() and read_text(path / KEY_FILE) != f"{given.strip()}\n":
            raise Bad(f"{KEY_FILE} beside the log is another key than the one you gave")
    elif older:
        raise CannotJudge("one entry does not show whether a log goes on from an older checkpoint: name its folder")
    else:
        index, size, root = verify_proof(read_text(path), key, opaque=opaque)
        found = f"{key[0]}: entry {index} of {size} holds, root {base64.b64encode(root).decode()}"
    if given is None:
        raise CannotJudge(f"{found}; but the key lay beside the log: get it from elsewhere and pass it with --key")
    return found


def outcome(path: Path, key: str | None, *, opaque: bool = False, older: Path | None = None) -> tuple[int, str]:
    """Exit code and sentence. Never raises: a defect here must never look like a pass."""
    try:
        return OK, judge(path, key, opaque=opaque, older=older)
    except Bad as bad:
        return BAD, shown(bad)
    except CannotJudge as cannot:
        return CANNOT_JUDGE, shown(cannot)
    except Exception as error:
        return CANNOT_JUDGE, shown(f"{type(error).__name__}: {error}")


def shown(said: object) -> str:
    """On one line, without what would move the cursor: files may be named by anybody."""
    return "".join(c if c.isprintable() else "?" for c in str(said))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Checks a published log or the proof of one entry.")
    parser.add_argument("path", type=Path, help="folder of a log, or a .tlog-proof file")
    parser.add_argument("--key", help="the log's verifier key, from somewhere you trust")
    parser.add_argument(
        "--older", type=Path, metavar="CHECKPOINT", help="a checkpoint of this log you kept from before"
    )
    parser.add_argument("--opaque", action="store_true", help="entries may be any bytes, not only our JSON")
    options = parser.parse_args(arguments)
    code, said = outcome(options.path, options.key, opaque=options.opaque, older=options.older)
    print(f"{SAID[code]}: {said}")
    return code


if __name__ == "__main__":
    sys.exit(main())
