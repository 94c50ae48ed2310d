"""Observing records, and never interferes."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import textwrap
from contextlib import closing

import pytest

import airworthy
from airworthy.record import codec
from airworthy.record.observation import ObservationMade, TruthLearnt
from airworthy.sdk.notebook import MOST_WAITING, Notebook, Tally
from airworthy.storage.sqlite import open_reader, open_store


def records(folder):
    found = []
    for path in sorted(folder.glob("*/log.db")):
        with closing(open_reader(path.parent)) as reader:
            found += [
                (codec.record(one.leaf), reader.subject(codec.record(one.leaf).item.kref)) for one in reader.scan()
            ]
    return found


def test_what_the_function_gives_is_recorded_and_untouched(tmp_path):
    result = {"team": "a"}

    @airworthy.observe("n", subject=lambda text: text, score=lambda found: 0.25, folder=tmp_path)
    def triage(text: str) -> dict[str, str]:
        """Words."""
        return result

    assert triage("claim/1") is result
    assert (triage.__name__, triage.__doc__) == ("triage", "Words.")
    assert triage.observed.flush()
    ((made, subject),) = records(tmp_path)
    assert isinstance(made, ObservationMade)
    assert (made.use_case, made.score, subject) == ("n", 250_000, "claim/1")
    assert "team" not in codec.leaf(made).decode()


def test_async_functions_stay_async(tmp_path):
    @airworthy.observe("n", subject=str, folder=tmp_path)
    async def triage(n: int) -> int:
        await asyncio.sleep(0)
        return n

    assert inspect.iscoroutinefunction(triage)
    assert asyncio.run(triage(3)) == 3
    assert triage.observed.flush()
    assert len(records(tmp_path)) == 1


@pytest.mark.parametrize("error", [ValueError("model"), KeyboardInterrupt(), SystemExit(3)], ids=repr)
def test_what_the_function_raises_is_untouched_and_not_recorded(tmp_path, error):
    @airworthy.observe("n", subject=str, folder=tmp_path)
    def triage(n: int) -> int:
        raise error

    with pytest.raises(type(error)) as raised:
        triage(1)
    assert raised.value is error
    assert triage.observed.health().calls == 0


BROKEN = {
    "subject": {"subject": lambda n: 1 / 0},
    "score": {"subject": str, "score": lambda found: found["no"]},
    "score outside": {"subject": str, "score": lambda found: 7},
    "output": {"subject": str, "output": lambda found: object()},
    "item": {"subject": str, "item": lambda n: 1 / 0},
}


@pytest.mark.parametrize("ways", BROKEN.values(), ids=BROKEN)
def test_errors_of_ours_are_counted_and_never_raised(tmp_path, ways):
    triage = airworthy.observe("n", folder=tmp_path, **ways)(lambda n: n)
    atriage = airworthy.observe("n", folder=tmp_path, **ways)(awaited)
    assert triage(5) == 5
    assert asyncio.run(atriage(5)) == 5
    assert (triage.observed.health().failed, triage.observed.health().calls) == (1, 1)
    assert triage.observed.health().last


@pytest.mark.parametrize("part", BROKEN)
def test_the_first_failure_of_a_kind_says_which_part_it_was(tmp_path, caplog, part):
    triage = airworthy.observe("n", folder=tmp_path, **BROKEN[part])(lambda n: n)
    for _ in range(3):
        triage(5)
    (said,) = caplog.messages
    assert f"observing `n`: its {part.split()[0]} failed, with {triage.observed.health().last}" in said
    assert triage.observed.health().failed == 3


@pytest.mark.parametrize("score", [float("nan"), 7, "high", None], ids=str)
def test_a_score_that_is_none_does_not_cost_the_record(tmp_path, score):
    triage = airworthy.observe("n", subject=str, score=lambda found: score, folder=tmp_path)(lambda n: n)
    triage(5)
    assert triage.observed.flush()
    ((made, _),) = records(tmp_path)
    health = triage.observed.health()
    assert (made.score, health.recorded, health.failed) == (None, 1, int(score is not None))


def test_an_item_that_cannot_be_written_is_not_taken_for_the_output(tmp_path, caplog):
    triage = airworthy.observe("n", subject=str, item=lambda n: {"sum": float("nan")}, folder=tmp_path)(lambda n: n)
    triage(5)
    assert "its item failed" in caplog.text


async def awaited(n):
    return n


def test_what_the_function_changes_in_its_arguments_is_recorded_as_it_was_given(tmp_path):
    @airworthy.observe("n", subject=lambda claim: claim["id"], item=lambda claim: claim, folder=tmp_path)
    def triage(claim: dict[str, str]) -> str:
        claim["id"] = "changed"
        return "ok"

    triage({"id": "claim/1"})
    assert triage.observed.flush()
    ((_, subject),) = records(tmp_path)
    assert subject == "claim/1"


def test_a_folder_that_cannot_be_written_fails_and_is_only_counted(tmp_path):
    (tmp_path / "folder").write_text("in the way")
    triage = airworthy.observe("n", subject=str, folder=tmp_path / "folder")(lambda n: n)
    assert triage(1) == 1
    triage.observed.flush()
    assert triage.observed.health().failed == 1


def test_truths_may_be_learnt_without_the_function(tmp_path):
    airworthy.learnt("n", "claim/1", {"team": "b"}, folder=tmp_path)
    airworthy.learnt("n", "claim/1", object(), folder=tmp_path)  # cannot be written, and says nothing
    triage = airworthy.observe("n", subject=str, folder=tmp_path)(lambda n: n)
    assert triage.observed.flush()
    ((truth, subject),) = records(tmp_path)
    assert isinstance(truth, TruthLearnt)
    assert subject == "claim/1"


def test_two_processes_observe_into_one_folder(tmp_path):
    with closing(open_store(tmp_path / "1")):
        triage = airworthy.observe("n", subject=str, folder=tmp_path)(lambda n: n)
        triage(1)
        assert triage.observed.flush()
    assert (tmp_path / "2" / "log.db").exists()
    assert len(records(tmp_path)) == 1


def test_a_full_queue_drops_and_counts_and_does_not_wait(tmp_path):
    tally = Tally()
    book = Notebook(tmp_path)
    book._start = lambda: None  # nobody writes: the queue fills
    for _ in range(MOST_WAITING + 3):
        book.put(None, tally)
    assert tally.health().dropped == 3


def test_what_was_seen_is_written_when_the_process_ends(tmp_path):
    script = f"""
        import airworthy
        triage = airworthy.observe("n", subject=str, folder={str(tmp_path)!r})(lambda n: n)
        for n in range(50):
            triage(n)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)
    assert len(records(tmp_path)) == 50


def test_each_use_of_a_method_keeps_its_self(tmp_path):
    class Model:
        @airworthy.observe("n", subject=lambda self, n: str(n), folder=tmp_path)
        def triage(self, n):
            return (self, n)

    model = Model()
    assert model.triage(3) == (model, 3)
    assert Model.triage.observed.health().calls == 1
