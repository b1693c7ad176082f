"""What takes samples and gives outputs, whoever computes: numpy, C++ here or in an emulator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graven import inputs, ir
from graven.errors import GravenError
from graven.node import PLAIN, QUANTIZED
from graven.pixels import Pixels
from graven.quantize.scales import dequantized, quantized, scale_in

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Engine = Callable[[list[np.ndarray]], list[np.ndarray]]
"""From model inputs to model outputs, in their own types; the first axis is that of inferences."""


class Runnable:
    """What takes samples and gives outputs, whoever computes them."""

    def __init__(self, network: ir.Network, engine: Engine, pixels: Pixels | None = None) -> None:
        self.network, self._engine, self.pixels = network, engine, pixels

    def __call__(self, *samples: ArrayLike) -> Any:
        """The outputs for samples with a leading axis; an array, or a tuple where there are several
        outputs. Real numbers go in and come out; an int8 model takes and gives int8 as it is."""
        values, raw = self._values(samples)
        outputs = [
            self._output(place, value, raw) for place, value in enumerate(self._engine(values))
        ]
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def raw(self, *samples: ArrayLike) -> list[np.ndarray]:
        """The outputs in their own types, whatever the samples are."""
        return self._engine(self.inputs(*samples))

    def inputs(self, *samples: ArrayLike) -> inputs.Inputs:
        """Samples as the model takes them, in its inputs' own types."""
        return self._values(samples)[0]

    def real(self, outputs: list[np.ndarray]) -> list[np.ndarray]:
        """Outputs in their own types as real numbers."""
        return [self._output(place, value, False) for place, value in enumerate(outputs)]

    def _values(self, samples: Sequence[ArrayLike]) -> tuple[inputs.Inputs, bool]:
        """And whether they came in the inputs' own type."""
        values = [
            self._given(tensor, plain(value), place)
            for place, (tensor, value) in enumerate(self._pairs(samples))
        ]
        inputs.same_count([value for _, value in values], self.network.name)
        raw = all(value.dtype != np.float32 for _, value in values) and self.is_quantized
        return ([value for _, value in values] if raw else self._quantized(values)), raw

    @property
    def is_quantized(self) -> bool:
        return inputs.tensors(self.network)[0].element in QUANTIZED

    def predict(self, *samples: ArrayLike) -> np.ndarray:
        """The class of each sample: the place of its largest score, or 0 and 1 of a single one."""
        scores = self(*samples)
        return self.classes(scores[0] if isinstance(scores, tuple) else scores)

    def classes(self, scores: np.ndarray) -> np.ndarray:
        """The class of each sample, from the first output."""
        given = inputs.tensors(self.network)[0].shape
        made = self.network.tensors[self.network.outputs[0]].shape
        if len(made) > 1 and 1 < made[0] == given[0]:
            raise GravenError(
                f"{self.network.name}: answers {made[0]} samples at once, and classes are those of "
                "single ones; take the scores, model(x), or compile it for one (example=x[:1])."
            )
        scores = scores.reshape(len(scores), -1)
        if scores.shape[1] == 1:
            return (scores[:, 0] > self.middle).astype(np.int64)
        return scores.argmax(axis=1)

    def evaluate(self, *samples_and_labels: ArrayLike) -> float:
        """How well it does: evaluate(x, y) is the share of samples whose class is their label, the
        mean IoU where labels are masks, the RMSE where they are real numbers."""
        return next(iter(self.scores(*samples_and_labels).values()))

    def scores(self, *samples_and_labels: ArrayLike) -> dict[str, float]:
        """All measures for what the labels are, by name."""
        from graven import evaluation

        if len(samples_and_labels) < 2:
            raise GravenError("evaluate: takes samples and labels, as in evaluate(x, y).")
        *samples, labels = samples_and_labels
        given = evaluation.data(samples, labels)
        task, labels = evaluation.task_of(self.network, given.labels)
        outputs = self.real(self.raw(*given.samples))[0]
        return task.scores(task.answers(self, outputs), labels)

    @property
    def middle(self) -> float:
        """Of a single score: a probability's, or 0 of a distance."""
        makers = {index: op.name for op in self.network.operators for index in op.outputs}
        return 0.5 if makers.get(self.network.outputs[0]) == "LOGISTIC" else 0.0

    def _pairs(self, samples: Sequence[ArrayLike]) -> list[tuple[ir.Tensor, ArrayLike]]:
        wanted = inputs.tensors(self.network)
        if len(samples) == 1 and isinstance(samples[0], dict):
            by_name = samples[0]
            named = inputs.names(self.network, by_name, self.network.name)
            samples = [by_name[each] for each in named]
        if len(samples) != len(wanted):
            names = ", ".join(f"'{tensor.name}'" for tensor in wanted)
            raise GravenError(
                f"{self.network.name}: got {len(samples)} inputs, expected {len(wanted)}: one "
                f"after the other, or a dict of arrays by their names ({names})."
            )
        return list(zip(wanted, samples, strict=True))

    def _given(
        self, tensor: ir.Tensor, value: np.ndarray, place: int
    ) -> tuple[ir.Tensor, np.ndarray]:
        where = f"{self.network.name}: input {place}"
        if (
            value.dtype.kind == "f"
            or tensor.element in PLAIN
            or (value.dtype == np.uint8 and self.pixels is not None)
        ):
            return tensor, inputs.real(self.network, tensor, value, where, self.pixels)
        if value.dtype == tensor.element.dtype and tensor.element in QUANTIZED:
            fitted = inputs.real(self.network, tensor, value.astype(np.float32), where)
            return tensor, fitted.astype(value.dtype)
        hint = ""
        if value.dtype == np.uint8:
            hint = " Bytes of images: say how they are scaled, with --normalize."
        raise GravenError(
            f"{where}: is {value.dtype}, expected real numbers scaled as for training, in float32."
            f"{hint}"
        )

    def _quantized(self, values: list[tuple[ir.Tensor, np.ndarray]]) -> list[np.ndarray]:
        return [self._integers(place, *each) for place, each in enumerate(values)]

    def _integers(self, place: int, tensor: ir.Tensor, value: np.ndarray) -> np.ndarray:
        if tensor.element is ir.Element.FLOAT32 or value.dtype != np.float32:
            return value
        if (missing := np.isnan(value.reshape(len(value), -1)).any(axis=1)).any():
            raise GravenError(
                f"{self.network.name}: input {place} has numbers that are NaN, in sample "
                f"{int(missing.argmax())} first, which no {tensor.element.value} is; leave such "
                "samples out, or fill in what is missing as for training."
            )
        return quantized(value, scale_in(tensor))

    def _output(self, place: int, value: np.ndarray, raw: bool) -> np.ndarray:
        tensor = self.network.tensors[self.network.outputs[place]]
        if tensor.shape[:1] == (1,) and len(tensor.shape) > 1:
            value = value.reshape(len(value), *tensor.shape[1:])
        if raw or tensor.element not in QUANTIZED:
            return value
        return dequantized(value, scale_in(tensor))


def plain(value: Any) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    value = as_array(value)
    return value.astype(np.float32) if value.dtype == np.float64 else value


def as_array(value: Any) -> np.ndarray:
    try:
        return np.asarray(value)
    except ValueError:
        raise GravenError(
            "a list whose entries are of unequal lengths is no array; give one of equal samples."
        ) from None
