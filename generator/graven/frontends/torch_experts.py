"""Mixtures of experts in a graph of PyTorch, however they are written: a loop over the experts that
gathers its tokens, all experts weighed by a gate, or stacked weights.

A product that chooses (a softmax or topk follows) is a router. What depends on its input, up to the
first node behind which nothing else of it is needed, is run by PyTorch on random numbers beside
what layers/moe.py computes of the constants in there: where both agree, that is what it is.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graven.errors import GravenError
from graven.frontends.nchw import Draft

SIZES = (1.0, 1.0, 10.0, 100.0)  # of a trial's numbers: a limit shows where they are large
WITHIN = 1e-4  # of a trial's largest output
MOST_NODES = 20_000
PRODUCTS = {"linear": 1, "addmm": 2, "matmul": 1, "mm": 1}
"""Which argument is the matrix."""
CONVOLUTIONS = ("conv", "_conv")
RESHAPES = ("view", "reshape", "_unsafe_view", "flatten", "squeeze", "unsqueeze", "contiguous",
            "to", "_to_copy", "clone", "detach", "alias")  # fmt: skip
EXPECTED = (
    "expected experts down(SiLU(gate x) * up x) without biases, weighed by the softmax of the "
    "chosen ones' logits (layer MoE); write it so, or compute all experts, weigh them by a softmax "
    "and add them up"
)


@dataclass(frozen=True)
class Mixture:
    data: Any  # nodes
    router: Any
    top: int
    weights: tuple[np.ndarray, np.ndarray, np.ndarray]  # gate, up, down


@dataclass
class Found:
    by_result: dict[str, Mixture] = field(default_factory=dict)
    inside: set[str] = field(default_factory=set)
    why: dict[str, str] = field(default_factory=dict)  # by node: what is wrong with its mixture

    @contextlib.contextmanager
    def explained(self, node: Any, draft: Draft) -> Iterator[None]:
        """What a node of a mixture cannot be is the mixture's mistake."""
        try:
            yield
        except GravenError:
            if node.name not in self.why:
                raise
            draft.where = f"node '{node.name}'"
            raise draft.error(self.why[node.name]) from None


def mixtures(graph: Any, constants: dict[str, Any], kind_of: Any) -> Found:
    """`constants` by the names of their placeholders."""
    found = Found()
    if not any(kind_of(node.target) in ("topk", "softmax", "_softmax", "argmax", "max")
               for node in graph.nodes if node.op == "call_function"):  # fmt: skip
        return found
    search = _Search(graph, constants, kind_of)
    for node in search.nodes:
        if node.name not in found.inside:
            search.look(node, found)
    return found


class _Search:
    def __init__(self, graph: Any, constants: dict[str, Any], kind_of: Any) -> None:
        self.kind_of, self.constants = kind_of, constants
        self.nodes = [node for node in graph.nodes if node.op == "call_function"][:MOST_NODES]
        self.places = {node: place for place, node in enumerate(self.nodes)}
        self.inputs: dict[Any, list] = {}  # what was written in place is its last writer
        self.last: dict[Any, int] = {}  # where a node is read last
        self.fixed: set[str] = set(constants)  # what is computed of constants alone, too
        written: dict[Any, Any] = {}
        for place, node in enumerate(self.nodes):
            self.inputs[node] = [written.get(each, each) for each in node.all_input_nodes]
            for each in self.inputs[node]:
                self.last[each] = place
            if self.inputs[node] and all(each.name in self.fixed for each in self.inputs[node]):
                self.fixed.add(node.name)
            if self.kind(node).endswith("_") and not self.kind(node).startswith("_"):
                first = node.args[0]
                written[first] = node
                written.update({a: node for a, b in written.items() if b is first})
        for node in graph.nodes:
            if node.op == "output":
                for each in node.all_input_nodes:
                    self.last[written.get(each, each)] = len(self.nodes)

    def kind(self, node: Any) -> str:
        return self.kind_of(node.target)

    def look(self, router: Any, found: Found) -> None:
        experts = self.experts_of(router)
        if experts < 2 or not self.chooses(router):
            return
        data, after, tried = self.data_of(router), {router}, False
        for node in self.nodes[self.places[router] + 1 :]:
            if after.isdisjoint(self.inputs[node]):
                continue
            after.add(node)
            place = self.places[node]
            if any(self.last.get(each, 0) > place for each in after - {node}):
                continue
            region = self.region(data, node)
            if region is None:
                return
            stacks, biased = self.stacks(region, experts, router)
            if not stacks or any(self.last.get(each, 0) > place for each in region - {node}):
                continue
            trial = self.trial(data, router, node, region)
            chosen = None if trial is None else trial.recognised(stacks, self.tops(region, experts))
            if chosen is not None:
                found.by_result[node.name] = Mixture(data, router, *chosen)
                found.inside |= self.inside(region, router, place)
                return
            if not tried:  # what comes behind the first is no mixture's
                reason = "have biases" if biased else "are other ones"
                sentence = f"is of a mixture of {experts} experts that {reason}, {EXPECTED}."
                found.why.update({each.name: sentence for each in region})
            tried = True

    def experts_of(self, node: Any) -> int:
        """How many a product with a constant matrix could choose among; 0 of other nodes."""
        place, shape = PRODUCTS.get(self.kind(node), 0), shape_of(node)
        if not place or node.name in self.fixed or not shape:
            return 0
        matrix = node.args[place]
        known = matrix.name in self.fixed and len(shape_of(matrix)) == 2
        return shape[-1] if known else 0

    def chooses(self, router: Any) -> bool:
        """A softmax or topk of it follows."""
        near = [router]
        for _ in range(4):
            near = [each for node in near for each in node.users]
            if any(self.kind(each) in ("softmax", "_softmax", "topk", "argmax") for each in near):
                return True
        return False

    def data_of(self, router: Any) -> Any:
        """The router's input, before it was reshaped."""
        node = router.args[1 if self.kind(router) == "addmm" else 0]
        while node in self.places and self.kind(node) in RESHAPES:
            if shape_of(node)[-1:] != shape_of(node.args[0])[-1:]:
                break
            node = node.args[0]
        return node

    def region(self, data: Any, result: Any) -> set | None:
        """What the result is computed by from `data` and constants; None: of more than those."""
        found, left = {result}, [result]
        while left:
            for each in self.inputs[left.pop()]:
                if each is data or each in found or each.name in self.constants:
                    continue
                if each not in self.places:
                    return None
                found.add(each)
                left.append(each)
                written = each.args[0] if self.kind(each).endswith("_") else data
                if written in self.places and written is not data and written not in found:
                    found.add(written)
                    left.append(written)
        return found

    def before(self, router: Any, region: set) -> set[str]:
        """What the router's input is computed by, and the router: read as anything else is."""
        found, left = {router}, [router]
        while left:
            more = [each for each in self.inputs[left.pop()] if each in region - found]
            found.update(more)
            left += more
        return {each.name for each in found}

    def inside(self, region: set, router: Any, place: int) -> set[str]:
        """What needs not be read; of assertions, too, which nothing reads."""
        found = {each.name for each in region} - self.before(router, region)
        for node in self.nodes[:place]:
            if any(each.name in found for each in self.inputs[node]):
                found.add(node.name)
        return found

    def tops(self, region: set, experts: int) -> list[int]:
        stated = {node.args[1] for node in region if self.kind(node) == "topk"}
        return sorted(k for k in {*stated, 1, experts} if isinstance(k, int) and 0 < k <= experts)

    def stacks(self, region: set, experts: int, router: Any) -> tuple[list[np.ndarray], bool]:
        """Matrices with an axis of experts before, in the order of their names, and whether there
        are vectors as well."""
        nodes = sorted(region - {router}, key=self.places.__getitem__)
        names = dict.fromkeys(
            each.name
            for node in nodes
            if not self.kind(node).startswith(CONVOLUTIONS)
            for each in self.inputs[node]
            if each.name in self.constants
        )
        known = {self.constants[name][0]: self.constants[name][1] for name in names}
        arrays = {name: each.float().numpy() for name, each in known.items()
                  if each.is_floating_point() and each.ndim}  # fmt: skip
        whole = [each for each in arrays.values() if each.shape[0] == experts and each.ndim == 3]
        groups = grouped([name for name, each in arrays.items() if each.ndim < 3], experts)
        members = [[arrays[name] for name in group] for group in groups]
        alike = [np.stack(each) for each in members if len({one.shape for one in each}) == 1]
        matrices = [*whole, *(each for each in alike if each.ndim == 3)]
        return matrices, any(each.ndim == 2 for each in alike)

    def trial(self, data: Any, router: Any, result: Any, region: set) -> _Trial | None:
        """What PyTorch makes of random numbers."""
        import torch

        generator = torch.Generator().manual_seed(0)
        nodes = sorted(region, key=self.places.__getitem__)
        found: list[list[np.ndarray]] = []
        for size in SIZES:
            x = size * torch.randn(shape_of(data), generator=generator)
            values = {each.name: tensor for each, tensor in self.known(region)}
            values[data.name] = x
            try:
                with torch.no_grad():
                    run(nodes, values)
            except Exception:  # whatever an operator says of random numbers
                return None
            made = [x, values[router.name], values[result.name]]
            if not isinstance(made[2], torch.Tensor) or made[2].numel() != x.numel():
                return None
            if made[2].shape[-1:] != x.shape[-1:]:
                return None
            rows = [each.double().reshape(-1, each.shape[-1]).numpy() for each in made]
            found.append([*rows, np.full((len(rows[0]), 1), np.abs(rows[2]).max())])
        return _Trial(*(np.concatenate(each) for each in zip(*found, strict=True)))

    def known(self, region: set) -> Iterator[tuple[Any, Any]]:
        for node in region:
            for each in self.inputs[node]:
                if each.name in self.constants:
                    yield each, self.constants[each.name][1]


def run(nodes: list, values: dict[str, Any]) -> None:
    from torch.fx import map_arg

    for node in nodes:
        given, named = map_arg((node.args, node.kwargs), lambda each: values[each.name])
        values[node.name] = node.target(*given, **named)


def shape_of(node: Any) -> tuple[int, ...]:
    value = node.meta.get("val") if hasattr(node, "meta") else None
    return tuple(value.shape) if hasattr(value, "shape") else ()


def grouped(names: list[str], experts: int) -> list[list[str]]:
    """Names that one of their numbers tells apart, in its order; the number of the experts is the
    first that has so many values."""
    parts = {name: name.split(".") for name in names}
    for place in range(max(map(len, parts.values()), default=0)):
        groups: dict[tuple[str, ...], list[str]] = {}
        for name, words in parts.items():
            if len(words) > place and words[place].isdigit():
                groups.setdefault((*words[:place], *words[place + 1 :]), []).append(name)
        found = [
            sorted(group, key=lambda name: int(parts[name][place]))
            for group in groups.values()
            if len(group) == experts
        ]
        if found:
            return found
    return []


@dataclass(frozen=True)
class _Trial:
    """Rows of the input, of the logits and of the output, and the largest output of their trial."""

    data: np.ndarray
    logits: np.ndarray
    found: np.ndarray
    most: np.ndarray

    def recognised(
        self, stacks: list[np.ndarray], tops: list[int]
    ) -> tuple[int, tuple[np.ndarray, np.ndarray, np.ndarray]] | None:
        channels = self.data.shape[-1]
        for gate, up, down in readings(stacks, channels):
            for top in tops:
                answer = computed(self.data, self.logits, (gate, up, down), top)
                near = np.abs(answer - self.found) <= WITHIN * self.most
                if near.all() and self.most.min() > 0:
                    return top, (gate, up, down)
        return None


def readings(
    stacks: list[np.ndarray], channels: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """What the matrices could be: experts x hidden x channels twice, experts x channels x hidden;
    each perhaps turned round, the first two perhaps one."""

    def turned(stack: np.ndarray) -> list[np.ndarray]:
        return [stack, stack.swapaxes(1, 2)]

    def fits(*three: np.ndarray) -> bool:
        hidden = three[0].shape[1]
        wanted = [(hidden, channels), (hidden, channels), (channels, hidden)]
        return [each.shape[1:] for each in three] == wanted

    if len(stacks) == 3:
        for order in itertools.permutations(stacks):
            yield from (each for each in itertools.product(*map(turned, order)) if fits(*each))
    if len(stacks) == 2:
        for both, down in itertools.permutations(stacks):
            for one, other in itertools.product(turned(both), turned(down)):
                half = one.shape[1] // 2
                for parts in ((one[:, :half], one[:, half:]), (one[:, ::2], one[:, 1::2])):
                    for pair in (parts, parts[::-1]):
                        if fits(*pair, other):
                            yield (*pair, other)


def computed(
    data: np.ndarray, logits: np.ndarray, weights: tuple[np.ndarray, ...], top: int
) -> np.ndarray:
    """As layers/moe.py, all experts at once."""
    gate, up, down = (each.astype(np.float64) for each in weights)
    chosen = np.argsort(-logits, axis=-1, kind="stable")[:, :top]
    best = np.take_along_axis(logits, chosen, -1)
    shares = np.exp(best - best[:, :1])
    shares /= shares.sum(axis=-1, keepdims=True)
    spread = np.zeros_like(logits)
    np.put_along_axis(spread, chosen, shares, -1)
    opened = np.einsum("rc,ehc->reh", data, gate)
    with np.errstate(over="ignore"):  # where SiLU is 0
        passed = opened / (1 + np.exp(-opened)) * np.einsum("rc,ehc->reh", data, up)
    return np.einsum("re,reh,ech->rc", spread, passed, down)
