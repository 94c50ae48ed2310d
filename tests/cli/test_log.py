"""`airworthy log`: what it finds sound, what it refuses, and how it publishes."""

from __future__ import annotations

import shutil

import apsw
import msgspec
import pytest

from airworthy.storage.sqlite import open_reader, open_store
from cli.typed import typed
from contract.samples import mixed


@pytest.fixture
def type_(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *words: typed(capsys, monkeypatch, *words)


@pytest.fixture
def data(tmp_path):
    """A folder that keeps a log of 300 entries, signed."""
    store = open_store(tmp_path / "data")
    store.append(mixed(300))
    store.close()
    return tmp_path / "data"


def key_of(folder):
    reader = open_reader(folder)
    try:
        return reader.verifier_key
    finally:
        reader.close()


def change(file, *statements):
    connection = apsw.Connection(str(file))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_a_live_log_is_held_against_the_key_that_was_given(data, type_):
    assert type_("log", "verify", data, "--key", key_of(data)).exit == 0
    for key in ("garbage", "", key_of(data)[:-1]):
        done = type_("log", "verify", data, "--key", key)
        assert done.exit == 1
        assert "the log's key is not the one you gave" in done.out


def test_entries_that_nothing_was_signed_for_are_never_sound(data, type_):
    (data / "lock.db").unlink()
    done = type_("log", "verify", data)
    assert (done.exit, "Nobody can judge" in done.out) == (3, True)
    assert msgspec.json.decode(type_("log", "verify", data, "--json").out)["sound"] is None


def test_a_log_without_entries_has_nothing_to_sign(tmp_path, type_):
    open_store(tmp_path / "data").close()
    assert type_("log", "verify", "data").exit == 0


def test_a_live_log_goes_on_from_a_checkpoint_someone_kept(data, type_, tmp_path):
    type_("log", "export", data, "--to", "early")
    older = tmp_path / "early" / "checkpoint"
    store = open_store(data)
    store.append(mixed(30))
    store.close()
    assert type_("log", "verify", data, "--older", older).exit == 0
    type_("log", "export", data, "--to", "late")
    assert type_("log", "verify", "late", "--key", key_of(data), "--older", older).exit == 0
    assert type_("log", "verify", "early", "--key", key_of(data), "--older", "late/checkpoint").exit == 1
    older.write_text(older.read_text().replace("300", "200"))
    assert type_("log", "verify", data, "--older", older).exit == 1
    assert type_("log", "verify", data, "--older", "absent").exit == 2


def test_a_log_is_never_published_into_its_own_folder(data, type_):
    done = type_("log", "export", data, "--to", data)
    assert (done.exit, done.err[:4]) == (2, "R013")
    assert not (data / "checkpoint").exists()
    assert not (data / "verify.py").exists()


def test_a_stranger_s_script_is_not_written_over(data, type_, tmp_path):
    (tmp_path / "verify.py").write_text("print('mine')")
    done = type_("log", "export", data, "--to", ".")
    assert (done.exit, done.err[:4]) == (2, "R013")
    assert (tmp_path / "verify.py").read_text() == "print('mine')"
    assert not (tmp_path / "tile").exists()


def test_what_was_published_beside_it_does_not_stand_for_a_live_log(data, type_):
    type_("log", "export", data, "--to", "out")
    shutil.copy("out/checkpoint", data / "checkpoint")
    change(data / "log.db", "UPDATE entry SET leaf = x'7b7d' WHERE seq = 3")
    assert type_("log", "verify", data, "--key", key_of(data)).exit == 1


def test_an_earlier_past_is_not_published_over_a_later_one(data, type_, tmp_path):
    shutil.copytree(data, tmp_path / "before")
    store = open_store(data)
    store.append(mixed(5))
    store.close()
    assert type_("log", "export", data, "--to", "out").exit == 0
    done = type_("log", "export", "before", "--to", "out")
    assert (done.exit, done.err[:4]) == (2, "R013")
    assert type_("log", "verify", "out", "--key", key_of(data)).exit == 0


def test_an_entry_that_cannot_be_read_is_said_to_be_damaged(data, type_):
    change(data / "log.db", "UPDATE entry SET leaf = x'ff7b' WHERE seq = 3")
    done = type_("log", "show", data)
    assert (done.exit, done.err[:4]) == (2, "R004")
    assert type_("log", "verify", data).exit == 1


def test_every_log_command_answers_in_json(data, type_):
    published = msgspec.json.decode(type_("log", "export", data, "--to", "out", "--json").out)
    assert (published["entries"], published["key"]) == (300, key_of(data))
    assert msgspec.json.decode(type_("log", "rebuild", data, "--json").out)["mended"] == 0
    assert msgspec.json.decode(type_("log", "verify", data, "--json").out)["sound"] is True
    for key, sound, exit in ((published["key"], True, 0), ("garbage", False, 1), (None, None, 3)):
        done = type_("log", "verify", "out", "--json", *(("--key", key) if key else ()))
        assert (done.exit, msgspec.json.decode(done.out)["sound"]) == (exit, sound)


def test_any_number_of_entries_may_be_asked_for(data, type_):
    done = type_("log", "show", data, "--most", "99999999999999999999", "--json")
    assert (done.exit, len(done.out.splitlines())) == (0, 300)
    assert type_("log", "show", data, "--first", "99999999999999999999").exit == 0
    assert type_("log", "show", data, "--seq", "99999999999999999999").exit == 2
