"""What is kept stays kept: through crashes, torn and damaged files, full disks and several processes."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from airworthy.client import segment
from airworthy.client.health import Tally
from airworthy.client.segment import Segment, is_being_written, line, read
from airworthy.client.spool import Spool
from client.kept import entry


@pytest.fixture
def tally():
    return Tally()


@pytest.fixture
def spool(tmp_path, tally):
    spool = Spool(tmp_path / "spool", tally)
    yield spool
    spool.close()


def entries_in(folder: Path) -> list[str]:
    return [one.id for path in sorted(folder.glob("*.segment")) for one in read(path).entries]


def test_what_is_kept_is_in_a_file_when_the_caller_is_told(spool):
    assert spool.keep([entry(1), entry(2)]).result(5) is True
    assert entries_in(spool.folder) == ["e00001", "e00002"]
    assert spool.holds("e00001")
    assert spool.waiting == 2


def test_a_segment_handed_over_while_others_are_counted_loses_nothing(spool, tally):
    spool.folder.mkdir()
    (spool.folder / "0.1.segment").symlink_to("gone")  # as a name that was listed and is no longer there
    assert spool.keep([entry(1)]).result(5) is True
    assert tally.health(waiting=0).lost == 0


def test_an_entry_reads_back_as_it_was(spool):
    spool.keep([entry(7)]).result(5)
    (path,) = spool.sealed()
    assert read(path).entries == (entry(7),)


def test_files_are_for_their_owner_alone(spool):
    spool.keep([entry(1)]).result(5)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in spool.folder.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700


def test_many_callers_share_few_flushes(spool, monkeypatch):
    flushes = []
    flush = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda file: (flushes.append(file), flush(file))[1])
    with ThreadPoolExecutor(32) as pool:
        kept = list(pool.map(lambda n: spool.keep([entry(n)]).result(10), range(400)))
    assert all(kept)
    assert len(flushes) < 400
    assert sorted(entries_in(spool.folder)) == [entry(n).id for n in range(400)]


def test_a_line_cut_short_is_left_out_and_the_rest_is_kept(tmp_path):
    path = tmp_path / "one.segment"
    whole = line(entry(1)) + line(entry(2))
    for cut in range(len(line(entry(1))), len(whole)):
        path.write_bytes(whole[:cut])
        found = read(path)
        assert [one.id for one in found.entries] == (["e00001", "e00002"] if cut == len(whole) - 1 else ["e00001"])
        assert found.corrupt == ()
        assert found.torn == (len(line(entry(1))) < cut < len(whole) - 1)


def test_any_byte_that_changed_is_noticed(tmp_path):
    path = tmp_path / "one.segment"
    whole = line(entry(1))
    for at in range(len(whole) - 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :] + line(entry(2)))
        found = read(path)
        assert "e00002" in [one.id for one in found.entries]
        assert "e00001" not in [one.id for one in found.entries] or found.entries[0] == entry(1)


def test_a_full_spool_says_that_it_lost_and_takes_again_once_there_is_room(tmp_path, tally):
    spool = Spool(tmp_path / "spool", tally, most_bytes=2 * len(line(entry(1))))
    assert [spool.keep([entry(n)]).result(5) for n in range(3)] == [True, True, False]
    assert tally.health(waiting=spool.waiting).lost == 1
    assert spool.waiting == 2
    spool.sealed()[0].unlink()
    assert spool.keep([entry(4)]).result(5) is True
    spool.close()


def test_a_folder_that_cannot_be_made_loses_and_says_so(tmp_path, tally):
    (tmp_path / "spool").write_text("a file in the way")
    spool = Spool(tmp_path / "spool", tally)
    assert spool.keep([entry(1)]).result(5) is False
    assert tally.health(waiting=0).lost == 1
    spool.close()


def test_a_file_whose_flush_failed_is_never_flushed_again(spool, monkeypatch):
    flush, failed = os.fdatasync, []

    def once(file):
        if not failed:
            failed.append(os.readlink(f"/proc/self/fd/{file}"))
            raise OSError(5, "Input/output error")
        assert os.readlink(f"/proc/self/fd/{file}") not in failed
        flush(file)

    monkeypatch.setattr(os, "fdatasync", once)
    assert spool.keep([entry(1)]).result(5) is True
    assert spool.keep([entry(2)]).result(5) is True
    assert {"e00001", "e00002"} <= set(entries_in(spool.folder))
    assert len(list(spool.folder.glob("*.segment"))) == 2


def test_a_segment_grows_only_so_far(tmp_path, tally, monkeypatch):
    monkeypatch.setattr("airworthy.client.spool.SEGMENT_BYTES", 3 * len(line(entry(1))))
    spool = Spool(tmp_path / "spool", tally)
    for n in range(7):
        spool.keep([entry(n)]).result(5)
    assert len(list(spool.folder.glob("*.segment"))) == 3
    assert entries_in(spool.folder) == [entry(n).id for n in range(7)]
    spool.close()


def test_a_segment_is_not_taken_from_a_living_process(tmp_path):
    held = Segment(tmp_path / "one.segment")
    assert is_being_written(held.path)
    held.close()
    assert not is_being_written(held.path)


def test_closing_keeps_what_was_queued_and_a_later_entry_starts_anew(spool):
    futures = [spool.keep([entry(n)]) for n in range(50)]
    spool.close()
    spool.close()
    assert all(future.done() and future.result() for future in futures)
    assert spool.keep([entry(99)]).result(5) is True
    assert len(entries_in(spool.folder)) == 51


WRITER = """
    import sys, threading
    from pathlib import Path
    from airworthy.client.health import Tally
    from airworthy.client.spool import Spool
    from client.kept import entry
    spool = Spool(Path(sys.argv[1]), Tally())
    def run(start):
        for n in range(start, start + 100_000):
            if spool.keep([entry(n)]).result():
                with lock:
                    print(f"e{n:05d}", flush=True)
    lock = threading.Lock()
    for i in range(4):
        threading.Thread(target=run, args=(i * 100_000,)).start()
"""


def killed_after(folder: Path, lines: int) -> list[str]:
    """The ids a writer was told are durable before it was killed."""
    tests = Path(__file__).parents[1]
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(folder)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(tests)},
    )  # fmt: skip
    told = [writer.stdout.readline().strip() for _ in range(lines)]
    writer.send_signal(signal.SIGKILL)
    told += writer.communicate()[0].split()
    return [one for one in told if len(one) >= 6]


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path):
    for lines in (1, 40):
        told = killed_after(tmp_path / "spool", lines)
        assert set(told) <= set(entries_in(tmp_path / "spool"))


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_in_thirty_kills(tmp_path):
    told = [one for n in range(30) for one in killed_after(tmp_path / f"spool{n}", 1 + 17 * n)]
    kept = {one for n in range(30) for one in entries_in(tmp_path / f"spool{n}")}
    assert set(told) <= kept


def test_names_are_durable_too(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(segment, "sync_folder", synced.append)
    Segment(tmp_path / "one.segment").close()
    assert synced == [tmp_path]
