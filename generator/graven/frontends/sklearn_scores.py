"""Layers of scikit-learn's models that are not linear: Gaussian classes, support vectors, and the
mean of several models.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graven.frontends import functions
from graven.frontends.nchw import Draft, View
from graven.frontends.sklearn_steps import Flow

GAUSSIAN = ("GaussianNB", "QuadraticDiscriminantAnalysis")
MACHINES = ("NuSVC", "NuSVR", "OneClassSVM", "SVC", "SVR")
KERNELS = ("linear", "poly", "rbf", "sigmoid")


def gaussian(flow: Flow, model: Any) -> View:
    """Probabilities of classes of normal distributions: squares of what a layer makes of x, a
    second layer of these."""
    draft = flow.draft
    if type(model).__name__ == "GaussianNB":
        means, spread = np.asarray(model.theta_), np.asarray(model.var_)
        matrices = [np.diag(each**-0.5) for each in spread]
        priors, logs = model.class_prior_, np.log(2.0 * np.pi * spread).sum(axis=1)
    else:
        means, priors = np.asarray(model.means_), model.priors_
        pairs = zip(model.rotations_, model.scalings_, strict=True)
        matrices = [(turn * scale**-0.5).T for turn, scale in pairs]
        logs = np.array([np.log(each).sum() for each in model.scalings_])
    shifts = [-matrix @ mean for matrix, mean in zip(matrices, means, strict=True)]
    view = flow.dense(np.concatenate(matrices), np.concatenate(shifts))
    owner = np.repeat(np.arange(len(matrices)), [len(each) for each in matrices])
    halves = np.where(owner == np.arange(len(matrices))[:, None], -0.5, 0.0)
    squares = Flow.of(draft, draft.binary("MUL", view, view))
    return draft.softmax(squares.dense(halves, -0.5 * logs + np.log(priors)), -1)


# -- support vectors ------------------------------------------------------------------------------


def machine(flow: Flow, model: Any) -> View:
    """What decision_function (with its shape 'ovr') or predict says."""
    draft = flow.draft
    vectors = dense_array(model.support_vectors_)
    weights, bias = coefficients(model)
    if model.kernel == "linear":
        weights = weights @ vectors
    else:
        flow = Flow.of(draft, kernel(flow, model, vectors))
    classes = len(getattr(model, "classes_", ()))
    return flow.dense(weights, bias) if classes <= 2 else one_for_each(flow, weights, bias, classes)


def dense_array(found: Any) -> np.ndarray:
    return np.asarray(found.toarray() if hasattr(found, "toarray") else found, np.float64)


def coefficients(model: Any) -> tuple[np.ndarray, np.ndarray]:
    """Of the support vectors: a row for each pair of classes, or one."""
    duals, bias = dense_array(model.dual_coef_), np.asarray(model.intercept_, np.float64)
    if len(duals) == 1:
        return duals, bias
    starts, count = np.cumsum([0, *model.n_support_]), len(model.classes_)
    own = [slice(starts[each], starts[each + 1]) for each in range(count)]
    rows = []
    for first, second in pairs(count):
        row = np.zeros(duals.shape[1])
        row[own[first]] = duals[second - 1, own[first]]
        row[own[second]] = duals[first, own[second]]
        rows.append(row)
    return np.array(rows), bias


def pairs(count: int) -> list[tuple[int, int]]:
    return [(first, second) for first in range(count) for second in range(first + 1, count)]


def kernel(flow: Flow, model: Any, vectors: np.ndarray) -> View:
    """Of x and every support vector."""
    gamma = float(model._gamma)
    if model.kernel == "rbf":
        return bells(flow, gamma, vectors)
    return of_products(flow, model.kernel, vectors, gamma, model.coef0, model.degree)


def of_products(
    flow: Flow, name: str, vectors: np.ndarray, gamma: float, start: float, degree: float
) -> View:
    """`sigmoid` or `poly` of gamma x v + start."""
    draft = flow.draft
    view = flow.dense(gamma * vectors, np.full(len(vectors), float(start)))
    if name == "sigmoid":
        return draft.unary("TANH", view)
    found = functions.power(draft, view, degree)
    if found is None:
        raise draft.error(f"has a kernel of degree {degree}; fit it with degree=1 to 4.")
    return found


def bells(flow: Flow, gamma: float, vectors: np.ndarray) -> View:
    """exp(-gamma |x - v|^2), as exp(2 gamma x v - gamma x^2 - gamma v^2), with all of them about
    the vectors' mean, where the least is lost to rounding; x and they are shifted by the very same
    number, which leaves x an offset in float32."""
    draft, shift = flow.draft, (flow.offset - vectors.mean(axis=0)).astype(np.float32)
    middle = flow.offset - shift.astype(np.float64)
    near, vectors = flow.then(np.ones(flow.count), -middle).settled(), vectors - middle
    size = draft.reduce("SUM", draft.binary("MUL", near, near), [1], keep=True)
    both = Flow.of(draft, draft.concat([near, size], 1))
    weights = np.column_stack([2.0 * gamma * vectors, np.full(len(vectors), -gamma)])
    return draft.unary("EXP", both.dense(weights, -gamma * (vectors**2).sum(axis=1)))


def one_for_each(
    flow: Flow, weights: np.ndarray, bias: np.ndarray, classes: int, level: float = 0.0
) -> View:
    """Of the pairs' scores a score for each class: how many pairs it wins (the second one those
    below the level), and by their sums, which are brought below a third, the order of equals."""
    draft, found = flow.draft, pairs(classes)
    first, second = (np.array(each) for each in zip(*found, strict=True))
    every = np.arange(classes)[:, None]
    signs = (every == first) * 1.0 - (every == second)
    lost = functions.compared(draft, "LESS", flow.dense(weights, bias), np.float32([level]))
    wins = Flow.of(draft, functions.real(draft, lost)).dense(-signs, (signs > 0).sum(axis=1))
    sums = flow.dense(signs @ weights, signs @ bias)
    size = draft.binary("ADD", draft.unary("ABS", sums), np.float32([1.0]))
    size = draft.binary("MUL", size, np.float32([3.0]))
    return draft.binary("ADD", wins, draft.binary("DIV", sums, size))


# -- several models -------------------------------------------------------------------------------


def averaged(draft: Draft, members: Sequence[tuple[float, View]]) -> View:
    """By weights, which need not sum to 1."""
    total, found = sum(weight for weight, _ in members), None
    for weight, view in members:
        view = draft.binary("MUL", view, np.float32([weight / total]))
        found = view if found is None else draft.binary("ADD", found, view)
    assert found is not None
    return found


def probabilities(draft: Draft, view: View, seen: int, classes: int) -> View:
    """By a model that has seen so many of the classes; of two the second one's alone."""
    if seen != classes:
        raise draft.error(f"has seen {seen} of {classes} classes; fit it on samples of all.")
    return draft.slice(view, (0, 1), (1, 1)) if classes == 2 and view.shape[-1] == 2 else view
