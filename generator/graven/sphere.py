"""Sphere5D: the neurons of a network as points on a sphere in five dimensions.

A layer has a band of the sphere, between two angles of the first coordinate; its neurons lie in
that band on a spiral whose steps are irrational parts of a turn, so that none falls on another.
The points say nothing about weights: they are a picture of how many neurons there are and where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graven.errors import GravenError

DIMENSIONS = 5
STEPS = np.sqrt(np.array([2.0, 3.0, 5.0]))  # turns of the spiral's angles per neuron


class SphereError(GravenError):
    """A sphere that cannot be."""


class InvalidRadius(SphereError):
    pass


class InvalidLayout(SphereError):
    pass


class CapacityTooSmall(SphereError):
    pass


class BiasOutOfBounds(SphereError):
    pass


@dataclass(frozen=True)
class NeuronPoint:
    layer: int
    neuron: int
    bias: float
    activation: str
    position: np.ndarray  # of DIMENSIONS


@dataclass(frozen=True)
class Layer:
    """What a sphere knows of one: a bias for each neuron, and the activation's name."""

    biases: Sequence[float]
    activation: str = "none"


@dataclass(frozen=True)
class Sphere5D:
    points: tuple[NeuronPoint, ...]
    radius: float

    @classmethod
    def from_network(
        cls, layers: Sequence[Layer], radius: float = 1.0, capacity: int | None = None
    ) -> Sphere5D:
        """A point for each neuron, layer after layer; `capacity` is the most points."""
        if not np.isfinite(radius) or radius <= 0:
            raise InvalidRadius(f"Sphere5D: the radius is {radius}, expected a number above 0.")
        if not layers or any(len(layer.biases) == 0 for layer in layers):
            raise InvalidLayout("Sphere5D: has no layers, or one without neurons.")
        count = sum(len(layer.biases) for layer in layers)
        if capacity is not None and count > capacity:
            raise CapacityTooSmall(f"Sphere5D: {count} neurons, but room for {capacity} points.")
        for place, layer in enumerate(layers):
            if not np.isfinite(np.asarray(layer.biases, np.float64)).all():
                raise BiasOutOfBounds(f"Sphere5D: layer {place} has a bias that is no number.")
        points = [
            NeuronPoint(place, neuron, float(layer.biases[neuron]), layer.activation, position)
            for place, layer in enumerate(layers)
            for neuron, position in enumerate(radius * _band(place, len(layers), len(layer.biases)))
        ]
        return cls(tuple(points), radius)

    def layer_bounds(self, layer: int) -> tuple[int, int]:
        """The first point of a layer, and the one behind its last."""
        places = [place for place, point in enumerate(self.points) if point.layer == layer]
        if not places:
            raise InvalidLayout(f"Sphere5D: has no layer {layer}.")
        return places[0], places[-1] + 1

    def neuron_exists(self, layer: int, neuron: int) -> bool:
        return any((point.layer, point.neuron) == (layer, neuron) for point in self.points)

    @property
    def positions(self) -> np.ndarray:
        """[point][coordinate]"""
        return np.stack([point.position for point in self.points])

    def centroid(self) -> np.ndarray:
        return self.positions.mean(axis=0)

    def mean_radius(self) -> float:
        return float(np.linalg.norm(self.positions, axis=1).mean())

    def projected(self) -> np.ndarray:
        """[point][x, y]: as seen along the last three coordinates, the first one upwards."""
        return self.positions[:, [1, 0]]


def _band(layer: int, layers: int, neurons: int) -> np.ndarray:
    """Points of the unit sphere, [neuron][coordinate], between the layer's angles."""
    at = (np.arange(neurons) + 0.5) / neurons
    first = np.pi * (layer + 0.1 + 0.8 * at) / layers  # from the first coordinate's pole
    second, third, fourth = (2 * np.pi * np.arange(neurons)[:, None] * STEPS % (2 * np.pi)).T
    second, third = second / 2, third / 2  # polar angles of the inner spheres
    sines = np.cumprod([np.sin(first), np.sin(second), np.sin(third)], axis=0)
    return np.stack(
        [
            np.cos(first),
            sines[0] * np.cos(second),
            sines[1] * np.cos(third),
            sines[2] * np.cos(fourth),
            sines[2] * np.sin(fourth),
        ],
        axis=1,
    )
