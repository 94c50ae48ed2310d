"""A real model with real mistakes: logistic regression on the first half of scikit-learn's handwritten digits."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

INK = "0123456789abcdefg"


def pixels(cells: np.ndarray) -> np.ndarray:
    """The first column's 64 characters as numbers 0 to 16, shape (forms, 64)."""
    return np.array([[INK.index(ink) for ink in cell] for cell in np.asarray(cells)[:, 0]], float)


def model() -> Pipeline:
    """The reader, already trained: it never sees a form of the stream before it must read it."""
    digits = load_digits()
    half = len(digits.data) // 2
    learner = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2_000))
    learner.fit(digits.data[:half], digits.target[:half])
    return make_pipeline(FunctionTransformer(pixels), *[step for _, step in learner.steps])
