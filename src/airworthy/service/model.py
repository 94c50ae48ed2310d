"""The model a charter names: found, built, fitted and asked, whatever kind it is."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import deepcopy
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from airworthy.base import canonical
from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.base.errors import BadInput
from airworthy.charter.model import Charter
from airworthy.data.work import Work
from airworthy.record.decision import Model

Rows = NDArray[np.int64]


class Answers(msgspec.Struct, frozen=True):
    """What the model said of some items: the output as text, and its own confidence in [0, 1], NaN where it gave none."""

    output: NDArray[np.object_]
    score: NDArray[np.float64]


class Predictor(Protocol):
    """A model that can be asked about items. `trains` says whether it learns from the items it is given."""

    trains: bool

    def answers(self, train: Rows, ask: Rows) -> Answers:
        """Learns from the items `train` (unless it does not learn) and answers for the items `ask`."""


class Recorded:
    """The log already holds the outputs."""

    trains = False

    def __init__(self, work: Work) -> None:
        assert work.output is not None
        self._output = np.array([*work.output.words, ""], object)[work.output.codes]
        self._score = np.full(len(work), np.nan) if work.score is None else work.score

    def answers(self, train: Rows, ask: Rows) -> Answers:
        return Answers(self._output[ask], self._score[ask])


class Estimator:
    """Anything with `predict_proba` and `classes_`, as scikit-learn has them; learns where it has `fit`.

    X is an object array of text, shape (items, features), '' where missing. Whatever the model's own code throws
    becomes BadInput, located at its name in the charter.
    """

    def __init__(self, charter: Charter, build: Any, work: Work) -> None:
        self._charter = charter
        self._build = build
        self._work = work
        self._truth = np.array([*work.truth.words, ""], object)[work.truth.codes]
        with _usable(charter):
            first = self._new()
        if not hasattr(first, "predict_proba"):
            raise _unusable(charter, f"{type(first).__name__} has no `predict_proba`")
        self.trains = hasattr(first, "fit") and not hasattr(first, "classes_")

    def answers(self, train: Rows, ask: Rows) -> Answers:
        with _usable(self._charter), _one_thread():
            estimator = self._new()
            if self.trains:
                estimator.fit(self._work.given[train], self._truth[train])
            chances = np.asarray(estimator.predict_proba(self._work.given[ask]), np.float64)
            classes = np.asarray(estimator.classes_, object)
        if chances.shape != (len(ask), len(classes)) or not np.isfinite(chances).all():
            said = f"it answered {chances.shape} chances for {len(ask)} items and {len(classes)} classes"
            raise _unusable(self._charter, said)
        best = chances.argmax(axis=1)
        score = np.clip(chances[np.arange(len(best)), best], 0.0, 1.0)
        return Answers(classes.astype(str).astype(object)[best], score)

    def _new(self) -> Any:
        ready = hasattr(self._build, "predict_proba") and not isinstance(self._build, type)
        return deepcopy(self._build) if ready else self._build()


def _one_thread() -> AbstractContextManager[Any]:
    """On a busy machine many small matrix products on many threads cost ten times the CPU of one thread."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    return cast(AbstractContextManager[Any], threadpool_limits(1))


def model_of(charter: Charter) -> Model | None:
    """The charter's model as records name it."""
    named = charter.model
    return None if named is None else Model(named.provider, named.name, named.version)


def code_digest(charter: Charter, folder: Path) -> str:
    """SHA-256 of the module file beside the charter that builds the model, '' when recorded or installed.

    A model whose code changed is another model, whatever version it states. What the module imports is not covered.
    """
    named = charter.model
    if named is None or named.recorded:
        return ""
    file = _file(folder, (named.object or "").partition(":")[0])
    return canonical.digest(file.read_bytes()) if file.is_file() else ""


def predictor(charter: Charter, work: Work, folder: Path) -> Predictor:
    """The predictor `charter` names. Raises BadInput, located, when it cannot be found or used."""
    model = charter.model
    if model is None:
        raise _refused(
            "the charter names no model", charter.place("model"), "add `model:` with `object:` or `recorded: true`"
        )
    if not model.recorded:
        with _usable(charter):
            build = _find(model.object or "", folder)
        return Estimator(charter, build, work)
    if work.output is None:
        help = "name the column of recorded outputs in `log.output`, or a model in `model.object`"
        raise _refused("the log holds no recorded outputs", charter.place("log"), help)
    _require_scores(charter, work)
    return Recorded(work)


def _require_scores(charter: Charter, work: Work) -> None:
    """Raises BadInput, located at the column's name, where recorded scores are no numbers from 0 to 1."""
    if work.score is None or charter.log is None or charter.log.score is None:
        return
    found = [
        Diagnostic("L010", f"the score `{word}` is not a number", charter.place("log", "score"), "a score is 0 to 1")
        for word in work.items[charter.log.score].unreadable_numbers()[:3]
    ]
    outside = np.flatnonzero((work.score < 0) | (work.score > 1))
    if len(outside):
        sentence = (
            f"the score of item `{work.subject.text(int(outside[0]))}` is {work.score[outside[0]]:g}, outside 0 to 1"
        )
        help = f"{len(outside):,} of {len(work):,} items lie outside; where it is percent, divide the column by 100"
        found.append(Diagnostic("L011", sentence, charter.place("log", "score"), help))
    if found:
        raise BadInput(found)


@contextmanager
def _usable(charter: Charter) -> Iterator[None]:
    try:
        yield
    except (Exception, SystemExit) as error:  # somebody else's code: it may raise anything, and leave
        first, *_ = str(error).splitlines() or [""]
        raise _unusable(charter, f"{type(error).__name__}: {first}".removesuffix(": ")) from error


def _unusable(charter: Charter, said: str) -> BadInput:
    name = charter.model.object if charter.model else None
    help = "write `module:object`: beside the charter or installed, building something with `predict_proba`"
    return _refused(f"model `{name}` cannot be used: {said}", charter.place("model", "object"), help)


def _refused(sentence: str, place: Place, help: str) -> BadInput:
    return BadInput([Diagnostic("L015", sentence, place, help)])


def _find(name: str, folder: Path) -> Any:
    module, _, attribute = name.partition(":")
    found: Any = _beside(folder, module) or importlib.import_module(module)
    for step in attribute.split("."):
        found = getattr(found, step)
    return found


def _beside(folder: Path, module: str) -> ModuleType | None:
    """The module that stands beside the charter, under a name of its own: two charters may each have a `model.py`."""
    file = _file(folder, module)
    if not file.is_file():
        return None
    spec = importlib.util.spec_from_file_location(f"beside_charter_{canonical.digest(str(file).encode())[:12]}", file)
    if spec is None or spec.loader is None:
        return None
    found = importlib.util.module_from_spec(spec)
    sys.modules[found.__name__] = found  # what it defines can then be copied and pickled
    spec.loader.exec_module(found)
    return found


def _file(folder: Path, module: str) -> Path:
    """Where a module of this name stands beside the charter, if it does."""
    return folder.resolve().joinpath(*module.split(".")).with_suffix(".py")
