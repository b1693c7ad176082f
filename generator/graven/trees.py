"""Decision trees as front ends find them, and the arrays of the layer Trees that they become.

A node sends x to the left where x <= threshold, x and threshold float32: the number that makes the
same decisions as the library's own comparison does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from graven import ir
from graven.errors import GravenError
from graven.frontends.nchw import ELEMENTS, Draft, View, plain
from graven.layers.trees import ARRAYS, MISSING_LEFT, Sum
from graven.node import Option
from graven.quantize.decisions import Choice, Report
from graven.quantize.kinds import kind_of
from graven.quantize.post_training import Quantized

LEAF = -1
KINDS_OF_INPUTS = ("int8", "int16x8")
FINITE = np.finfo(np.float32).min, np.finfo(np.float32).max
MOST_NODES, MOST_LEAVES, MOST_FEATURES = 1 << 15, 1 << 15, MISSING_LEFT


@dataclass(frozen=True, eq=False)
class Tree:
    """Per node; the root is the first. A leaf's children are LEAF."""

    feature: np.ndarray
    threshold: np.ndarray  # float32
    missing_left: np.ndarray  # bool
    left: np.ndarray
    right: np.ndarray
    values: np.ndarray  # nodes x width; of inner nodes, anything


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees whose leaves are summed; with one number per leaf they take the outputs in turn."""

    source: str  # for messages
    features: int
    trees: Sequence[Tree]
    base: np.ndarray  # per output
    sum: str  # of Sum
    exact: bool = False  # leaves keep their doubles: equal votes must stay equal
    link: str | None = None  # LOGISTIC, SOFTMAX, EXP of the sums


def largest_float(threshold: np.ndarray) -> np.ndarray:
    """The float32 t for which x <= t says the same as x <= threshold of every float32 x."""
    threshold = np.asarray(threshold, np.float64)
    with np.errstate(over="ignore"):
        found = threshold.astype(np.float32)
    found = np.where(found.astype(np.float64) > threshold, below(found), found)
    return np.clip(found, *FINITE)


def below(threshold: np.ndarray) -> np.ndarray:
    """The float32 t for which x <= t says the same as x < threshold, a float32."""
    return np.nextafter(np.asarray(threshold, np.float32), np.float32(-np.inf))


Step = tuple[np.ufunc, np.ndarray]
"""Done to x: subtract, divide, ... by a number per feature; no step lets x fall where it rises."""


def behind(steps: Sequence[Step], forest: Forest) -> Forest:
    """The forest of x where this one is of what the steps make of x, each rounded to float32."""

    def seen(x: np.ndarray, tree: Tree) -> np.ndarray:
        for function, numbers in steps:
            x = function(x.astype(np.float64), numbers[tree.feature]).astype(np.float32)
        return x

    def moved(tree: Tree) -> Tree:
        low = np.full(len(tree.threshold), KEY_OF_LEAST, np.int64)
        high = -low
        while (low < high).any():  # by halves, over all numbers in their order
            middle = (low + high + 1) // 2
            with np.errstate(over="ignore"):
                fits = seen(from_key(middle), tree) <= tree.threshold
            low, high = np.where(fits, middle, low), np.where(fits, high, middle - 1)
        return replace(tree, threshold=from_key(low))

    return replace(forest, trees=[moved(tree) for tree in forest.trees]) if steps else forest


KEY_OF_LEAST = -0x7F7FFFFF  # of the least finite float32


def from_key(key: np.ndarray) -> np.ndarray:
    """The float32 that is so many numbers above 0."""
    magnitude = np.abs(key).astype(np.uint32).view(np.float32)
    return np.where(key < 0, -magnitude, magnitude).astype(np.float32)


# -- the layer's arrays ---------------------------------------------------------------------------


@dataclass
class Arrays:
    """Nodes so far, each before those below it, and every leaf once."""

    features: list[int] = field(default_factory=list)
    thresholds: list[float] = field(default_factory=list)
    children: list[list[int]] = field(default_factory=list)
    roots: list[int] = field(default_factory=list)
    leaves: dict[bytes, int] = field(default_factory=dict)

    def leaf(self, value: np.ndarray) -> int:
        return -1 - self.leaves.setdefault(value.tobytes(), len(self.leaves))

    def add(self, tree: Tree, values: np.ndarray) -> None:
        self.roots.append(len(self.features))
        if tree.left[0] == LEAF:  # both ways lead to it
            leaf = self.leaf(values[0])
            self.node(0, np.float32(0), False, [leaf, leaf])
            return
        places: dict[int, int] = {}
        waiting = [0]
        while waiting:
            at = waiting.pop()
            places[at] = len(self.features)
            below = [int(tree.left[at]), int(tree.right[at])]
            self.node(tree.feature[at], tree.threshold[at], tree.missing_left[at], below)
            waiting += [each for each in below[::-1] if tree.left[each] != LEAF]
        for place in places.values():
            self.children[place] = [
                places[each] - place if each in places else self.leaf(values[each])
                for each in self.children[place]
            ]

    def node(self, feature: int, threshold: float, missing_left: bool, children: list[int]) -> None:
        self.features.append(int(feature) | (MISSING_LEFT if missing_left else 0))
        self.thresholds.append(threshold)
        self.children.append(children)


def expect_sound(forest: Forest) -> None:
    """Nothing that a front end has read is believed."""
    if not forest.trees:
        raise GravenError(f"{forest.source}: trees: there are none; train the model.")
    if forest.features > MOST_FEATURES:
        raise GravenError(
            f"{forest.source}: trees: have {forest.features:,} features, but at most "
            f"{MOST_FEATURES:,} work; choose some."
        )
    for number, tree in enumerate(forest.trees):
        if fault := fault_of(tree, forest.features):
            raise GravenError(
                f"{forest.source}: tree {number} {fault}; the file is damaged, save the model "
                "again."
            )


def fault_of(tree: Tree, features: int) -> str:
    """What is wrong with it: no tree whose nodes each have one parent, all of the features."""
    whole, nodes = (tree.left, tree.right, tree.feature), len(np.atleast_1d(tree.left))
    sizes = {each.shape for each in (*whole, tree.threshold, tree.missing_left)}
    if sizes != {(nodes,)} or tree.values.shape[0] != nodes or nodes == 0:
        return f"has {nodes} nodes, but not as many of all their numbers"
    if any(each.dtype.kind not in "iu" for each in whole):
        return "has children or features that are no whole numbers"
    inner = tree.left != LEAF
    if (inner != (tree.right != LEAF)).any():
        return "has a node with one child"
    children = np.concatenate([tree.left[inner], tree.right[inner]])
    if ((children < 1) | (children >= nodes)).any():
        return f"names a node that is none of its {nodes}"
    if len(np.unique(children)) != len(children):
        return "leads to one node in two ways"
    if ((tree.feature[inner] < 0) | (tree.feature[inner] >= features)).any():
        return f"asks for a feature that is none of the {features}"
    return ""


def arrays(forest: Forest) -> dict[str, np.ndarray]:
    """The constants of the layer, by name."""
    expect_sound(forest)
    wide = forest.exact and any(
        (tree.values[tree.left == LEAF] != tree.values[tree.left == LEAF].astype(np.float32)).any()
        for tree in forest.trees
    )
    dtype = np.float64 if wide else np.float32
    found, width = Arrays(), forest.trees[0].values.shape[1]
    for tree in forest.trees:
        before = len(found.features)
        found.add(tree, np.ascontiguousarray(tree.values, dtype))
        check_size(forest, len(found.features) - before, len(found.leaves))
    leaves = np.frombuffer(b"".join(found.leaves), dtype).reshape(-1, width)
    return {
        "features": np.array(found.features, np.int16),
        "thresholds": np.array(found.thresholds, np.float32),
        "children": np.array(found.children, np.int16),
        "roots": np.array(found.roots, np.int32),
        "leaves": leaves.view(np.int64) if wide else leaves,
        "base": np.asarray(forest.base, np.float64).view(np.int64),
    }


def check_size(forest: Forest, nodes: int, leaves: int) -> None:
    if nodes > MOST_NODES or leaves > MOST_LEAVES:
        raise GravenError(
            f"{forest.source}: has a tree of {nodes:,} nodes, and trees of {leaves:,} different "
            f"leaves or more, but at most {MOST_NODES:,} of each work; limit the trees (max_depth, "
            "min_samples_leaf, max_leaf_nodes) or their number."
        )


def network(forest: Forest, name: str) -> ir.Network:
    """Its input is x, a number per feature; its output y."""
    draft = Draft(forest.source, "trees")
    view = draft.input("x", (1, forest.features), "nchw")
    view = add(draft, view, forest)
    return draft.network(name, {"y": view}, "nchw")


def add(draft: Draft, view: View, forest: Forest) -> View:
    found = arrays(forest)
    inputs = [view.index, *(draft.constant(found[each]) for each in ARRAYS)]
    options: dict[str, Option] = {"sum": int(Sum[forest.sum])}
    shape = (1, len(forest.base))
    view = plain(draft.emit("Trees", inputs, shape, options), shape)
    if forest.link == "SOFTMAX":
        return draft.softmax(view, -1)
    return draft.unary(forest.link, view) if forest.link else view


# -- integers in ----------------------------------------------------------------------------------


def is_forest(network: ir.Network) -> bool:
    """Do trees read its input, and nothing else?"""
    return readers(network) == ["Trees"]


def readers(network: ir.Network) -> list[str]:
    """Of its input, by name."""
    return [each.name for each in network.operators if network.inputs[0] in each.inputs]


def expect_forest_or_none(network: ir.Network) -> None:
    """Before it is quantized."""
    if any(each.name == "Trees" for each in network.operators) and not is_forest(network):
        others = "trees" if set(readers(network)) == {"Trees"} else "layers"
        raise GravenError(
            f"{network.source}: has trees beside other {others}, of which no integers are made; "
            "keep it in float32, or quantize the trees and the rest as models of their own."
        )


def quantized(network: ir.Network, samples: np.ndarray, kind: str) -> Quantized:
    """The same trees of an int8 or (int16x8) int16 input, whose range is that of the samples. A
    threshold is the last integer that went to the left: exactly what the float32 trees say of the
    real numbers that the integers stand for."""
    element, operator = kind_of(kind).activations, network.operators[0]
    if kind not in KINDS_OF_INPUTS:
        raise GravenError(
            f"{network.source}: quantize '{kind}': is of weights, which trees have none of; take "
            f"{' or '.join(KINDS_OF_INPUTS)}."
        )
    limits = np.iinfo(element.dtype)
    scale, zero = range_of(samples, element)
    every = np.arange(limits.min, limits.max + 1)
    reals = scale * (every - zero).astype(np.float32)
    place = dict(zip(ARRAYS, operator.inputs[1:], strict=True))
    tensors = list(network.tensors)
    last = np.searchsorted(reals, tensors[place["thresholds"]].data, side="right") - 1
    children = tensors[place["children"]].data.copy()
    never = last < 0  # no integer goes to the left: all of them go to what was the right
    children[never, 0] = children[never, 1]
    thresholds = np.where(never, limits.max, every[last]).astype(element.dtype)
    given = operator.inputs[0]
    quantization = ir.Quantization((float(scale),), (int(zero),))
    tensors[given] = replace(tensors[given], element=element, quantization=quantization)
    for name, data in (("thresholds", thresholds), ("children", children)):
        tensors[place[name]] = replace(
            tensors[place[name]], data=data, element=ELEMENTS[data.dtype]
        )
    seen = float(np.nanmin(samples)), float(np.nanmax(samples))
    ends = float(reals[0]), float(reals[-1])
    chosen = Choice(tensors[given].name, "min-max", ends, seen, float(scale), int(zero))
    report = Report(kind, len(samples), 0, [chosen])
    return Quantized(replace(network, tensors=tuple(tensors)), report)


def range_of(samples: np.ndarray, element: ir.Element) -> tuple[np.float32, int]:
    """Scale and zero point; int16 is symmetric, as everywhere."""
    low, high = min(float(np.nanmin(samples)), 0.0), max(float(np.nanmax(samples)), 0.0)
    if element is ir.Element.INT16:
        return np.float32(max(-low, high, 1e-30) / 32767), 0
    scale = np.float32(max(high - low, 1e-30) / 255)
    return scale, int(np.clip(round(-128 - low / float(scale)), -128, 127))
