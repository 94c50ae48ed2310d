"""Signed heads of a log (C2SP tlog-checkpoint)."""

from __future__ import annotations

import base64
import re

import msgspec

from airworthy.ledger.merkle import HASH
from airworthy.ledger.note import NoteInvalid, SigningKey, VerifierKey, open_note, unbase64

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}\Z", re.ASCII)


class Checkpoint(msgspec.Struct, frozen=True):
    """What a log says about itself: its name, how many leaves it has, the root over them."""

    origin: str
    size: int
    root: bytes

    def signed(self, key: SigningKey) -> str:
        """As a signed note."""
        return key.sign(f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n")


def open_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a note that `key` signed for the log of the same name. Raises NoteInvalid."""
    lines = open_note(note, key).split("\n")
    if len(lines) < 4 or "" in lines[:-1] or not _SIZE.fullmatch(lines[1]):
        raise NoteInvalid("the note is not a checkpoint: a name, a size, a root")
    checkpoint = Checkpoint(lines[0], int(lines[1]), unbase64(lines[2], "the root of the checkpoint"))
    if checkpoint.origin != key.name:
        raise NoteInvalid(f"the checkpoint is of {checkpoint.origin}, and the key of {key.name}")
    if len(checkpoint.root) != HASH:
        raise NoteInvalid("the root of the checkpoint is not 32 bytes long")
    return checkpoint
