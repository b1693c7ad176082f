"""Reads what scikit-learn has fitted: linear models, multilayer perceptrons and trees, alone or at
the end of a Pipeline whose scalers (and PCA) go into the first layer's weights or the trees'
thresholds.

Nothing of scikit-learn is imported: an estimator is known by its class's name, and read by the
attributes that scikit-learn documents for it.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from graven import ir, trees
from graven.frontends import boosters, sklearn_trees
from graven.frontends.nchw import Draft, View
from graven.frontends.tflite import identifier

PERCEPTRONS = ("MLPClassifier", "MLPRegressor")
PROBABLE = ("LinearDiscriminantAnalysis", "LogisticRegression", "LogisticRegressionCV")
LINEAR = (
    "ElasticNet", "Lasso", "LinearRegression", "LinearSVC", "LinearSVR",
    "PassiveAggressiveClassifier", "PassiveAggressiveRegressor", "Perceptron", "Ridge",
    "RidgeClassifier", "SGDClassifier", "SGDRegressor",
)  # fmt: skip
XGBOOST = ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor")
LIGHTGBM = ("LGBMClassifier", "LGBMRegressor")
TREES = (*sklearn_trees.NAMES, *XGBOOST, *LIGHTGBM)
KNOWN = (*PERCEPTRONS, *PROBABLE, *LINEAR, *TREES)
PROJECTIONS = ("PCA", "TruncatedSVD")
SCALERS = ("MaxAbsScaler", "MinMaxScaler", "RobustScaler", "StandardScaler")
ACTIVATIONS = {"relu": "RELU", "tanh": "TANH", "logistic": "LOGISTIC", "identity": None}


def is_estimator(model: Any) -> bool:
    return hasattr(model, "get_params") and hasattr(model, "fit")


def from_estimator(estimator: Any, name: str | None = None) -> ir.Network:
    """The network of a fitted estimator or Pipeline; its input is x, a number per feature. Scores
    come out in the order of classes_, a single one for two classes."""
    kind = type(estimator).__name__
    steps = [each for _, each in estimator.steps] if kind == "Pipeline" else [estimator]
    *before, last = [each for each in steps if each not in (None, "passthrough")]
    draft = Draft(kind)
    kind = type(last).__name__
    draft.where = f"step '{kind}'"
    name = name or identifier(kind.lower())
    if kind not in KNOWN:
        raise draft.error(
            "is not supported; use a linear model, a perceptron or trees (docs/models.md)."
        )
    if not hasattr(last, "n_features_in_"):
        raise draft.error("is not fitted; call fit first.")
    if kind in TREES:
        steps = scaling(draft, before, last.n_features_in_, single=True)
        return trees.network(trees.behind(steps, forest_of(draft, last, kind)), name)
    weights, biases = stacked(last, kind)
    matrix, offset = affine(draft, before, weights[0].shape[1])
    biases[0] = biases[0] + weights[0] @ offset
    weights[0] = weights[0] * matrix if matrix.ndim == 1 else weights[0] @ matrix
    view = layers_of(draft, last, kind, weights, biases)
    return draft.network(name, {"y": view}, "nchw")


def forest_of(draft: Draft, last: Any, kind: str) -> trees.Forest:
    draft.where = f"step '{kind}'"
    if kind in XGBOOST:
        return boosters.forest(json.loads(last.get_booster().save_raw("json")), kind)
    if kind in LIGHTGBM:
        return boosters.forest(last.booster_.dump_model(), kind)
    return sklearn_trees.forest(draft, last)


def scaling(draft: Draft, scalers: list[Any], count: int, single: bool = False) -> list[trees.Step]:
    """What the scalers do to each feature, one after the other; `single`: to features in float32,
    for which a StandardScaler rounds its own numbers as well."""
    found: list[trees.Step] = []
    for scaler in scalers:
        kind = type(scaler).__name__
        draft.where = f"step '{kind}'"
        if kind not in SCALERS:
            raise draft.error(
                "is not supported in front of this model; use one of "
                f"{', '.join(SCALERS)} (or {', '.join(PROJECTIONS)} where no trees follow)."
            )
        if not hasattr(scaler, "n_features_in_"):
            raise draft.error("is not fitted; call fit first.")
        if getattr(scaler, "clip", False):
            raise draft.error("clips; take clip=False.")
        centred = getattr(scaler, "with_mean", True)
        attributes = {
            "StandardScaler": ((np.subtract, "mean_" if centred else ""), (np.divide, "scale_")),
            "RobustScaler": ((np.subtract, "center_"), (np.divide, "scale_")),
            "MinMaxScaler": ((np.multiply, "scale_"), (np.add, "min_")),
            "MaxAbsScaler": ((np.divide, "scale_"),),
        }[kind]
        for function, name in attributes:
            numbers = getattr(scaler, name, None) if name else None
            if numbers is not None:
                rounds = single and kind == "StandardScaler"
                numbers = np.asarray(numbers, np.float32 if rounds else np.float64)
                found.append((function, np.broadcast_to(numbers, (count,))))
    return found


def affine(draft: Draft, before: list[Any], count: int) -> tuple[np.ndarray, np.ndarray]:
    """What the steps in front of a model of `count` inputs do: x becomes matrix @ x + offset, where
    factors stand for a diagonal matrix."""
    places = [place for place, each in enumerate(before) if type(each).__name__ in PROJECTIONS]
    if not places:
        return linear(scaling(draft, before, count), count)
    place = places[-1]
    last, kind = before[place], type(before[place]).__name__
    draft.where = f"step '{kind}'"
    if not hasattr(last, "components_"):
        raise draft.error("is not fitted; call fit first.")
    rows = np.asarray(last.components_, dtype=np.float64)
    if getattr(last, "whiten", False):
        rows = rows / np.sqrt(last.explained_variance_)[:, None]
    mean = getattr(last, "mean_", None)
    shift = np.zeros(len(rows)) if mean is None else -rows @ mean
    factor, offset = linear(scaling(draft, before[place + 1 :], count), count)
    inner, within = affine(draft, before[:place], rows.shape[1])
    whole = rows * inner if inner.ndim == 1 else rows @ inner
    return factor[:, None] * whole, factor * (rows @ within + shift) + offset


def linear(steps: list[trees.Step], count: int) -> tuple[np.ndarray, np.ndarray]:
    """The same as a factor and an offset: x becomes x * factor + offset."""
    factor, offset = np.ones(count), np.zeros(count)
    for function, numbers in steps:
        offset = function(offset, numbers)
        if function in (np.multiply, np.divide):
            factor = function(factor, numbers)
    return factor, offset


def stacked(last: Any, kind: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Weights as units x inputs and biases, layer by layer, in double precision."""
    if kind in PERCEPTRONS:
        weights = [np.asarray(each, dtype=np.float64).T for each in last.coefs_]
        return weights, [np.asarray(each, dtype=np.float64) for each in last.intercepts_]
    weights = np.atleast_2d(np.asarray(last.coef_, dtype=np.float64))
    bias = np.asarray(last.intercept_, dtype=np.float64).reshape(-1)
    return [weights], [np.broadcast_to(bias, (len(weights),)).copy()]


def layers_of(
    draft: Draft, last: Any, kind: str, weights: list[np.ndarray], biases: list[np.ndarray]
) -> View:
    draft.where = f"step '{kind}'"
    view = draft.input("x", (1, weights[0].shape[1]), "nchw")
    for place, (each, bias) in enumerate(zip(weights, biases, strict=True)):
        view = draft.dense(view, each.astype(np.float32), bias.astype(np.float32))
        if place + 1 < len(weights):
            view = activated(draft, view, ACTIVATIONS[last.activation])
    if kind in PERCEPTRONS:
        if last.out_activation_ == "softmax":
            return draft.softmax(view, -1)
        return activated(draft, view, ACTIVATIONS[last.out_activation_])
    if kind not in PROBABLE:
        return view
    if view.shape[-1] == 1:
        return draft.unary("LOGISTIC", view)
    apart = getattr(last, "multi_class", "auto") == "ovr" or last.solver == "liblinear"
    if apart:
        raise draft.error(
            "has a probability for each class against the rest; fit it with another solver than "
            "liblinear and without multi_class='ovr', or use LinearSVC."
        )
    return draft.softmax(view, -1)


def activated(draft: Draft, view: View, name: str | None) -> View:
    return view if name is None else draft.unary(name, view)
