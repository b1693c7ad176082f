"""What compares x with all samples that it was fitted on: neighbours, Gaussian processes, kernel
ridges.

Differences are taken number by number, as |x|^2 - 2 x v + |v|^2 would lose what tells near samples
apart. A row holds those of a few samples: one sample would leave kernels short rows, and all of
them at once take memory for every number of the training data.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graven.frontends import functions, sklearn_scores
from graven.frontends.nchw import Draft, View
from graven.frontends.sklearn_steps import UNFUSED, Flow

NEIGHBOURS = ("KNeighborsClassifier", "KNeighborsRegressor")
PROCESS = "GaussianProcessRegressor"
RIDGE = "KernelRidge"
NAMES = (*NEIGHBOURS, PROCESS, RIDGE)
METRICS = {"euclidean": "SUM", "sqeuclidean": "SUM", "manhattan": "SUM", "chebyshev": "REDUCE_MAX"}
SAME_METRIC = {"l1": "manhattan", "cityblock": "manhattan", "l2": "euclidean",
               "infinity": "chebyshev"}  # fmt: skip
RIDGE_KERNELS = {"poly": "poly", "polynomial": "poly", "rbf": "rbf", "sigmoid": "sigmoid",
                 "laplacian": "laplacian", "linear": "linear"}  # fmt: skip
TOGETHER = 8  # samples of a row
FAR = 1e18  # from every sample; its square is a float32
NO_DISTANCE = 1e-30  # beside which every other one is long
LEAST = 1e-3  # of the values that were learned: what float32 may lose of them


def scores(flow: Flow, model: Any) -> View:
    kind = type(model).__name__
    if kind in NEIGHBOURS:
        return neighbours(flow, model)
    return process(flow, model) if kind == PROCESS else ridge(flow, model)


def sums_samples(model: Any) -> bool:
    """But a linear ridge is one layer."""
    kind = type(model).__name__
    return kind == PROCESS or (kind == RIDGE and model.kernel != "linear")


def expect_more(draft: Draft, model: Any) -> None:
    """A fitted Gaussian process counts features only where its kernel looks at them."""
    fitted = type(model).__name__ == PROCESS and hasattr(model, "kernel_")
    if fitted and not model.kernel_.requires_vector_input:
        raise draft.error(
            f"has the kernel {model.kernel_}, which is the same for every x; fit it with one that "
            "compares samples, such as RBF."
        )


def distances(flow: Flow, samples: np.ndarray, metric: str, fill: float | None = None) -> View:
    """Of x from each of the samples, squared ones for `euclidean`; behind them so many others that
    rows are full: from a sample of `fill`, or of the last one."""
    draft, (count, features) = flow.draft, samples.shape
    rows = -(-count // TOGETHER)
    rest = ((0, rows * TOGETHER - count), (0, 0))
    if fill is None:
        samples = np.pad(samples, rest, mode="edge")
    else:
        samples = np.pad(samples, rest, constant_values=fill)
    laid = samples.reshape(1, rows, TOGETHER, features).astype(np.float32)
    apart = draft.binary("SUB", draft.reshape(flow.settled(), (1, 1, 1, features)), laid)
    sizes = (
        draft.binary("MUL", apart, apart) if "euclidean" in metric else draft.unary("ABS", apart)
    )
    found = draft.reduce(METRICS[metric], sizes, [3], keep=False)
    return draft.reshape(found, (1, rows * TOGETHER))


# -- neighbours -----------------------------------------------------------------------------------


def neighbours(flow: Flow, model: Any) -> View:
    """The mean of what the nearest samples say, by 1 / distance if so asked; of samples as near as
    one another the first counts."""
    draft, samples = flow.draft, sklearn_scores.dense_array(model._fit_X)
    squared, metric = nearness(flow, model, samples)
    found, places = draft.top_k(functions.times(draft, squared, -1.0), -1, int(model.n_neighbors))
    said = draft.embedding(answers(draft, model), places)
    if model.weights != "distance":
        return draft.reduce("MEAN", said, [1], keep=False)
    far = functions.times(draft, found, -1.0)
    if metric == "euclidean":
        far = draft.unary("SQRT", far)
    far = functions.plus(draft, far, NO_DISTANCE)  # the nearest one, if it is x itself, is all
    shares = draft.binary("DIV", draft.reduce("REDUCE_MIN", far, [1], keep=True), far)
    total = draft.reduce("SUM", shares, [1], keep=True)
    shares = draft.reshape(draft.binary("DIV", shares, total), (1, int(model.n_neighbors), 1))
    return draft.reduce("SUM", draft.binary("MUL", said, shares), [1], keep=False)


def nearness(flow: Flow, model: Any, samples: np.ndarray) -> tuple[View, str]:
    """Distances, and by which metric."""
    draft, found = flow.draft, model.effective_metric_
    metric = SAME_METRIC.get(found, found)
    if metric not in (*METRICS, "cosine"):  # minkowski has become one of them where it is
        raise draft.error(
            f"has the metric {metric!r}; fit it with one of {', '.join((*METRICS, 'cosine'))}, or "
            "minkowski with p=1, 2 or infinity and no weights of features."
        )
    if model.weights not in ("uniform", "distance", None):
        raise draft.error("has weights of its own; fit it with weights='uniform' or 'distance'.")
    if metric != "cosine":
        return distances(flow, samples, metric, FAR), metric
    sizes = np.sqrt((samples**2).sum(axis=1, keepdims=True))
    if not sizes.all():
        raise draft.error("was fitted on zeros, which have no cosine; leave such samples out.")
    turned = Flow.of(draft, draft.unary("L2_NORMALIZATION", flow.settled(), UNFUSED))
    return distances(turned, samples / sizes, "sqeuclidean", FAR), "sqeuclidean"  # twice as far


def answers(draft: Draft, model: Any) -> np.ndarray:
    """Of each sample: what it is worth, or 1 for its class."""
    said = np.asarray(model._y)
    if type(model).__name__ == "KNeighborsRegressor":
        return said.reshape(len(said), -1).astype(np.float32)
    if getattr(model, "outputs_2d_", False):
        raise draft.error("has several outputs of classes; fit a model for each.")
    return np.eye(len(model.classes_), dtype=np.float32)[said.reshape(-1)]


# -- Gaussian processes ---------------------------------------------------------------------------


def process(flow: Flow, model: Any) -> View:
    """The mean, which predict says: a sum of the kernel's values over the samples."""
    draft = flow.draft
    samples = np.asarray(model.X_train_, np.float64)
    weights = np.asarray(model.alpha_).reshape(len(samples), -1).T
    spread = np.asarray(model._y_train_std).reshape(-1, 1)
    mean = np.broadcast_to(np.asarray(model._y_train_mean).reshape(-1), (len(weights),))
    near = kernel(flow, model.kernel_, samples)
    if not isinstance(near, View):
        raise draft.error(
            f"has the kernel {model.kernel_}, of which no x is any nearer to a sample; fit it with "
            "one that compares samples, such as RBF."
        )
    values = np.asarray(model.kernel_(samples), np.float64)
    return summed(draft, near, weights * spread, mean, values)


def summed(
    draft: Draft, near: View, weights: np.ndarray, bias: np.ndarray, values: np.ndarray
) -> View:
    """The kernel's values for x by weights, outputs x samples; `values` are those of the samples
    themselves, by which float32 is judged."""
    learned = weights @ values
    lost = (np.abs(weights) @ np.abs(values)).max() * np.finfo(np.float32).eps
    if lost > LEAST * max(np.ptp(learned, axis=1).max(), np.finfo(np.float64).tiny):
        raise draft.error(
            "sums numbers so large that float32 loses what they differ by; fit it with a larger "
            "alpha (or, a Gaussian process, with a WhiteKernel)."
        )
    wide = np.zeros((len(weights), near.shape[-1]))
    wide[:, : weights.shape[1]] = weights
    return Flow.of(draft, near).dense(wide, bias)


Value = View | float


def kernel(flow: Flow, found: Any, samples: np.ndarray) -> Value:
    """Of x and every sample; a number where it is the same for all."""
    draft, kind = flow.draft, type(found).__name__
    if kind in ("Sum", "Product"):
        both = (kernel(flow, each, samples) for each in (found.k1, found.k2))
        return joined(draft, "ADD" if kind == "Sum" else "MUL", *both)
    if kind == "ConstantKernel":
        return float(found.constant_value)
    if kind == "WhiteKernel":
        return 0.0  # x is none of the samples
    if kind == "Exponentiation":
        base = kernel(flow, found.kernel, samples)
        power = (
            functions.power(draft, base, found.exponent) if isinstance(base, View)
            else base**found.exponent
        )  # fmt: skip
        if power is None:
            raise draft.error(f"has a kernel to the power of {found.exponent:g}; take 1 to 4.")
        return power
    if kind == "DotProduct":
        wide = np.pad(samples, ((0, -len(samples) % TOGETHER), (0, 0)))
        return flow.dense(wide, np.full(len(wide), float(found.sigma_0) ** 2))
    if kind not in STATIONARY:
        known = ", ".join((*STATIONARY, "DotProduct", "ConstantKernel", "WhiteKernel"))
        raise draft.error(f"has the kernel {kind}; fit it with {known}, or sums and products.")
    return STATIONARY[kind](draft, found, scaled(flow, found, samples))


def joined(draft: Draft, name: str, first: Value, second: Value) -> Value:
    if isinstance(first, View) and isinstance(second, View):
        return draft.binary(name, first, second)
    if not isinstance(first, View) and not isinstance(second, View):
        return first + second if name == "ADD" else first * second
    view, number = (first, second) if isinstance(first, View) else (second, first)
    assert isinstance(view, View) and not isinstance(number, View)
    if name == "MUL" and number == 0.0:
        return 0.0
    return (functions.plus if name == "ADD" else functions.times)(draft, view, number)


def scaled(flow: Flow, found: Any, samples: np.ndarray) -> View:
    """Squared distances, in units of the kernel's length; but ExpSineSquared takes its own."""
    length = 1.0 if type(found).__name__ == "ExpSineSquared" else np.asarray(found.length_scale)
    factor = np.broadcast_to(1.0 / length, (flow.count,))
    return distances(flow.then(factor, np.zeros(flow.count)), samples * factor, "euclidean")


def radial(draft: Draft, found: Any, squares: View) -> View:
    return draft.unary("EXP", functions.times(draft, squares, -0.5))


def matern(draft: Draft, found: Any, squares: View) -> View:
    """(1 + z + z^2 / 3) e^-z and what is left of that for rougher ones, z = sqrt(2 nu) d."""
    if found.nu == np.inf:
        return radial(draft, found, squares)
    if found.nu not in (0.5, 1.5, 2.5):
        raise draft.error(f"has a Matern of nu={found.nu:g}; fit it with 0.5, 1.5 or 2.5.")
    far = draft.unary("SQRT", functions.times(draft, squares, 2.0 * found.nu))
    decay = draft.unary("EXP", functions.times(draft, far, -1.0))
    if found.nu == 0.5:
        return decay
    factor = functions.plus(draft, far, 1.0)
    if found.nu == 2.5:
        third = functions.times(draft, squares, 5.0 / 3.0)
        factor = draft.binary("ADD", factor, third)
    return draft.binary("MUL", factor, decay)


def rational(draft: Draft, found: Any, squares: View) -> View:
    """(1 + d^2 / (2 alpha))^-alpha."""
    inner = functions.plus(draft, functions.times(draft, squares, 0.5 / found.alpha), 1.0)
    logarithm = functions.times(draft, draft.unary("LOG", inner), -float(found.alpha))
    return draft.unary("EXP", logarithm)


def periodic(draft: Draft, found: Any, squares: View) -> View:
    turns = functions.times(draft, draft.unary("SQRT", squares), np.pi / found.periodicity)
    sine = draft.unary("SIN", turns)
    square = draft.binary("MUL", sine, sine)
    return draft.unary("EXP", functions.times(draft, square, -2.0 / float(found.length_scale) ** 2))


STATIONARY = {
    "RBF": radial, "Matern": matern, "RationalQuadratic": rational, "ExpSineSquared": periodic,
}  # fmt: skip
"""Kernels of the distance alone."""


# -- kernel ridges --------------------------------------------------------------------------------


def ridge(flow: Flow, model: Any) -> View:
    draft, samples = flow.draft, sklearn_scores.dense_array(model.X_fit_)
    if model.kernel not in RIDGE_KERNELS:
        raise draft.error(
            f"has the kernel {model.kernel!r}; fit it with one of {', '.join(RIDGE_KERNELS)}."
        )
    name = RIDGE_KERNELS[model.kernel]
    weights = np.asarray(model.dual_coef_).reshape(len(samples), -1).T
    bias = np.zeros(len(weights))
    if name == "linear":
        return flow.dense(weights @ samples, bias)
    gamma = 1.0 / samples.shape[1] if model.gamma is None else float(model.gamma)
    if name in ("rbf", "laplacian"):
        metric = "euclidean" if name == "rbf" else "manhattan"
        far = distances(flow, samples, metric)
        near = draft.unary("EXP", functions.times(draft, far, -gamma))
    else:
        near = sklearn_scores.of_products(flow, name, samples, gamma, model.coef0, model.degree)
    return summed(draft, near, weights, bias, model._get_kernel(samples))
