"""Reads what scikit-learn has fitted: linear models, multilayer perceptrons, support vectors,
Gaussian classes, neighbours, trees, means and stacks of them, classes apart and calibrated ones,
alone or at the end of a Pipeline whose steps go into the first layer's weights or the trees'
thresholds where they can.

Nothing of scikit-learn is imported: an estimator is known by its class's name, and read by the
attributes that scikit-learn documents for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from graven import ir, trees
from graven.frontends import (
    boosters,
    functions,
    sklearn_classes,
    sklearn_neighbors,
    sklearn_scores,
    sklearn_trees,
)
from graven.frontends.nchw import Draft, View
from graven.frontends.sklearn_steps import (
    SCALERS,
    Columns,
    Flow,
    Seen,
    at,
    expect_fitted,
    features_of,
    limits_of,
    numbers_of,
    parts,
    through,
)
from graven.frontends.tflite import identifier

PERCEPTRONS = ("MLPClassifier", "MLPRegressor")
PROBABLE = ("LinearDiscriminantAnalysis", "LogisticRegression", "LogisticRegressionCV")
COUNTING = ("GammaRegressor", "PoissonRegressor", "TweedieRegressor")
LINEAR = (
    "ARDRegression", "BayesianRidge", "ElasticNet", "ElasticNetCV", "HuberRegressor", "Lars",
    "Lasso", "LassoCV", "LassoLars", "LinearRegression", "LinearSVC", "LinearSVR",
    "OrthogonalMatchingPursuit", "PassiveAggressiveClassifier", "PassiveAggressiveRegressor",
    "Perceptron", "QuantileRegressor", "Ridge", "RidgeCV", "RidgeClassifier", "RidgeClassifierCV",
    "SGDClassifier", "SGDRegressor", "TheilSenRegressor",
)  # fmt: skip
XGBOOST = ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor")
LIGHTGBM = ("LGBMClassifier", "LGBMRegressor")
TREES = (*sklearn_trees.NAMES, *XGBOOST, *LIGHTGBM)
MEANS = (*sklearn_trees.BAGS, "VotingClassifier", "VotingRegressor")
MATRICES = (*PERCEPTRONS, *PROBABLE, *COUNTING, *LINEAR)
STACKS = ("StackingClassifier", "StackingRegressor")
OTHERS = ("MultinomialNB", "MultiOutputRegressor", "PLSRegression", "TransformedTargetRegressor")
SHARES = (*PROBABLE, *sklearn_scores.GAUSSIAN, sklearn_classes.CALIBRATED, "KNeighborsClassifier",
          "MLPClassifier", "MultinomialNB", "BaggingClassifier", "VotingClassifier")  # fmt: skip
"""Who says probabilities, beside trees that classify."""
SUMMED = ("GradientBoostingClassifier", "HistGradientBoostingClassifier")
"""Trees whose decision_function are the sums that they make probabilities of."""
ACTIVATIONS = {"relu": "RELU", "tanh": "TANH", "logistic": "LOGISTIC", "identity": None}
INSTEAD = {
    "AdaBoostRegressor": "says the median of its trees; fit a GradientBoostingRegressor",
    "BernoulliNB": "fit a LogisticRegression, which knows binary features as well",
    "CategoricalNB": "fit trees on the same codes",
    "EllipticEnvelope": "fit an IsolationForest or a OneClassSVM",
    "GaussianProcessClassifier":
        "fit a KNeighborsClassifier, an SVC, a RandomForest or an MLP to the same data",
    "LocalOutlierFactor": "fit an IsolationForest or a OneClassSVM to the same data",
    "MultiOutputClassifier": "compile its estimators_ one by one",
    "RadiusNeighborsClassifier": "fit a KNeighborsClassifier to the same data",
    "RadiusNeighborsRegressor": "fit a KNeighborsRegressor to the same data",
}  # fmt: skip


def is_estimator(model: Any) -> bool:
    return hasattr(model, "get_params") and hasattr(model, "fit")


def from_estimator(estimator: Any, name: str | None = None) -> ir.Network:
    """The network of a fitted estimator or Pipeline; its input is x, a number per feature. Scores
    come out in the order of classes_, a single one for two classes where the estimator has one."""
    draft = Draft(type(estimator).__name__)
    *before, last = steps_of(draft, estimator)
    kind = at(draft, last)
    expect_known(draft, last)
    name = name or identifier(kind.lower())
    expect_fitted(draft, last)
    features = features_of(draft, [*before, last][0])
    if is_plain_forest(last):
        return trees.network(forest_of(draft, before, last, features), name)
    view = draft.input("x", (1, features), "nchw")
    return draft.network(name, {"y": scores(draft, view, before, last)}, "nchw")


def expect_integers(estimator: Any) -> None:
    """Sums over the samples of a kernel cancel, to less than a step of int8; isotonic curves rise
    within one."""
    draft = Draft(type(estimator).__name__)
    for model in models_in(draft, estimator):
        if sklearn_classes.is_bent(model):
            at(draft, model)
            raise draft.error(
                "is calibrated by curves steeper than the steps of integers; keep it in float32, "
                "or fit it with method='sigmoid'."
            )
        if sklearn_neighbors.sums_samples(model):
            at(draft, model)
            raise draft.error(
                "sums a kernel over all samples, whose terms are large beside what they sum to: "
                "integers lose it; keep it in float32, or fit an SVR or an MLPRegressor."
            )


def models_in(draft: Draft, estimator: Any) -> Iterator[Any]:
    """Those at the ends of Pipelines, and those within them."""
    last = steps_of(draft, estimator)[-1]
    yield last
    within = [*getattr(last, "estimators_", ()), getattr(last, "final_estimator_", None),
              getattr(last, "regressor_", None)]  # fmt: skip
    within += [each.estimator for each in getattr(last, "calibrated_classifiers_", ())]
    holders = (*MEANS, *STACKS, *OTHERS, *sklearn_classes.NAMES)
    for each in within if type(last).__name__ in holders else ():
        if each is not None:
            yield from models_in(draft, each)


def steps_of(draft: Draft, estimator: Any) -> list[Any]:
    """A model and, before it, its steps."""
    found = parts(draft, estimator)
    if not found:
        at(draft, estimator)
        raise draft.error("does nothing, and no model follows; put one at its end.")
    return found


def expect_known(draft: Draft, model: Any) -> None:
    kind = at(draft, model)
    others = (
        *TREES,
        *MEANS,
        *STACKS,
        *MATRICES,
        *sklearn_scores.GAUSSIAN,
        *sklearn_scores.MACHINES,
        *sklearn_neighbors.NAMES,
        *sklearn_classes.NAMES,
        *OTHERS,
    )
    if kind in INSTEAD:
        raise draft.error(f"is not supported; {INSTEAD[kind]}.")
    if kind not in others:
        raise draft.error(
            "is not supported; use a linear model, a perceptron or trees (docs/models.md)."
        )
    sklearn_neighbors.expect_more(draft, model)
    if kind in sklearn_scores.MACHINES and model.kernel not in sklearn_scores.KERNELS:
        known = ", ".join(sklearn_scores.KERNELS)
        raise draft.error(f"has the kernel {model.kernel!r}; fit it with one of {known}.")


def scores(draft: Draft, view: View, before: Sequence[Any], last: Any) -> View:
    """What a model says of x in the view, behind these steps."""
    expect_known(draft, last)
    expect_fitted(draft, last)
    kind = type(last).__name__
    if kind in TREES or sklearn_trees.is_bag(last):
        found = trees.add(draft, view, forest_of(draft, before, last, view.shape[-1]))
        return outlying(draft, found, last) if kind == sklearn_trees.ISOLATION else found
    if kind in MEANS:
        return mean_of(draft, view, before, last)
    if kind in STACKS:
        return stack_of(draft, view, before, last)
    if kind == sklearn_classes.ONE_OR_REST:
        return one_or_rest(draft, view, before, last)
    if kind == sklearn_classes.PAIRS:
        return one_against_one(draft, view, before, last)
    if kind == sklearn_classes.CALIBRATED:
        return calibrated(draft, view, before, last)
    if kind == "MultiOutputRegressor":
        return draft.concat([said_by(draft, view, before, each)[0] for each in last.estimators_], 1)
    if kind == "TransformedTargetRegressor":
        return turned_back(draft, said_by(draft, view, before, last.regressor_)[0], last)
    flow = through(Flow.of(draft, view), before)
    at(draft, last)
    if kind in sklearn_scores.GAUSSIAN:
        return sklearn_scores.gaussian(flow, last)
    if kind in sklearn_scores.MACHINES:
        return sklearn_scores.machine(flow, last)
    if kind in sklearn_neighbors.NAMES:
        return sklearn_neighbors.scores(flow, last)
    return layers_of(flow, last)


# -- trees ----------------------------------------------------------------------------------------


def is_plain_forest(last: Any) -> bool:
    """Is all that there is a sum of trees?"""
    kind = type(last).__name__
    return (kind in TREES and kind != sklearn_trees.ISOLATION) or sklearn_trees.is_bag(last)


def forest_of(draft: Draft, before: Sequence[Any], last: Any, features: int) -> trees.Forest:
    """Over so many features, behind these steps."""
    seen = through(Seen.of(draft, features), before)
    kind = at(draft, last)
    if kind in XGBOOST:
        found = boosters.forest(json.loads(last.get_booster().save_raw("json")), kind)
    elif kind in LIGHTGBM:
        found = boosters.forest(last.booster_.dump_model(), kind)
    else:
        found = sklearn_trees.forest(draft, last)
    return seen.forest(found, features) if before else found


def outlying(draft: Draft, view: View, last: Any) -> View:
    """decision_function: negative where a sample is isolated early."""
    return draft.binary("SUB", np.float32([-last.offset_]), view)


# -- means ----------------------------------------------------------------------------------------


def mean_of(draft: Draft, view: View, before: Sequence[Any], model: Any) -> View:
    """Of probabilities (of two classes: the second one's), or of what regressors say."""
    bag, classes = type(model).__name__ in sklearn_trees.BAGS, getattr(model, "classes_", None)
    if getattr(model, "voting", "soft") != "soft":
        raise draft.error("counts votes; fit it with voting='soft', which takes probabilities.")
    features = model.estimators_features_ if bag else [None] * len(model.estimators_)
    weights = None if bag else model._weights_not_none
    found = []
    for each, some, weight in zip(
        model.estimators_, features, weights or [1.0] * len(features), strict=True
    ):
        steps = before if some is None else [*before, Columns(np.asarray(some))]
        said, last = said_by(draft, view, steps, each)
        if classes is not None:
            said = shares_of(draft, said, last, classes)
        found.append((float(weight), said))
    return sklearn_scores.averaged(draft, found)


def said_by(draft: Draft, view: View, before: Sequence[Any], member: Any) -> tuple[View, Any]:
    """Scores of a model within another, which may be a Pipeline; and the model at its end."""
    *own, last = steps_of(draft, member)
    said = scores(draft, view, [*before, *own], last)
    at(draft, last)
    return said, last


def says_shares(draft: Draft, model: Any) -> bool:
    kind = type(model).__name__
    if kind == "StackingClassifier":
        return says_shares(draft, steps_of(draft, model.final_estimator_)[-1])
    if kind == sklearn_classes.ONE_OR_REST:
        return says_shares(draft, steps_of(draft, model.estimators_[0])[-1])
    return kind in SHARES or (kind in TREES and kind.endswith("Classifier"))


def shares_of(draft: Draft, said: View, model: Any, classes: Any) -> View:
    """A member's probabilities of these classes, of two the second one's."""
    if not says_shares(draft, model):
        at(draft, model)
        raise draft.error(
            "comes without probabilities, which a mean or a stack takes; use LogisticRegression, "
            "GaussianNB, an MLPClassifier or trees among its estimators."
        )
    return sklearn_scores.probabilities(draft, said, len(model.classes_), len(classes))


# -- classes apart, and calibration --------------------------------------------------------------


def one_or_rest(draft: Draft, view: View, before: Sequence[Any], model: Any) -> View:
    """predict_proba where the models have it, else decision_function."""
    at(draft, model)
    if any(type(each).__name__ == "_ConstantPredictor" for each in model.estimators_):
        raise draft.error("has a class that all samples have, or none; leave it out of the labels.")
    found, are_shares = [], says_shares(draft, model)
    for each in model.estimators_:
        said, last = said_by(draft, view, before, each)
        found.append(shares_of(draft, said, last, last.classes_) if are_shares else said)
    at(draft, model)
    return sklearn_classes.of_one_or_rest(draft, found, model, are_shares)


def one_against_one(draft: Draft, view: View, before: Sequence[Any], model: Any) -> View:
    """decision_function; of two classes that of the second."""
    at(draft, model)
    if model.pairwise_indices_ is not None:
        raise draft.error("takes kernels of samples; fit it with an SVC that has a kernel itself.")
    members = model.estimators_
    said = [response_of(draft, view, before, each, each.classes_) for each in members]
    at(draft, model)
    are_shares = says_shares(draft, steps_of(draft, members[0])[-1])
    raw = hasattr(members[0], "decision_function") or not are_shares
    flow, count = Flow.of(draft, draft.concat(said, 1)), len(said)
    found = sklearn_scores.one_for_each(
        flow, -np.eye(count), np.zeros(count), len(model.classes_), 0.0 if raw else -0.5
    )
    return functions.part(draft, found, 1, 1, 1) if len(model.classes_) == 2 else found


def calibrated(draft: Draft, view: View, before: Sequence[Any], model: Any) -> View:
    """The mean over what each part of the cross-validation has left."""
    found = []
    for each in model.calibrated_classifiers_:
        said = response_of(draft, view, before, each.estimator, each.classes)
        at(draft, model)
        found.append((1.0, sklearn_classes.calibrated(draft, said, each)))
    return sklearn_scores.averaged(draft, found)


def response_of(draft: Draft, view: View, before: Sequence[Any], member: Any, classes: Any) -> View:
    """As models of models ask for it: decision_function; where there is none, probabilities, of two
    classes the second one's."""
    *own, last = steps_of(draft, member)
    expect_known(draft, last)
    expect_fitted(draft, last)
    kind, steps = type(last).__name__, [*before, *own]
    if kind in PROBABLE:
        (weights,), (bias,) = stacked(last)
        said = through(Flow.of(draft, view), steps).dense(weights, bias)
    elif kind in SUMMED:
        forest = forest_of(draft, steps, last, view.shape[-1])
        said = trees.add(draft, view, replace(forest, link=None))
    else:
        said = scores(draft, view, steps, last)
        at(draft, last)
        if says_shares(draft, last):
            if hasattr(last, "decision_function"):
                raise draft.error(
                    "is asked for its decision_function, which is not said here; take a linear "
                    "model, support vectors, a forest or gradient boosting."
                )
            return shares_of(draft, said, last, classes)
        expect_classes(draft, last)
    at(draft, last)
    if len(last.classes_) != len(classes):
        seen = f"{len(last.classes_)} of {len(classes)}"
        raise draft.error(f"has seen {seen} classes; fit it on samples of all.")
    return said


# -- stacks ---------------------------------------------------------------------------------------


def stack_of(draft: Draft, view: View, before: Sequence[Any], model: Any) -> View:
    """What the last model makes of all that the others say, and of the features if so asked."""
    said = [
        stacked_member(draft, view, before, each, method, getattr(model, "classes_", None))
        for each, method in zip(model.estimators_, model.stack_method_, strict=True)
    ]
    if model.passthrough:
        said.append(through(Flow.of(draft, view), before).settled())
    return said_by(draft, draft.concat(said, 1), (), model.final_estimator_)[0]


def stacked_member(
    draft: Draft, view: View, before: Sequence[Any], member: Any, method: str, classes: Any
) -> View:
    """Its column, or one for each class; of two classes' probabilities the second one's."""
    said, last = said_by(draft, view, before, member)
    if method == "predict_proba":
        if isinstance(classes, list):
            raise draft.error("says several outputs of classes; fit a model for each.")
        return shares_of(draft, said, last, classes)
    if method == "predict" and hasattr(last, "classes_"):
        raise draft.error("says classes within a stack; leave stack_method='auto'.")
    if method == "decision_function":
        if says_shares(draft, last):
            raise draft.error("says probabilities; leave the stack's stack_method='auto'.")
        expect_classes(draft, last)
    return said


def expect_classes(draft: Draft, model: Any) -> None:
    if getattr(model, "decision_function_shape", "ovr") != "ovr" and len(model.classes_) > 2:
        raise draft.error("compares pairs; fit it with decision_function_shape='ovr'.")


BACK: dict[Any, Callable[[Draft, View], View]] = {
    None: lambda draft, view: view,
    np.exp: lambda draft, view: draft.unary("EXP", view),
    np.expm1: lambda draft, view: functions.plus(draft, draft.unary("EXP", view), -1.0),
    np.square: lambda draft, view: draft.binary("MUL", view, view),
}
"""What numpy's functions, which turn a target back, are here."""


def turned_back(draft: Draft, view: View, model: Any) -> View:
    """What a regressor learned to say, in the units of its target."""
    draft.where, scaler = f"step '{type(model).__name__}'", model.transformer_
    if type(scaler).__name__ == "FunctionTransformer":
        if scaler.inv_kw_args:
            raise draft.error(
                f"turns its target back by a function with inv_kw_args {scaler.inv_kw_args}; take "
                "one without, or compile its regressor_ and call that function on the output."
            )
        if scaler.inverse_func not in BACK:
            raise draft.error(
                f"turns its target back by {scaler.inverse_func}; take numpy's exp, expm1 or "
                "square, or compile its regressor_ and call that function on the output."
            )
        return BACK[scaler.inverse_func](draft, view)
    if type(scaler).__name__ not in SCALERS or limits_of(scaler) is not None:
        raise draft.error(
            f"turns its target back by a {type(scaler).__name__}; take one of "
            f"{', '.join(SCALERS)}, or compile its regressor_ and turn its output back."
        )
    flow = Flow.of(draft, view)
    for function, numbers in reversed(numbers_of(draft, scaler, flow.count)):
        one, none = np.ones(flow.count), np.zeros(flow.count)
        if function in (np.subtract, np.add):
            flow = flow.then(one, numbers if function is np.subtract else -numbers)
        else:
            flow = flow.then(numbers if function is np.divide else one / numbers, none)
    return flow.settled()


# -- linear models and perceptrons ----------------------------------------------------------------


def stacked(last: Any) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Weights as units x inputs and biases, layer by layer, in double precision."""
    kind = type(last).__name__
    if kind in PERCEPTRONS:
        weights = [np.asarray(each, dtype=np.float64).T for each in last.coefs_]
        return weights, [np.asarray(each, dtype=np.float64) for each in last.intercepts_]
    if kind == "MultinomialNB":
        return [np.asarray(last.feature_log_prob_)], [np.asarray(last.class_log_prior_)]
    weights = np.atleast_2d(sklearn_scores.dense_array(last.coef_))
    bias = np.asarray(last.intercept_, dtype=np.float64).reshape(-1)
    if kind == "PLSRegression":
        bias = bias - weights @ last._x_mean
    return [weights], [np.broadcast_to(bias, (len(weights),)).copy()]


def layers_of(flow: Flow, last: Any) -> View:
    draft, kind = flow.draft, type(last).__name__
    weights, biases = stacked(last)
    for place, (each, bias) in enumerate(zip(weights, biases, strict=True)):
        view = flow.dense(each, bias)
        if place + 1 < len(weights):
            view = activated(draft, view, ACTIVATIONS[last.activation])
        flow = Flow.of(draft, view)
    if kind in PERCEPTRONS:
        if last.out_activation_ == "softmax":
            return draft.softmax(view, -1)
        return activated(draft, view, ACTIVATIONS[last.out_activation_])
    if kind == "MultinomialNB":
        return draft.softmax(view, -1)
    if kind in COUNTING:
        return view if has_identity(last) else draft.unary("EXP", view)
    return shares(draft, view, last) if kind in PROBABLE else view


def has_identity(model: Any) -> bool:
    """Is a generalized linear model's link none?"""
    link, power = getattr(model, "link", "log"), getattr(model, "power", 1)
    return link == "identity" or (link == "auto" and power <= 0)


def shares(draft: Draft, view: View, last: Any) -> View:
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
