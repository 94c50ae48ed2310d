"""The model a charter names: found, built, fitted and asked, whatever kind it is."""

from __future__ import annotations

import importlib
import sys
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput
from airworthy.charter.model import Charter
from airworthy.data.work import Work

Rows = NDArray[np.int64]


class Answers(msgspec.Struct, frozen=True):
    """What the model said of some items: the output as text, and its own confidence in [0, 1]."""

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
        self._score = np.zeros(len(work)) if work.score is None else np.nan_to_num(work.score)

    def answers(self, train: Rows, ask: Rows) -> Answers:
        return Answers(self._output[ask], self._score[ask])


class Estimator:
    """Anything with `predict_proba` and `classes_`, as scikit-learn has them; learns where it has `fit`.

    X is an object array of text, shape (items, features), '' where missing.
    """

    def __init__(self, build: Any, work: Work) -> None:
        self._build = build
        self._work = work
        self._truth = np.array([*work.truth.words, ""], object)[work.truth.codes]
        self.trains = hasattr(self._new(), "fit") and not hasattr(self._new(), "classes_")

    def answers(self, train: Rows, ask: Rows) -> Answers:
        estimator = self._new()
        with _one_thread():
            if self.trains:
                estimator.fit(self._work.given[train], self._truth[train])
            chances = np.asarray(estimator.predict_proba(self._work.given[ask]))
        best = chances.argmax(axis=1)
        score = np.clip(chances[np.arange(len(best)), best], 0.0, 1.0)
        return Answers(np.asarray(estimator.classes_, object).astype(str).astype(object)[best], score)

    def _new(self) -> Any:
        return deepcopy(self._build) if hasattr(self._build, "predict_proba") else self._build()


def _one_thread() -> AbstractContextManager[Any]:
    """On a busy machine many small matrix products on many threads cost ten times the CPU of one thread."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    return cast(AbstractContextManager[Any], threadpool_limits(1))


def predictor(charter: Charter, work: Work, folder: Path) -> Predictor:
    """The predictor `charter` names. Raises BadInput, located, when it cannot be found or used."""
    model = charter.model
    if model is None:
        raise BadInput(
            [
                Diagnostic(
                    "L015",
                    "the charter names no model",
                    charter.place("model"),
                    "add `model:` with `object:` or `recorded: true`",
                )
            ]
        )
    if model.recorded:
        if work.output is None:
            help = "name the column of recorded outputs in `log.output`, or a model in `model.object`"
            raise BadInput([Diagnostic("L015", "the log holds no recorded outputs", charter.place("log"), help)])
        return Recorded(work)
    try:
        return Estimator(_find(model.object or "", folder), work)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        sentence = f"model `{model.object}` cannot be used: {error}"
        help = "write `module:object`: beside the charter or installed, building something with `predict_proba`"
        raise BadInput([Diagnostic("L015", sentence, charter.place("model", "object"), help)]) from None


def _find(name: str, folder: Path) -> Any:
    module, _, attribute = name.partition(":")
    sys.path.insert(0, str(folder.resolve()))
    try:
        found: Any = importlib.import_module(module)
    finally:
        sys.path.pop(0)
    for step in attribute.split("."):
        found = getattr(found, step)
    return found
