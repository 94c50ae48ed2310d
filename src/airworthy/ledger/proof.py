"""`.tlog-proof`: one entry, its place and its proof in a text file of its own (C2SP tlog-proof).

The entry itself travels as the file's extra data, so that nothing else is needed to check it.
"""

from __future__ import annotations

import base64
import re

import msgspec

from airworthy.ledger.checkpoint import Checkpoint, open_checkpoint
from airworthy.ledger.leaf import leaf_hash
from airworthy.ledger.merkle import includes
from airworthy.ledger.note import NoteInvalid, VerifierKey, unbase64

_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)


class EntryProof(msgspec.Struct, frozen=True):
    """`hashes` lead from `leaf` at `index` to the root of the checkpoint in `note`."""

    leaf: bytes
    index: int
    hashes: tuple[bytes, ...]
    note: str

    def __str__(self) -> str:
        hashes = "".join(f"{base64.b64encode(h).decode()}\n" for h in self.hashes)
        extra = base64.b64encode(self.leaf).decode()
        return f"{_HEADER}\nextra {extra}\nindex {self.index}\n{hashes}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> EntryProof:
        """Reads what `str` gives. Raises NoteInvalid."""
        head, separator, note = text.partition("\n\n")
        lines = head.split("\n")
        if not separator or len(lines) < 3 or lines[0] != _HEADER or not lines[1].startswith("extra "):
            raise NoteInvalid("the file is not a proof of an entry")
        index = _INDEX.fullmatch(lines[2])
        if index is None:
            raise NoteInvalid("the proof does not say which entry it is about")
        hashes = tuple(unbase64(line, "a hash of the proof") for line in lines[3:])
        return cls(unbase64(lines[1].removeprefix("extra "), "the entry"), int(index[1]), hashes, note)

    def verify(self, key: VerifierKey) -> Checkpoint:
        """The checkpoint the entry is proven against. Raises NoteInvalid when anything does not hold."""
        checkpoint = open_checkpoint(self.note, key)
        if not includes(leaf_hash(self.leaf), self.index, checkpoint.size, self.hashes, checkpoint.root):
            raise NoteInvalid(f"entry {self.index} is not in the tree of the checkpoint")
        return checkpoint
