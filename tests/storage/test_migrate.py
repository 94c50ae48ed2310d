"""Logs of earlier formats: opened, read, brought up to date, gone on with."""

from __future__ import annotations

import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from airworthy.base.errors import StoreError
from airworthy.record import codec
from airworthy.storage.database import open_for_writing
from airworthy.storage.fsck import fsck
from airworthy.storage.migrate import FORMAT, migrate
from airworthy.storage.rebuild import rebuild
from airworthy.storage.sqlite import open_reader, open_store
from contract.samples import mixed

FORMATS = Path(__file__).parent / "formats"
OLDER = sorted(int(file.name.partition(".")[0]) for file in FORMATS.glob("*.tar.gz"))


@pytest.fixture(params=OLDER)
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    with tarfile.open(FORMATS / f"{request.param}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    for file in tmp_path.iterdir():
        file.chmod(0o600)
    return tmp_path


def test_every_format_before_this_one_is_kept_and_tried():
    assert list(range(1, FORMAT)) == [one for one in OLDER if one < FORMAT]


def test_an_older_log_can_be_read_and_checked_without_changing_it(older):
    before = (older / "log.db").read_bytes()
    with closing(open_reader(older)) as reader:
        assert reader.size() == 46
        assert all(codec.record(stored.leaf).use_case == "triage" for stored in reader.scan())
        assert reader.decided("triage.route", "INC-canary-0", 1) is None
        assert fsck(reader) == ()
    assert (older / "log.db").read_bytes() == before


def test_opening_an_older_log_to_write_keeps_every_byte_of_its_entries(older):
    with closing(open_reader(older)) as reader:
        leaves, head = [stored.leaf for stored in reader.scan()], reader.head()
        contents = [reader.content(seq, "input") for seq in range(0, 46, 2)]
    with closing(open_store(older)) as store:
        assert [stored.leaf for stored in store.scan()] == leaves
        assert [store.content(seq, "input") for seq in range(0, 46, 2)] == contents
        store.append(mixed(4, 46))
        assert store.checkpoint().size == 50 > head.size
        assert fsck(store) == ()
    assert rebuild(older) == 0
    with closing(open_for_writing(older / "log.db")) as log:
        assert log.one("format") == FORMAT


def test_bringing_it_up_to_date_twice_changes_nothing(older):
    assert migrate(older / "log.db") < FORMAT
    assert migrate(older / "log.db") == FORMAT


def test_a_log_of_a_later_format_is_refused_untouched(older):
    with closing(open_for_writing(older / "log.db")) as log, log.transaction() as writer:
        writer.many("set_format", [(FORMAT + 1,)])
    before = (older / "log.db").read_bytes()
    with pytest.raises(StoreError, match="format") as refused:
        open_store(older)
    assert refused.value.diagnostics[0].code == "R014"
    with pytest.raises(StoreError):
        open_reader(older)
    assert (older / "log.db").read_bytes() == before
