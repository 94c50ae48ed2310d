"""Bad input: a code, its place, help and exit 2; never a traceback, never a half-written store."""

# ruff: noqa: E501  # one case a line reads best
from __future__ import annotations

import shutil

import msgspec
import pytest

from airworthy.storage.sqlite import open_reader, open_store
from cli.typed import typed
from service.worlds import CHARTER, PILOT, rows, world

WHOLE = CHARTER + PILOT


def cut(text, line):
    assert line in text
    return text.replace(line, "")


def swap(text, old, new):
    assert old in text
    return text.replace(old, new)


FEW = list(rows(60))
NO_TRUTH = [one | {"truth": ""} for one in FEW]
BAD_DATE = [*FEW[:30], FEW[30] | {"opened_at": "31st of February"}, *FEW[31:]]
BAD_CLOSE = [*FEW[:30], FEW[30] | {"closed_at": "soon"}, *FEW[31:]]
PERCENT = [one | {"score": "87.5"} for one in FEW]
WORDS = [one | {"score": "quite sure"} for one in FEW]

# name: (charter, rows, file beside it, code, where it points)
BACKTESTS = {
    "a column the log does not have": (swap(WHOLE, "truth: {column: truth}", "truth: {column: thruth}"), FEW, "L003", "charter.yaml:"),
    "a feature the log does not have": (swap(WHOLE, "features: [kind, size]", "features: [kind, sise]"), FEW, "L003", "charter.yaml:"),
    "no log named": (swap(CHARTER[: CHARTER.index("log:\n")], "recorded: true", "object: json:dumps"), FEW, "L014", "charter.yaml"),
    "no log there": (swap(WHOLE, "path: log.csv", "path: lock.csv"), FEW, "L001", "lock.csv"),
    "no model named": (cut(WHOLE, 'model: {name: bayes, version: "1", provider: us, recorded: true}\n'), FEW, "L015", "charter.yaml"),
    "no such module": (swap(WHOLE, "recorded: true", "object: nowhere:model"), FEW, "L015", "charter.yaml:"),
    "no such object": (swap(WHOLE, "recorded: true", "object: json:model"), FEW, "L015", "charter.yaml:"),
    "an object that is no model": (swap(WHOLE, "recorded: true", "object: json:dumps"), FEW, "L015", "charter.yaml:"),
    "an object that cannot be called": (swap(WHOLE, "recorded: true", "object: math:pi"), FEW, "L015", "charter.yaml:"),
    "a module that breaks when imported": (swap(WHOLE, "recorded: true", "object: broken_when_read:model"), FEW, "L015", "charter.yaml:"),
    "a model that breaks when asked": (swap(CHARTER, "recorded: true", "object: broken_when_asked:Model") + PILOT.replace("[0.0, 0.5", "[0.3, 0.2"), FEW, "L015", "charter.yaml:"),
    "a module that leaves when imported": (swap(WHOLE, "recorded: true", "object: leaves_when_read:model"), FEW, "L015", "charter.yaml:"),
    "a model that leaves when asked": (swap(CHARTER, "recorded: true", "object: leaves_when_asked:Model") + PILOT.replace("[0.0, 0.5", "[0.3, 0.2"), FEW, "L015", "charter.yaml:"),
    "a model that answers in another shape": (swap(CHARTER, "recorded: true", "object: broken_shape:Model") + PILOT.replace("[0.0, 0.5", "[0.3, 0.2"), FEW, "L015", "charter.yaml:"),
    "a model that learns without a pilot": (swap(CHARTER, "recorded: true", "object: broken_shape:Learner"), FEW, "L013", "charter.yaml:"),
    "no recorded output": (cut(WHOLE, "  output: team\n"), FEW, "D039", "charter.yaml:"),
    "a date nobody can read": (WHOLE, BAD_DATE, "L012", "log.csv"),
    "an outcome's date nobody can read": (WHOLE, BAD_CLOSE, "L012", "log.csv"),
    "no truth at all": (WHOLE, NO_TRUTH, "L013", "log.csv"),
    "scores in percent": (WHOLE, PERCENT, "L011", "charter.yaml:"),
    "scores in words": (WHOLE, WORDS, "L010", "charter.yaml:"),
    "a pilot before the log": (swap(WHOLE, "until: 2026-01-19", "until: 2020-01-01"), FEW, "L013", "charter.yaml:"),
    "a pilot that holds nothing out": (swap(WHOLE, "[0.0, 0.5, 0.5]", "[0.0, 1.0, 0.0]"), FEW, "D041", "charter.yaml:49"),
    "a filter on a column that is not there": (swap(WHOLE, "at_most: {bad: 0}", "at_most: {worse: 0}"), FEW, "L003", "charter.yaml:"),
    "a charter with mistakes": (swap(WHOLE, "stage: shadow", "stage: shadows"), FEW, "D007", "charter.yaml:5"),
}  # fmt: skip
BESIDE = {
    "broken_when_read.py": "raise RuntimeError('no licence')\n",
    "broken_when_asked.py": (
        "class Model:\n    def fit(self, x, y):\n        self.classes_ = [0]\n        return self\n\n"
        "    def predict_proba(self, x):\n        raise ZeroDivisionError('one by nothing')\n"
    ),
    "leaves_when_read.py": "raise SystemExit(0)\n",
    "leaves_when_asked.py": (
        "import sys\n\n\nclass Model:\n    classes_ = ['a']\n\n    def predict_proba(self, x):\n        sys.exit()\n"
    ),
    "broken_shape.py": (
        "import numpy as np\n\n\nclass Model:\n    classes_ = ['a', 'b']\n\n"
        "    def predict_proba(self, x):\n        return np.ones((len(x), 3))\n\n\n"
        "class Learner:\n    def fit(self, x, y):\n        return self\n\n    def predict_proba(self, x):\n        return x\n"
    ),
}


@pytest.fixture
def type_(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *words: typed(capsys, monkeypatch, *words)


def refused(done, code, where=""):
    """Exit 2, the code first, a place and help; nothing that looks like our own failure."""
    assert done.exit == 2, done.out + done.err
    assert done.err.startswith(code), done.err
    assert where in done.err, done.err
    assert "help: " in done.err, done.err
    assert "Traceback" not in done.out + done.err


@pytest.mark.parametrize("name", BACKTESTS)
def test_a_backtest_refuses_and_records_nothing(name, type_, tmp_path):
    charter, made, code, where = BACKTESTS[name]
    world(tmp_path, made, charter=charter)
    for file, text in BESIDE.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    refused(type_("backtest", "charter.yaml"), code, where)
    data = tmp_path / ".airworthy"
    if (data / "log.db").exists():
        reader = open_reader(data)
        assert reader.size() == 0
        reader.close()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "L002"),
        (b"claim,opened_at,truth\n", "L002"),
        (b"\x00\x01\x02" * 50, "L0"),
        (b"PAR1 but not really PAR1", "L0"),
        (b"something;else\n1;2\n", "L003"),
    ],
)
def test_a_log_of_another_shape_is_refused(content, code, type_, tmp_path):
    world(tmp_path, FEW)
    (tmp_path / "log.csv").write_bytes(content)
    refused(type_("backtest", "charter.yaml"), code)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A folder in which a backtest has run."""
    folder = tmp_path_factory.mktemp("lived")
    world(folder, FEW, charter=CHARTER)
    return folder


@pytest.fixture
def ran(lived, tmp_path, type_):
    shutil.copytree(lived, tmp_path, dirs_exist_ok=True)
    assert type_("backtest", "charter.yaml").exit == 0
    return tmp_path / ".airworthy"


@pytest.mark.parametrize("command", [("prove", "charter.yaml"), ("log", "verify"), ("log", "show"), ("log", "export")])
def test_without_a_store_the_next_command_is_named(command, type_, tmp_path):
    world(tmp_path, FEW)
    refused(type_(*command), "R002", ".airworthy")
    assert not (tmp_path / ".airworthy").exists()
    assert not (tmp_path / "published").exists()


@pytest.mark.parametrize("command", [("prove",), ("backtest",), ("plan", "--per-week", "10")])
def test_a_charter_that_is_not_there_is_refused(command, type_):
    done = type_(*command, "none.yaml")
    assert (done.exit, done.err.split()[0]) == (2, "D001")


def test_a_store_another_process_holds_is_refused(ran, type_):
    store = open_store(ran)
    try:
        refused(type_("backtest", "charter.yaml"), "R003")
        assert type_("prove", "charter.yaml").exit in (1, 3)
    finally:
        store.close()


@pytest.mark.parametrize("part", ["log.db", "keys.db", "lock.db"])
@pytest.mark.parametrize("command", ["backtest", "prove"])
def test_a_damaged_store_is_refused(part, command, ran, type_):
    (ran / part).write_bytes(b"not a database at all" * 400)
    done = type_(command, "charter.yaml")
    assert (done.exit, done.err[:2]) == (2, "R0")
    assert "Traceback" not in done.err


def test_a_folder_that_is_a_file_is_refused(type_, tmp_path):
    world(tmp_path, FEW, charter=CHARTER)
    (tmp_path / ".airworthy").write_text("mine")
    done = type_("backtest", "charter.yaml")
    assert (done.exit, done.err[:2]) == (2, "R0")


def test_an_entry_the_log_does_not_have_is_refused(ran, type_):
    refused(type_("log", "show", "--seq", "99999"), "R002")


def test_a_proof_that_cannot_be_written_is_refused(ran, type_):
    done = type_("prove", "charter.yaml", "--html", "no/such/folder/proof.html")
    assert done.exit == 2
    assert "Traceback" not in done.err


def test_another_log_can_be_named_on_the_command_line(type_, tmp_path):
    world(tmp_path, FEW, charter=CHARTER)
    shutil.move("log.csv", "other.csv")
    refused(type_("backtest", "charter.yaml"), "L001", "log.csv")
    assert type_("backtest", "charter.yaml", "--log", "other.csv").exit == 0


@pytest.mark.parametrize(
    "words", [("plan", "charter.yaml", "--per-week", "0"), ("prove", "charter.yaml", "--for", "moon"), ("nothing",)]
)
def test_wrong_use_ends_with_2(words, type_, tmp_path):
    world(tmp_path, FEW)
    assert type_(*words).exit == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("log.csv", "--output", "team", "--truth", "truth", "--item", "nobody"), "L013"),
        (("log.csv", "--output", "", "--loss", ""), "U002"),
        (("log.csv", "--output", "team", "--truth", ""), "L009"),
        ((".", "--output", "team", "--truth", "truth"), "L001"),
        (("/", "--output", "team", "--truth", "truth"), "L001"),
        ((".",), "L001"),
    ],
)
def test_a_first_look_at_what_cannot_be_looked_at_is_refused(words, code, type_, tmp_path):
    world(tmp_path, [one | {"nobody": ""} for one in FEW])
    refused(type_("try", *words), code)
    done = type_("try", *words, "--json")
    assert (done.exit, done.err, msgspec.json.decode(done.out)["error"][0]["code"]) == (2, "", code)
