"""What the formulas allow: checks that name the argument, and the array types they work on."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from airworthy.base.errors import OutOfRange

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


def check_share(argument: str, value: float) -> None:
    """Raises OutOfRange unless `value` lies strictly between 0 and 1."""
    if not 0.0 < value < 1.0:
        raise OutOfRange(argument, value, "the open interval (0, 1)")


def check_between(argument: str, value: float, low: float, high: float) -> None:
    """Raises OutOfRange unless low <= value <= high; not-a-number never is."""
    if not low <= value <= high:
        raise OutOfRange(argument, value, f"[{low:g}, {high:g}]")


def check_counts(errors: ArrayLike, labels: ArrayLike) -> None:
    """Raises OutOfRange unless 0 <= errors <= labels everywhere."""
    if np.any(np.less(errors, 0)):
        raise OutOfRange("errors", errors, "the counts from 0 up")
    if np.any(np.greater(errors, labels)):
        raise OutOfRange("errors", errors, f"[0, labels], where labels is {labels!r}")


def bounded(argument: str, values: ArrayLike, low: float = 0.0, high: float = 1.0) -> Floats:
    """`values` as an array of floats. Raises OutOfRange naming the first that is not in [low, high]."""
    array = np.asarray(values, dtype=np.float64)
    inside = (array >= low) & (array <= high)
    if not np.all(inside):
        raise OutOfRange(argument, float(array[~inside][0]), f"[{low:g}, {high:g}]")
    return array


def log_needed(level: float) -> float:
    """log(1/level): the log evidence that decides at risk `level`. Raises OutOfRange."""
    check_share("level", level)
    return -math.log(level)
