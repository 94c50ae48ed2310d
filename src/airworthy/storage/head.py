"""The next signed head of a log, only ever an extension of the last."""

from __future__ import annotations

from airworthy.base.errors import StoreDamaged
from airworthy.ledger.checkpoint import Checkpoint, open_checkpoint
from airworthy.ledger.merkle import consistency_proof, extends
from airworthy.ledger.note import SigningKey, VerifierKey
from airworthy.ledger.tile import Edge, ReadTile, node_reader
from airworthy.record.store import Head

BEHIND = "R006"


def sign(edge: Edge, last: Head | None, read: ReadTile, key: SigningKey) -> Head:
    """The head over everything in `edge`, or `last` when nothing was added. Raises StoreDamaged (R006)."""
    size, root = edge.size, edge.root()
    if last is not None:
        if (last.size, last.root) == (size, root):
            return last
        check_extends(last, size, root, read)
    note = Checkpoint(key.verifier.name, size, root).signed(key)
    return Head(key.verifier.name, size, root, note)


def check_extends(last: Head, size: int, root: bytes, read: ReadTile) -> None:
    """Nothing when the log of `size` entries begins with the one `last` signed, else StoreDamaged (R006)."""
    if last.size > size:
        raise StoreDamaged(
            f"the log has {size} entries, and a head of {last.size} was signed before",
            code=BEHIND,
            help="an older copy was put in its place; bring back the newest one, or open a new generation of the log",
        )
    if last.size == 0:
        return
    proof = consistency_proof(last.size, size, node_reader(size, read))
    if not extends(last.size, last.root, size, root, proof):
        raise StoreDamaged(
            f"the log's first {last.size} entries are not the ones that were signed",
            code=BEHIND,
            help="the log was rewritten; bring back the signed one, or open a new generation of the log",
        )


def read_head(note: str, key: VerifierKey) -> Head:
    """The head in a signed note. Raises NoteInvalid."""
    checkpoint = open_checkpoint(note, key)
    return Head(checkpoint.origin, checkpoint.size, checkpoint.root, note)
