"""What scikit-learn's steps in front of a model do to its features.

In front of a network they are collected as one affine map, which the next layer's weights take up;
only what is none (imputing, clipping, normalizing) becomes operators. In front of trees, which
compare one feature at a time, they go into thresholds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any, TypeVar

import numpy as np

from graven import trees
from graven.errors import GravenError
from graven.frontends import functions
from graven.frontends.nchw import Draft, View
from graven.node import Option

SCALERS = ("MaxAbsScaler", "MinMaxScaler", "RobustScaler", "StandardScaler")
PROJECTIONS = ("IncrementalPCA", "PCA", "TruncatedSVD")
SELECTORS = (
    "GenericUnivariateSelect", "RFE", "RFECV", "SelectFdr", "SelectFpr", "SelectFromModel",
    "SelectFwe", "SelectKBest", "SelectPercentile", "SequentialFeatureSelector",
    "VarianceThreshold",
)  # fmt: skip
UNIONS = ("ColumnTransformer", "FeatureUnion")
SEARCHES = (
    "GridSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV", "RandomizedSearchCV",
)  # fmt: skip
OF_COLUMNS = (*SCALERS, *SELECTORS, *UNIONS, "SimpleImputer")
LAYERS = ("Normalizer", "PolynomialFeatures")
UNFUSED: dict[str, Option] = {"FusedActivationFunction": "NONE"}
CATEGORIES = "encode categories as numbers before the model"
INSTEAD = {
    "Binarizer": "fit trees, which find such thresholds by themselves",
    "IterativeImputer": "use SimpleImputer",
    "KBinsDiscretizer": "fit trees, which find such thresholds by themselves",
    "KNNImputer": "use SimpleImputer",
    "OneHotEncoder": CATEGORIES,
    "OrdinalEncoder": CATEGORIES,
    "PolynomialFeatures": "leave it out: trees find products by themselves",
    "PowerTransformer": "use StandardScaler",
    "QuantileTransformer": "use RobustScaler",
    "SplineTransformer": "use an MLPRegressor or trees, which bend by themselves",
    "TargetEncoder": CATEGORIES,
}


@dataclass(frozen=True)
class Columns:
    """A step of ours: these features, in this order."""

    places: np.ndarray


def parts(draft: Draft, estimator: Any) -> list[Any]:
    """The steps of a Pipeline, or the estimator alone, both also as what a search has found, in
    one another; none that does nothing."""
    kind = type(estimator).__name__
    if kind in SEARCHES:
        expect(draft, estimator, "best_estimator_",
               "has no best estimator; call fit first, with refit=True.")  # fmt: skip
        return parts(draft, estimator.best_estimator_)
    if kind == "Pipeline":
        return [part for _, each in estimator.steps for part in parts(draft, each)]
    if kind == "FrozenEstimator":
        return parts(draft, estimator.estimator)
    return [] if estimator in (None, "passthrough") or is_identity(estimator) else [estimator]


def is_identity(step: Any) -> bool:
    return type(step).__name__ == "FunctionTransformer" and step.func is None


def at(draft: Draft, step: Any) -> str:
    draft.where = f"step '{type(step).__name__}'"
    return type(step).__name__


def refused(draft: Draft, step: Any, known: Sequence[str], also: str) -> GravenError:
    kind = at(draft, step)
    if kind == "FunctionTransformer":
        instead = "call its function before the model"
    else:
        instead = INSTEAD.get(kind, f"use one of {', '.join(known)}{also}")
    return draft.error(f"is not supported in front of this model; {instead}.")


def expect_fitted(draft: Draft, step: Any, attribute: str = "n_features_in_") -> None:
    expect(draft, step, attribute, "is not fitted; call fit first.")


def expect(draft: Draft, step: Any, attribute: str, otherwise: str) -> None:
    at(draft, step)
    if not hasattr(step, attribute):
        raise draft.error(otherwise)


def features_of(draft: Draft, step: Any) -> int:
    """How many a step takes; a FeatureUnion does not know where it drops its first member."""
    if type(step).__name__ == "FeatureUnion":
        for steps, _, _ in branches(draft, step, 0):
            if steps:
                return features_of(draft, steps[0])
    expect_fitted(draft, step)
    return int(step.n_features_in_)


def columns_of(draft: Draft, step: Any, count: int) -> np.ndarray:
    """The features that a selector leaves."""
    if isinstance(step, Columns):
        return np.asarray(step.places)
    expect_fitted(draft, step)
    return np.arange(count)[step.get_support()]


def branches(draft: Draft, union: Any, count: int) -> list[tuple[list[Any], np.ndarray, float]]:
    """Of a union: each one's steps, the features that it takes, and the factor behind it."""
    if type(union).__name__ == "FeatureUnion":
        weights, every = union.transformer_weights or {}, np.arange(count)
        known = [(name, step) for name, step in union.transformer_list if step != "drop"]
        return [(parts(draft, step), every, weights.get(name, 1.0)) for name, step in known]
    expect_fitted(draft, union, "transformers_")
    weights, places = union.transformer_weights or {}, union._transformer_to_input_indices
    return [
        (parts(draft, step), np.asarray(places[name], int), weights.get(name, 1.0))
        for name, step, _ in union.transformers_
        if not (isinstance(step, str) and step == "drop") and len(places[name])
    ]


def fills(draft: Draft, imputer: Any) -> np.ndarray:
    """By what it replaces each feature that is missing."""
    expect_fitted(draft, imputer, "statistics_")
    if getattr(imputer, "indicator_", None) is not None:
        raise draft.error("adds columns that say what was missing; take add_indicator=False.")
    try:  # numbers may come as objects
        found = np.asarray(imputer.statistics_).astype(np.float64)
    except (TypeError, ValueError):
        found = np.array([np.nan])
    if np.isnan(found).any():
        raise draft.error(
            "has features without a number to fill them by; leave those out that are always "
            "missing, and encode words as numbers."
        )
    return found


def numbers_of(draft: Draft, scaler: Any, count: int, single: bool = False) -> list[trees.Step]:
    """What a scaler does to each feature; `single`: to features in float32, for which a
    StandardScaler rounds its own numbers as well."""
    expect_fitted(draft, scaler)
    kind = type(scaler).__name__
    centred = getattr(scaler, "with_mean", True)
    attributes = {
        "StandardScaler": ((np.subtract, "mean_" if centred else ""), (np.divide, "scale_")),
        "RobustScaler": ((np.subtract, "center_"), (np.divide, "scale_")),
        "MinMaxScaler": ((np.multiply, "scale_"), (np.add, "min_")),
        "MaxAbsScaler": ((np.divide, "scale_"),),
    }[kind]
    found: list[trees.Step] = []
    for function, name in attributes:
        numbers = getattr(scaler, name, None) if name else None
        if numbers is not None:
            rounds = single and kind == "StandardScaler"
            numbers = np.asarray(numbers, np.float32 if rounds else np.float64)
            found.append((function, np.broadcast_to(numbers, (count,))))
    return found


def limits_of(scaler: Any) -> tuple[float, float] | None:
    """Where what comes out of a scaler is clipped."""
    if not getattr(scaler, "clip", False):
        return None
    low, high = getattr(scaler, "feature_range", (-1.0, 1.0))
    return float(low), float(high)


# -- in front of a network ------------------------------------------------------------------------


Steps = TypeVar("Steps", "Flow", "Seen")


def through(found: Steps, steps: Sequence[Any]) -> Steps:
    for step in steps:
        found = found.behind(step)
    return found


@dataclass(frozen=True)
class Flow:
    """matrix @ view + offset, which the next layer takes up; factors stand for a diagonal one."""

    draft: Draft
    view: View
    matrix: np.ndarray
    offset: np.ndarray

    @staticmethod
    def of(draft: Draft, view: View) -> Flow:
        count = view.shape[-1]
        return Flow(draft, view, np.ones(count), np.zeros(count))

    @property
    def count(self) -> int:
        return len(self.offset)

    def then(self, matrix: np.ndarray, offset: np.ndarray) -> Flow:
        if matrix.ndim == 1:
            inner = self.matrix if self.matrix.ndim == 1 else self.matrix.T
            return replace(self, matrix=(inner * matrix).T, offset=self.offset * matrix + offset)
        whole = matrix * self.matrix if self.matrix.ndim == 1 else matrix @ self.matrix
        return replace(self, matrix=whole, offset=matrix @ self.offset + offset)

    def columns(self, places: np.ndarray) -> Flow:
        rows = np.diag(self.matrix) if self.matrix.ndim == 1 else self.matrix
        return replace(self, matrix=rows[places], offset=self.offset[places])

    def dense(self, weights: np.ndarray, bias: np.ndarray) -> View:
        found = self.then(weights, bias)
        return self.draft.dense(
            self.view, found.matrix.astype(np.float32), found.offset.astype(np.float32)
        )

    def settled(self) -> View:
        """As an activation. NaN stays where it is as long as features are not mixed."""
        view, factors = self.view, self.matrix
        if factors.ndim == 2:
            if (np.count_nonzero(factors, axis=1) != 1).any():
                return self.dense(np.ones(self.count), np.zeros(self.count))
            places = np.abs(factors).argmax(axis=1)
            factors = factors[np.arange(len(places)), places]
            if not np.array_equal(places, np.arange(view.shape[-1])):
                view = self.draft.gather(view, places.tolist(), 1)
        if (factors != 1.0).any():
            view = self.draft.binary("MUL", view, factors[None].astype(np.float32))
        if self.offset.any():
            view = self.draft.binary("ADD", view, self.offset[None].astype(np.float32))
        return view

    def behind(self, step: Any) -> Flow:
        draft, kind = self.draft, at(self.draft, step)
        if kind in SCALERS:
            return self.scaled(step)
        if kind in SELECTORS or isinstance(step, Columns):
            return self.columns(columns_of(draft, step, self.count))
        other: dict[str, Callable[[Any], Flow]] = {
            "Normalizer": self.normalized, "PolynomialFeatures": self.multiplied,
            "SimpleImputer": self.imputed,
            **dict.fromkeys(PROJECTIONS, self.projected), **dict.fromkeys(UNIONS, self.united),
        }  # fmt: skip
        if kind not in other:
            raise refused(draft, step, (*OF_COLUMNS, *PROJECTIONS, *LAYERS), "")
        return other[kind](step)

    def scaled(self, step: Any) -> Flow:
        factor, offset = np.ones(self.count), np.zeros(self.count)
        for function, numbers in numbers_of(self.draft, step, self.count):
            offset = function(offset, numbers)
            if function in (np.multiply, np.divide):
                factor = function(factor, numbers)
        found, limits = self.then(factor, offset), limits_of(step)
        if limits is None:
            return found
        return Flow.of(self.draft, self.draft.clip(found.settled(), *limits))

    def projected(self, step: Any) -> Flow:
        expect_fitted(self.draft, step, "components_")
        rows = np.asarray(step.components_, dtype=np.float64)
        if getattr(step, "whiten", False):
            rows = rows / np.sqrt(step.explained_variance_)[:, None]
        mean = getattr(step, "mean_", None)
        return self.then(rows, np.zeros(len(rows)) if mean is None else -rows @ mean)

    def normalized(self, step: Any) -> Flow:
        """By the norm of all features; of zeros it leaves zeros."""
        draft, view = self.draft, self.settled()
        if step.norm == "l2":
            return Flow.of(draft, draft.unary("L2_NORMALIZATION", view, UNFUSED))
        reduction = "SUM" if step.norm == "l1" else "REDUCE_MAX"
        size = draft.reduce(reduction, draft.unary("ABS", view), [1], keep=True)
        size = draft.binary("MAXIMUM", size, np.float32([np.finfo(np.float32).tiny]))
        return Flow.of(draft, draft.binary("DIV", view, size))

    def multiplied(self, step: Any) -> Flow:
        """Products of features, as many in each as the degree, of which 1 may be one."""
        expect_fitted(self.draft, step, "powers_")
        draft, powers = self.draft, np.asarray(step.powers_)
        degree = max(int(powers.sum(axis=1).max()), 1)
        named = np.full((len(powers), degree), self.count)
        for place, each in enumerate(powers):
            factors = np.repeat(np.arange(self.count), each)
            named[place, : len(factors)] = factors
        view = draft.concat([self.settled(), np.ones((1, 1), np.float32)], 1)
        found = draft.gather(view, named[:, 0].tolist(), 1)
        for factors in named.T[1:]:
            found = draft.binary("MUL", found, draft.gather(view, factors.tolist(), 1))
        return Flow.of(draft, found)

    def imputed(self, step: Any) -> Flow:
        draft, numbers, view = self.draft, fills(self.draft, step), self.settled()
        wanted = step.missing_values
        if not isinstance(wanted, Real):
            raise draft.error(f"fills what is {wanted!r}; let a number or NaN stand for it.")
        missing = (
            functions.compared(draft, "NOT_EQUAL", view, view)
            if np.isnan(wanted)
            else functions.compared(draft, "EQUAL", view, np.float32([wanted]))
        )
        return Flow.of(draft, functions.chosen(draft, missing, numbers[None], view))

    def without_dropped(self, taken: np.ndarray) -> Flow:
        """Zeros where these features are not taken; what is dropped may be NaN, and no weight of 0
        hides it."""
        if self.matrix.ndim == 2 or len(taken) == self.count:
            return self
        whole = np.zeros((self.count, len(taken)))
        whole[taken, np.arange(len(taken))] = self.matrix[taken]
        return replace(self, view=self.draft.gather(self.view, taken.tolist(), 1), matrix=whole)

    def united(self, step: Any) -> Flow:
        known = branches(self.draft, step, self.count)
        at(self.draft, step)
        flow = self.without_dropped(np.unique(np.concatenate([places for _, places, _ in known])))
        found = [
            through(flow.columns(places), steps).then(np.full(1, factor), np.zeros(1))
            for steps, places, factor in known
        ]
        if all(each.view is found[0].view for each in found):
            wide = [np.diag(each.matrix) if each.matrix.ndim == 1 else each.matrix
                    for each in found]  # fmt: skip
            offset = np.concatenate([each.offset for each in found])
            return Flow(self.draft, found[0].view, np.concatenate(wide), offset)
        return Flow.of(self.draft, self.draft.concat([each.settled() for each in found], 1))


# -- in front of trees ----------------------------------------------------------------------------

NOTHING = {
    np.subtract: 0.0, np.add: 0.0, np.multiply: 1.0, np.divide: 1.0, np.maximum: -np.inf,
    np.minimum: np.inf,
}  # fmt: skip
"""By what each function of a trees.Step leaves a feature as it is."""


@dataclass(frozen=True)
class Seen:
    """The features that trees see: of which feature of x, by which steps; and what they see where
    that one is missing (NaN where it stays so)."""

    draft: Draft
    places: np.ndarray
    steps: list[trees.Step] = field(default_factory=list)
    filled: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @staticmethod
    def of(draft: Draft, count: int) -> Seen:
        return Seen(draft, np.arange(count), [], np.full(count, np.nan))

    @property
    def count(self) -> int:
        return len(self.places)

    def forest(self, found: trees.Forest, features: int) -> trees.Forest:
        """The same of x, which has so many features."""
        whole = [replace(tree, feature=np.where(tree.left == trees.LEAF, 0, tree.feature))
                 for tree in found.trees]  # fmt: skip
        moved = trees.behind(self.steps, replace(found, trees=whole)).trees
        return replace(
            found,
            features=features,
            trees=[self.tree(before, after) for before, after in zip(whole, moved, strict=True)],
        )

    def tree(self, before: trees.Tree, after: trees.Tree) -> trees.Tree:
        filled = self.filled[before.feature]
        left = np.where(np.isnan(filled), before.missing_left, filled <= before.threshold)
        return replace(after, feature=self.places[before.feature], missing_left=left)

    def columns(self, places: np.ndarray) -> Seen:
        steps = [(function, numbers[places]) for function, numbers in self.steps]
        return replace(self, places=self.places[places], steps=steps, filled=self.filled[places])

    def behind(self, step: Any) -> Seen:
        kind = at(self.draft, step)
        if kind in SCALERS:
            found, limits = self, limits_of(step)
            steps = numbers_of(self.draft, step, self.count, single=True)
            if limits is not None:
                ends = zip((np.maximum, np.minimum), limits, strict=True)
                steps += [(function, np.full(self.count, end)) for function, end in ends]
            for each in steps:
                found = found.stepped(each)
            return found
        if kind in SELECTORS or isinstance(step, Columns):
            return self.columns(columns_of(self.draft, step, self.count))
        if kind == "SimpleImputer":
            return self.imputed(step)
        if kind in UNIONS:
            return self.united(step)
        raise refused(
            self.draft, step, OF_COLUMNS, f" (or {', '.join(PROJECTIONS)} where no trees follow)"
        )

    def stepped(self, step: trees.Step) -> Seen:
        function, numbers = step
        filled = function(self.filled, numbers).astype(np.float32).astype(np.float64)
        return replace(self, steps=[*self.steps, step], filled=filled)

    def imputed(self, step: Any) -> Seen:
        numbers = fills(self.draft, step)
        wanted = step.missing_values
        if not isinstance(wanted, Real) or not np.isnan(wanted):
            raise self.draft.error(f"fills what is {wanted!r}; in front of trees let it fill NaN.")
        filled = np.where(np.isnan(self.filled), numbers.astype(np.float32), self.filled)
        return replace(self, filled=filled)

    def united(self, step: Any) -> Seen:
        found = [
            through(self.columns(places), steps).weighted(factor)
            for steps, places, factor in branches(self.draft, step, self.count)
        ]
        steps: list[trees.Step] = []
        for at, each in enumerate(found):
            for function, numbers in each.steps:
                wide = [np.full(other.count, NOTHING[function]) for other in found]
                wide[at] = np.asarray(numbers, np.float64)
                steps.append((function, np.concatenate(wide)))
        places, filled = (
            np.concatenate([getattr(each, name) for each in found]) for name in ("places", "filled")
        )
        return Seen(self.draft, places, steps, filled)

    def weighted(self, factor: float) -> Seen:
        if factor <= 0.0:
            raise self.draft.error(f"has a weight of {factor:g}; in front of trees, take none.")
        same = factor == 1.0
        return self if same else self.stepped((np.multiply, np.full(self.count, factor)))
