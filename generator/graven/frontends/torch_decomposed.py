"""What an operator of PyTorch consists of, by PyTorch's own rules, for those that have no function
in torch.py: traced alone, by the shapes that the exported graph states.
"""

from __future__ import annotations

from typing import Any


def expanded(node: Any) -> Any | None:
    """A graph of simpler operators; its placeholders are the node's inputs (all_input_nodes), in
    order. None where PyTorch has no rule."""
    import torch
    from torch._decomp import decomposition_table
    from torch.fx import map_arg
    from torch.fx.experimental.proxy_tensor import make_fx

    target, given = node.target, node.all_input_nodes
    if not isinstance(target, torch._ops.OpOverload):
        return None
    rule = decomposition_table.get(target)
    if rule is None and target._can_decompose():
        rule = target.decompose
    if rule is None:
        return None

    def call(*tensors: Any) -> Any:
        known = dict(zip(given, tensors, strict=True))
        return rule(*map_arg(node.args, known.get), **map_arg(node.kwargs, known.get))

    try:
        with torch.no_grad():
            graph = make_fx(call)(*(each.meta["val"] for each in given)).graph
    except Exception:  # whatever a rule does with what it does not expect
        return None
    return None if consists_of_itself(graph, target) else graph


def consists_of_itself(graph: Any, target: Any) -> bool:
    return any(each.target is target for each in graph.nodes)
