"""Reads what scikit-learn has fitted: linear models and multilayer perceptrons, alone or at the end
of a Pipeline whose scalers go into the first layer's weights.

Nothing of scikit-learn is imported: an estimator is known by its class's name, and read by the
attributes that scikit-learn documents for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graven import ir
from graven.frontends.nchw import Draft, View
from graven.frontends.tflite import identifier

PERCEPTRONS = ("MLPClassifier", "MLPRegressor")
PROBABLE = ("LogisticRegression", "LogisticRegressionCV")
LINEAR = (
    "ElasticNet", "Lasso", "LinearRegression", "LinearSVC", "LinearSVR", "Perceptron", "Ridge",
    "RidgeClassifier", "SGDClassifier", "SGDRegressor",
)  # fmt: skip
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
    if kind not in (*PERCEPTRONS, *PROBABLE, *LINEAR):
        known = ", ".join(sorted((*PERCEPTRONS, *PROBABLE, *LINEAR)))
        raise draft.error(f"is not supported; use one of {known}.")
    if not hasattr(last, "coefs_" if kind in PERCEPTRONS else "coef_"):
        raise draft.error("is not fitted; call fit first.")
    weights, biases = stacked(last, kind)
    factor, offset = np.ones(weights[0].shape[1]), np.zeros(weights[0].shape[1])
    for each in before:
        draft.where = f"step '{type(each).__name__}'"
        scale, shift = scaling(draft, each, len(factor))
        factor, offset = factor * scale, offset * scale + shift
    biases[0] = biases[0] + weights[0] @ offset
    weights[0] = weights[0] * factor
    view = layers_of(draft, last, kind, weights, biases)
    network = draft.network(name or identifier(kind.lower()), {"y": view}, "nchw")
    return network


def stacked(last: Any, kind: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Weights as units x inputs and biases, layer by layer, in double precision."""
    if kind in PERCEPTRONS:
        weights = [np.asarray(each, dtype=np.float64).T for each in last.coefs_]
        return weights, [np.asarray(each, dtype=np.float64) for each in last.intercepts_]
    weights = np.atleast_2d(np.asarray(last.coef_, dtype=np.float64))
    bias = np.asarray(last.intercept_, dtype=np.float64).reshape(-1)
    return [weights], [np.broadcast_to(bias, (len(weights),)).copy()]


def scaling(draft: Draft, scaler: Any, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Factor and offset of each feature: x becomes x * factor + offset."""
    kind = type(scaler).__name__
    if kind not in SCALERS:
        raise draft.error(f"is not supported in front of a model; use one of {', '.join(SCALERS)}.")
    if not hasattr(scaler, "n_features_in_"):
        raise draft.error("is not fitted; call fit first.")
    scale = np.broadcast_to(1.0 if scaler.scale_ is None else scaler.scale_, (count,))
    if kind == "MinMaxScaler":
        if scaler.clip:
            raise draft.error("clips; take clip=False.")
        return scale, np.asarray(scaler.min_, dtype=np.float64)
    centre = {"StandardScaler": "mean_", "RobustScaler": "center_"}.get(kind)
    middle = getattr(scaler, centre) if centre else None
    return 1.0 / scale, np.zeros(count) if middle is None else -np.asarray(middle) / scale


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
