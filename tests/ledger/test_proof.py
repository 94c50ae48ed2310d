"""Proof files of one entry."""

from __future__ import annotations

import pytest

from airworthy.ledger.checkpoint import Checkpoint
from airworthy.ledger.leaf import leaf_hash
from airworthy.ledger.merkle import node
from airworthy.ledger.note import NoteInvalid, SigningKey
from airworthy.ledger.proof import EntryProof

KEY = SigningKey("log.example/one", bytes(range(32)))
LEAVES = [b"a", b"b"]
HEAD = Checkpoint("log.example/one", 2, node(leaf_hash(b"a"), leaf_hash(b"b")))
PROOF = EntryProof(b"b", 1, (leaf_hash(b"a"),), HEAD.signed(KEY))


def test_a_proof_reads_back_and_verifies() -> None:
    assert EntryProof.parse(str(PROOF)) == PROOF
    assert PROOF.verify(KEY.verifier) == HEAD


def test_any_changed_character_of_a_proof_is_noticed() -> None:
    text = str(PROOF)
    for at in range(len(text)):
        changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        with pytest.raises(NoteInvalid):
            EntryProof.parse(changed).verify(KEY.verifier)


@pytest.mark.parametrize("text", ["", "\n\n", "c2sp.org/tlog-proof@v1\nindex 1\n\n", "c2sp.org/tlog-proof@v1\n\n\n"])
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        EntryProof.parse(text)
