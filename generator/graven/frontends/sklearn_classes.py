"""What turns models' answers into probabilities of classes: one model for each class against the
rest, and calibration by a curve for each class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graven.frontends import functions
from graven.frontends.nchw import Draft, View
from graven.frontends.sklearn_steps import Flow

ONE_OR_REST = "OneVsRestClassifier"
PAIRS = "OneVsOneClassifier"
CALIBRATED = "CalibratedClassifierCV"
NAMES = (ONE_OR_REST, PAIRS, CALIBRATED)


def of_one_or_rest(draft: Draft, said: Sequence[View], model: Any, are_shares: bool) -> View:
    """A column for each class; of probabilities, unless several classes hold at once, shares."""
    view = draft.concat(said, 1) if len(said) > 1 else said[0]
    apart = not are_shares or len(said) == 1 or model.multilabel_
    return view if apart else to_one(draft, view)


def to_one(draft: Draft, view: View) -> View:
    """By their sum; zeros alone stay zeros."""
    total = draft.reduce("SUM", view, [1], keep=True)
    total = draft.binary("MAXIMUM", total, np.float32([np.finfo(np.float32).tiny]))
    return draft.binary("DIV", view, total)


def is_bent(model: Any) -> bool:
    """By curves as steep as samples are near to each other."""
    return type(model).__name__ == CALIBRATED and model.method == "isotonic"


def calibrated(draft: Draft, view: View, found: Any) -> View:
    """Probabilities of what one of the models in a CalibratedClassifierCV says, a column for each
    class or, of two classes, the second one's."""
    if found.method == "sigmoid":
        slopes = np.array([-float(each.a_) for each in found.calibrators])
        offsets = np.array([-float(each.b_) for each in found.calibrators])
        view = draft.unary("LOGISTIC", Flow.of(draft, view).then(slopes, offsets).settled())
    elif found.method == "isotonic":
        columns = [functions.part(draft, view, 1, at, 1) for at in range(view.shape[-1])]
        pairs = zip(columns, found.calibrators, strict=True)
        bent = [curve(draft, column, each) for column, each in pairs]
        if len(bent) == 1:
            return bent[0]
        view = draft.concat(bent, 1)
        return to_one(draft, draft.binary("ADD", view, nothing(draft, view)))
    elif found.method == "temperature":
        return tempered(draft, view, found)
    else:
        raise draft.error(
            f"is calibrated by {found.method!r}; fit it with method='sigmoid', 'isotonic' or "
            "'temperature'."
        )
    return view if view.shape[-1] == 1 else to_one(draft, view)


def tempered(draft: Draft, view: View, found: Any) -> View:
    """One factor for all scores; those of two classes are -x and x."""
    if not hasattr(found.estimator, "decision_function"):
        raise draft.error(
            "is calibrated by the logarithms of probabilities, which float32 does not tell apart "
            "near 1; fit it with method='sigmoid' or 'isotonic'."
        )
    factor = float(found.calibrators[0].beta_)
    if view.shape[-1] == 1:
        return draft.unary("LOGISTIC", functions.times(draft, view, 2.0 * factor))
    return draft.softmax(functions.times(draft, view, factor), -1)


def curve(draft: Draft, column: View, found: Any) -> View:
    """An IsotonicRegression: level outside, straight between its points; the sum of what it rises
    by from each point to the next."""
    at, to = (np.asarray(each, np.float64) for each in (found.X_thresholds_, found.y_thresholds_))
    rising = np.flatnonzero(np.diff(to))
    if not rising.size:
        return functions.plus(draft, functions.times(draft, column, 0.0), float(to[0]))
    starts, widths = at[rising], np.diff(at)[rising]
    beyond = draft.binary("SUB", column, starts[None].astype(np.float32))
    share = draft.binary("MUL", beyond, (1.0 / widths)[None].astype(np.float32))
    return Flow.of(draft, draft.clip(share, 0.0, 1.0)).dense(np.diff(to)[rising][None], to[:1])


def nothing(draft: Draft, view: View) -> View:
    """1 where a sample's numbers, none of them below 0, are all 0: then all classes are alike."""
    total = draft.reduce("SUM", view, [1], keep=True)
    return functions.real(draft, functions.compared(draft, "EQUAL", total, np.float32([0.0])))
