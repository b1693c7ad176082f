"""Reads the JSON files of boosted trees: XGBoost's (save_model("model.json")) and LightGBM's
(json.dump(booster.dump_model(), file)). Neither package is needed.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from graven import ir
from graven.errors import GravenError, described, first_line, printable
from graven.frontends.tflite import identifier
from graven.trees import LEAF, Forest, Tree, below, largest_float, network

XGBOOST_LINKS = {
    "binary:logistic": "LOGISTIC", "reg:logistic": "LOGISTIC", "binary:logitraw": None,
    "multi:softprob": "SOFTMAX", "multi:softmax": "SOFTMAX", "count:poisson": "EXP",
    "reg:gamma": "EXP", "reg:tweedie": "EXP", "reg:squarederror": None, "reg:linear": None,
    "reg:absoluteerror": None, "reg:pseudohubererror": None, "reg:squaredlogerror": None,
    "reg:quantileerror": None, "rank:pairwise": None, "rank:ndcg": None, "rank:map": None,
}  # fmt: skip
LIGHTGBM_LINKS = {
    "binary": "LOGISTIC", "cross_entropy": "LOGISTIC", "multiclass": "SOFTMAX",
    "multiclassova": "LOGISTIC", "poisson": "EXP", "gamma": "EXP", "tweedie": "EXP",
    "regression": None, "regression_l1": None, "huber": None, "fair": None, "quantile": None,
    "mape": None, "lambdarank": None, "rank_xendcg": None,
}  # fmt: skip
CATEGORIES = (
    "splits by categories, which Trees cannot; encode them as numbers (one column per category) "
    "and train again"
)


def load(path: Path, layout: str | None = None) -> ir.Network:
    """`layout` is for images: there are none."""
    try:
        model = json.loads(path.read_bytes())
    except OSError as error:
        raise GravenError(f"{path}: cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise GravenError(
            f"{path}: is no JSON: {first_line(error)}; save the model again."
        ) from None
    return network(forest(model, printable(path.name)), identifier(path.stem))


def forest(model: Any, source: str) -> Forest:
    """The trees of a file's content; `source` is what messages call it."""
    try:
        if isinstance(model, dict) and "learner" in model:
            return xgboost(model["learner"], source)
        if isinstance(model, dict) and "tree_info" in model:
            return lightgbm(model, source)
    except (LookupError, TypeError, ArithmeticError, ValueError, AttributeError) as error:
        raise GravenError(
            f"{source}: is damaged or of an unknown version ({described(error)}); "
            "save the model again."
        ) from None
    raise GravenError(
        f"{source}: is no model of XGBoost (save_model) or LightGBM (dump_model) in JSON; those "
        "have 'learner' or 'tree_info' at the top."
    )


def link_of(source: str, objective: str, links: dict[str, str | None]) -> str | None:
    if objective not in links:
        raise GravenError(
            f"{source}: has the objective '{objective}', expected one of {', '.join(links)}."
        )
    return links[objective]


# -- XGBoost: x < threshold to the left; sums in float32, tree after tree ------------------------


def xgboost(learner: dict, source: str) -> Forest:
    booster = learner["gradient_booster"]
    if booster["name"] != "gbtree":
        raise GravenError(
            f"{source}: is made by the booster '{booster['name']}', expected gbtree; train with "
            "booster='gbtree'."
        )
    link = link_of(source, learner["objective"]["name"], XGBOOST_LINKS)
    stated, model = learner["learner_model_param"], booster["model"]
    groups = max(int(stated["num_class"]), int(stated.get("num_target", 1)), 1)
    expect_trees(groups, len(model["trees"]), source)
    of_group: list[list[Tree]] = [[] for _ in range(groups)]
    for each, group in zip(model["trees"], model["tree_info"], strict=True):
        of_group[group].append(xgboost_tree(each, source))
    scores = [float(each) for each in str(stated["base_score"]).strip("[]").split(",")]
    base = np.broadcast_to(margin(np.array(scores, np.float32), link), (groups,))
    return Forest(source, int(stated["num_feature"]), in_turn(of_group, source), base, "float32",
                  link=link)  # fmt: skip


def margin(score: np.ndarray, link: str | None) -> np.ndarray:
    """What the sums start with, of the score that they start with."""
    one = np.float32(1)
    if link == "LOGISTIC":
        return -np.log(one / score - one)
    return np.log(score) if link == "EXP" else score


def expect_trees(outputs: int, trees: int, source: str) -> None:
    if not 0 < outputs <= trees:
        raise GravenError(
            f"{source}: has {trees} trees for {outputs} outputs, expected one or more for each; "
            "train the model, or save it again."
        )


def in_turn(of_group: list[list[Tree]], source: str) -> list[Tree]:
    if len({len(trees) for trees in of_group}) != 1:
        raise GravenError(f"{source}: has not as many trees for each class; it is damaged.")
    return [tree for round in zip(*of_group, strict=True) for tree in round]


def xgboost_tree(tree: dict, source: str) -> Tree:
    left = np.array(tree["left_children"])
    if int(tree["tree_param"].get("size_leaf_vector", 1)) > 1:
        raise GravenError(f"{source}: has several numbers per leaf; train with one output.")
    if any(tree.get("split_type", [])) or tree.get("categories"):
        raise GravenError(f"{source}: {CATEGORIES}.")
    conditions = np.array(tree["split_conditions"], np.float32)
    return Tree(
        feature=np.array(tree["split_indices"]),
        threshold=below(conditions),
        missing_left=np.array(tree["default_left"], bool),
        left=left,
        right=np.array(tree["right_children"]),
        values=conditions[:, None],
    )


# -- LightGBM: x <= threshold, a double, to the left; sums in double -----------------------------


def lightgbm(model: dict, source: str) -> Forest:
    words = (model.get("objective") or "regression").split()
    link = link_of(source, words[0], LIGHTGBM_LINKS)
    if "sqrt" in words[1:]:
        raise GravenError(f"{source}: squares its sums (reg_sqrt); train without it.")
    factors = [float(word.partition(":")[2]) for word in words if word.startswith("sigmoid:")]
    factor = math.prod(factors) if link == "LOGISTIC" else 1.0
    outputs = int(model["num_tree_per_iteration"])
    expect_trees(outputs, len(model["tree_info"]), source)
    trees = [lightgbm_tree(each["tree_structure"], factor, source) for each in model["tree_info"]]
    sum = "mean" if model.get("average_output") else "float64"
    features = int(model["max_feature_idx"]) + 1
    return Forest(source, features, trees, np.zeros(outputs), sum, link=link)


def lightgbm_tree(structure: dict, factor: float, source: str) -> Tree:
    nodes, children = [structure], []
    for node in nodes:  # which grows
        below = [node[side] for side in ("left_child", "right_child") if "split_index" in node]
        children.append([len(nodes) + k for k in range(len(below))] or [LEAF, LEAF])
        nodes += below
    if any("leaf_coeff" in node for node in nodes):
        raise GravenError(f"{source}: has a line in each leaf; train with linear_tree off.")
    splits = [split(node, source) if "split_index" in node else NO_SPLIT for node in nodes]
    feature, threshold, missing = zip(*splits, strict=True)
    left, right = np.array(children).T
    values = [float(node.get("leaf_value", 0.0)) * factor for node in nodes]
    return Tree(
        np.array(feature), largest_float(np.array(threshold)), np.array(missing), left, right,
        np.array(values)[:, None],
    )  # fmt: skip


NO_SPLIT = (0, 0.0, False)
ZERO = 1e-35
"""LightGBM takes what is no larger for 0."""


def split(node: dict, source: str) -> tuple[int, float, bool]:
    """Feature, threshold, and whether NaN goes to the left."""
    if node["decision_type"] != "<=":
        raise GravenError(f"{source}: {CATEGORIES}.")
    threshold, default = float(node["threshold"]), bool(node["default_left"])
    if node["missing_type"] == "NaN":
        return node["split_feature"], threshold, default
    zero_left = threshold >= ZERO
    if node["missing_type"] == "Zero" and (default != zero_left or abs(threshold) < ZERO):
        raise GravenError(f"{source}: takes 0 for missing (zero_as_missing); train with it off.")
    return node["split_feature"], threshold, threshold >= 0  # NaN is taken for 0
