"""Reads decision trees that scikit-learn has fitted: single ones, forests, both kinds of gradient
boosting. Votes and boosted sums are added in doubles in scikit-learn's order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graven.frontends.nchw import Draft
from graven.trees import LEAF, Forest, Tree, largest_float

SINGLE = (
    "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor",
)  # fmt: skip
FORESTS = (
    "ExtraTreesClassifier", "ExtraTreesRegressor", "RandomForestClassifier",
    "RandomForestRegressor",
)  # fmt: skip
BOOSTED = ("GradientBoostingClassifier", "GradientBoostingRegressor")
HISTOGRAMS = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")
NAMES = (*SINGLE, *FORESTS, *BOOSTED, *HISTOGRAMS)
CONSTANT_STARTS = ("str", "DummyClassifier", "DummyRegressor")


def forest(draft: Draft, model: Any) -> Forest:
    kind = type(model).__name__
    if kind in HISTOGRAMS:
        return histograms(draft, model)
    return boosted(draft, model) if kind in BOOSTED else averaged(draft, model)


def averaged(draft: Draft, model: Any) -> Forest:
    """A tree, or the mean of several: probabilities of classes in the order of classes_, or the
    regression's outputs."""
    kind = type(model).__name__
    members = [model] if kind in SINGLE else model.estimators_
    votes = kind.endswith("Classifier")
    if votes and model.n_outputs_ > 1:
        raise draft.error(f"has {model.n_outputs_} outputs of classes; fit a model for each.")
    trees = [tree_of(each, votes) for each in members]
    width = trees[0].values.shape[1]
    sum = "float64" if kind in SINGLE else "mean"
    return Forest(draft.source, model.n_features_in_, trees, np.zeros(width), sum, exact=votes)


def tree_of(estimator: Any, votes: bool, factor: float = 1.0) -> Tree:
    found = estimator.tree_
    values = found.value[:, 0, :] if votes else found.value[:, :, 0]
    if votes:  # older ones keep counts
        totals = values.sum(axis=1, keepdims=True)
        values = np.where(np.abs(totals - 1) > 1e-6, values / totals, values)
    missing = getattr(found, "missing_go_to_left", np.zeros(found.node_count, bool))
    return Tree(
        feature=found.feature,
        threshold=largest_float(found.threshold),
        missing_left=np.asarray(missing, bool),
        left=found.children_left,
        right=found.children_right,
        values=values * factor,
    )


def boosted(draft: Draft, model: Any) -> Forest:
    """Sums, and for classes their probabilities: a single one where there are two."""
    if type(getattr(model, "init_", None)).__name__ not in CONSTANT_STARTS:
        raise draft.error("starts from a model of its own (init); fit it without init.")
    features, outputs = model.n_features_in_, model.estimators_.shape[1]
    base = np.asarray(model._raw_predict_init(np.zeros((1, features), np.float32))).reshape(-1)
    doubled = 2.0 if model.loss == "exponential" else 1.0  # its logistic function is of 2 * x
    factor = model.learning_rate * doubled
    trees = [tree_of(each, False, factor) for each in model.estimators_.reshape(-1)]
    link = None
    if type(model).__name__.endswith("Classifier"):
        link = "LOGISTIC" if outputs == 1 else "SOFTMAX"
    return Forest(draft.source, features, trees, base * doubled, "float64", link=link)


def histograms(draft: Draft, model: Any) -> Forest:
    trees = [histogram(draft, each) for stage in model._predictors for each in stage]
    base = np.asarray(model._baseline_prediction, np.float64).reshape(-1)
    if type(model).__name__.endswith("Classifier"):
        link = "LOGISTIC" if len(base) == 1 else "SOFTMAX"
    else:
        link = "EXP" if model.loss in ("poisson", "gamma") else None
    return Forest(draft.source, model.n_features_in_, trees, base, "float64", link=link)


def histogram(draft: Draft, predictor: Any) -> Tree:
    nodes = predictor.nodes
    inner = nodes["is_leaf"] == 0
    if (nodes["is_categorical"][inner] != 0).any():
        raise draft.error(
            "splits by categories, which Trees cannot; encode them as numbers (one column per "
            "category) and fit again without categorical_features."
        )
    return Tree(
        feature=nodes["feature_idx"],
        threshold=largest_float(nodes["num_threshold"]),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        left=np.where(inner, nodes["left"].astype(np.int64), LEAF),
        right=np.where(inner, nodes["right"].astype(np.int64), LEAF),
        values=nodes["value"][:, None],
    )
