"""The pilot's model: which group resolves an incident, from what is known when it is opened."""

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder


def model() -> Pipeline:
    """Fields one-hot, values seen fewer than five times taken together, logistic regression on top."""
    fields = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5)
    return make_pipeline(fields, LogisticRegression(C=2, max_iter=300, tol=1e-3))
