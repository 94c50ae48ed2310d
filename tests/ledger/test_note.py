"""Signed notes, keys, checkpoints: what is accepted, and each way it can be wrong."""

from __future__ import annotations

import pytest

from airworthy.ledger.checkpoint import Checkpoint, open_checkpoint
from airworthy.ledger.note import NoteInvalid, SigningKey, VerifierKey, open_note

KEY = SigningKey("log.example/one", bytes(range(32)))
OTHER = SigningKey("log.example/two", bytes(32))
HEAD = Checkpoint("log.example/one", 3, b"r" * 32)


def test_a_signed_text_opens_to_itself() -> None:
    assert open_note(KEY.sign("hello\n\nworld\n"), KEY.verifier) == "hello\n\nworld\n"


def test_keys_survive_as_text() -> None:
    assert VerifierKey.parse(str(KEY.verifier)) == KEY.verifier
    assert SigningKey.parse(KEY.secret()).verifier == KEY.verifier


def test_signatures_of_others_are_passed_over() -> None:
    note = OTHER.sign("hello\n") + KEY.sign("hello\n").rpartition("\n\n")[2]
    assert open_note(note, KEY.verifier) == open_note(note, OTHER.verifier) == "hello\n"


def test_a_checkpoint_opens_to_what_was_signed() -> None:
    assert open_checkpoint(HEAD.signed(KEY), KEY.verifier) == HEAD


def test_a_checkpoint_may_carry_lines_of_its_own() -> None:
    note = KEY.sign(HEAD.signed(KEY).partition("\n\n")[0] + "\nmore\n")
    assert open_checkpoint(note, KEY.verifier) == HEAD


def test_any_changed_character_of_a_note_is_noticed() -> None:
    note = HEAD.signed(KEY)
    for at in range(len(note)):
        changed = note[:at] + ("A" if note[at] != "A" else "B") + note[at + 1 :]
        with pytest.raises(NoteInvalid):
            open_checkpoint(changed, KEY.verifier)


@pytest.mark.parametrize(
    "note",
    ["", "\n\n", "text\n", "text\n\n", "text\n\nnot a signature\n", "text\n\n— name !!!!\n", "a\tb\n\n— n AAAAAAAA\n"],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(NoteInvalid):
        open_note(note, KEY.verifier)


@pytest.mark.parametrize(
    "body",
    [
        "log.example/one\n3\n",
        "log.example/one\n03\ncnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=\n",
        "log.example/one\n-3\ncnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=\n",
        "log.example/one\n\u0663\ncnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=\n",
        "log.example/one\n3\ncnI=\n",
        "log.example/one\n3\n????\n",
        "log.example/two\n3\ncnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_of_this_log_is_refused(body: str) -> None:
    with pytest.raises(NoteInvalid):
        open_checkpoint(KEY.sign(body), KEY.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000+AAAA",
        str(KEY.verifier).replace("log.example/one", "log.example/two"),
        str(KEY.verifier)[:-1],
        str(KEY.verifier).replace("one", "o ne"),
    ],
)
def test_a_malformed_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        VerifierKey.parse(text)


@pytest.mark.parametrize("text", ["", "PRIVATE+KEY+a+b", KEY.secret()[:-4], KEY.secret().replace("one", "two")])
def test_a_malformed_signing_key_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        SigningKey.parse(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b"])
def test_some_names_cannot_name_a_key(name: str) -> None:
    with pytest.raises(NoteInvalid):
        SigningKey(name, bytes(32))
