"""Reads decision trees that scikit-learn has fitted: single ones, forests, bags, both kinds of
gradient boosting, AdaBoost, isolation forests. Votes and boosted sums are added in doubles in
scikit-learn's order.
"""

from __future__ import annotations

from dataclasses import replace
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
ISOLATION = "IsolationForest"
ADAPTIVE = "AdaBoostClassifier"
NAMES = (*SINGLE, *FORESTS, *BOOSTED, *HISTOGRAMS, ADAPTIVE, ISOLATION)
BAGS = ("BaggingClassifier", "BaggingRegressor")  # which may be of anything
CONSTANT_STARTS = ("str", "DummyClassifier", "DummyRegressor")


def forest(draft: Draft, model: Any) -> Forest:
    kind = type(model).__name__
    if kind in HISTOGRAMS:
        return histograms(draft, model)
    if kind == ADAPTIVE:
        return adaptive(draft, model)
    if kind == ISOLATION:
        return isolating(draft, model)
    if kind in BAGS:
        return bagged(draft, model)
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


# -- ensembles of trees that are estimators of their own ------------------------------------------


def is_bag(model: Any) -> bool:
    """A mean of trees."""
    return type(model).__name__ in BAGS and all(
        type(each).__name__ in SINGLE for each in getattr(model, "estimators_", [None])
    )


def over(tree: Tree, features: np.ndarray) -> Tree:
    """The tree of one that has seen these features alone."""
    inner = tree.left != LEAF
    return replace(tree, feature=np.where(inner, features[np.where(inner, tree.feature, 0)], 0))


def among(values: np.ndarray, places: np.ndarray, classes: int) -> np.ndarray:
    """Numbers of some classes as numbers of all."""
    found = np.zeros((len(values), classes))
    found[:, places] = values
    return found


def bagged(draft: Draft, model: Any) -> Forest:
    votes = type(model).__name__.endswith("Classifier")
    trees = []
    for each, features in zip(model.estimators_, model.estimators_features_, strict=True):
        tree = over(tree_of(each, votes), np.asarray(features))
        if votes and len(each.classes_) != len(model.classes_):
            places = np.asarray(each.classes_, np.int64)  # a bag's trees learn places of classes
            tree = replace(tree, values=among(tree.values, places, len(model.classes_)))
        trees.append(tree)
    base = np.zeros(trees[0].values.shape[1])
    return Forest(draft.source, model.n_features_in_, trees, base, "mean", exact=votes)


def adaptive(draft: Draft, model: Any) -> Forest:
    """Probabilities: each tree's weight for the class that it says, less for the others; of two
    classes the second one's alone."""
    if getattr(model, "algorithm", "SAMME") == "SAMME.R":
        raise draft.error(
            "boosts by SAMME.R, which newer scikit-learn has given up; fit it with "
            "algorithm='SAMME'."
        )
    count, trees = len(model.classes_), []
    if any(type(each).__name__ not in SINGLE for each in model.estimators_):
        raise draft.error("boosts other estimators than trees; leave estimator as it is.")
    weights = np.asarray(model.estimator_weights_, np.float64)[: len(model.estimators_)]
    for each, weight in zip(model.estimators_, weights / weights.sum(), strict=True):
        tree = tree_of(each, True)
        own = np.searchsorted(model.classes_, each.classes_)
        said = own[tree.values.argmax(axis=1)]
        values = np.full((len(said), count), -weight / (count - 1))
        values[np.arange(len(said)), said] = weight
        values = values[:, 1:] - values[:, :1] if count == 2 else values / (count - 1)
        trees.append(replace(tree, values=values))
    width = trees[0].values.shape[1]
    link = "LOGISTIC" if count == 2 else "SOFTMAX"
    return Forest(draft.source, model.n_features_in_, trees, np.zeros(width), "float64", True, link)


def isolating(draft: Draft, model: Any) -> Forest:
    """2 to the power of - the mean depth over what it is on average (Liu et al., 2008)."""
    usual = paths(np.array([model._max_samples]))[0] * len(model.estimators_)
    trees = []
    for each, features in zip(model.estimators_, model.estimators_features_, strict=True):
        tree = over(tree_of(each, False), np.asarray(features))
        depth = depths(tree) + paths(each.tree_.n_node_samples)
        trees.append(replace(tree, values=(-np.log(2.0) / max(usual, 1e-30) * depth)[:, None]))
    if usual == 0.0:
        raise draft.error("was fitted on one sample per tree; give it more (max_samples).")
    return Forest(draft.source, model.n_features_in_, trees, np.zeros(1), "float64", link="EXP")


def depths(tree: Tree) -> np.ndarray:
    """Of each node below the root; a parent lies before its children."""
    found = np.zeros(len(tree.left))
    for node in np.flatnonzero(tree.left != LEAF):
        found[[tree.left[node], tree.right[node]]] = found[node] + 1.0
    return found


def paths(samples: np.ndarray) -> np.ndarray:
    """How much deeper trees of so many samples would be on the mean."""
    several = np.maximum(np.asarray(samples, np.float64), 3.0)
    found = 2.0 * (np.log(several - 1.0) + np.euler_gamma) - 2.0 * (several - 1.0) / several
    return np.where(samples <= 1, 0.0, np.where(samples == 2, 1.0, found))
