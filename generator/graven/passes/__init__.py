"""From the network as a file states it to the one that the engine runs: passes over ir.Network.

Each is a function from a network to a network that computes the same outputs, to the bit; it
stands in a module of its own and is tested alone. Tensors and operators that remain keep their
indices, so that a judge who runs the file can be asked about them; new ones come behind the others.
"""

from __future__ import annotations

from graven import ir, layers
from graven.node import node_of
from graven.passes.batches import batches
from graven.passes.broadcasts import broadcasts
from graven.passes.dead import without_dead
from graven.passes.dilations import dilations
from graven.passes.joints import joints
from graven.passes.literals import literals
from graven.passes.movement import movement
from graven.passes.pads import into_windows
from graven.passes.steps import steps
from graven.passes.tables import tables
from graven.passes.tied import tied


def canonical(network: ir.Network) -> ir.Network:
    """What can be compiled; GravenError names an operator that cannot."""
    for step in (
        dilations,
        batches,
        steps,
        into_windows,
        tables,
        broadcasts,
        joints,
        movement,
        joints,
        without_dead,
        literals,
        tied,
    ):
        network = step(network)
    for operator in network.operators:
        if not hasattr(layers.modules()[operator.name], "cpp"):
            raise node_of(network, operator).error(
                "is computed at run time, but only works on constants; make its inputs constants "
                "before exporting the model."
            )
    return network
