"""Trains the model `digits` and writes digits.tflite and digits_test.npz beside this script.

The demo uses the two committed files; only a new training needs this script and its requirements:

    .venv/bin/pip install torch==2.13.0 scikit-learn
    .venv/bin/python firmware/models/digits/train.py

Data: the 1797 images of 8x8 pixels, 17 grey levels, that scikit-learn ships (from "Optical
Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak, UCI Repository, CC BY 4.0). 360,
stratified, are held out: they take part neither in the training nor in the calibration. The float
network is trained by PyTorch, then quantized after training as TensorFlow Lite does it: symmetric
weights (per channel in convolutions, per tensor in the dense layer), asymmetric activations with
the ranges that the training images reach, int32 biases.

Seed and thread count are fixed, so the same PyTorch on the same processor gives the same bytes;
another one gives another model of about the same accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from graven import ir
from graven.frontends import tflite_writer
from graven.layers.add import Add
from graven.layers.conv2d import Conv2D
from graven.layers.dense import Dense
from graven.layers.depthwise_conv2d import DepthwiseConv2D
from graven.layers.max_pool import MaxPool
from graven.layers.reshape import Reshape
from graven.layers.softmax import Softmax
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tflite_micro import runtime
from torch import nn

HERE = Path(__file__).resolve().parent
SEED = 1
HELD_OUT = 360
EPOCHS = 100
BATCH = 32
LEARNING_RATE = 8e-3
SHIFTED = 0.5  # part of the training images that are moved by up to one pixel


class Digits(nn.Module):
    """8x8x1 -> 10 scores; `forward` returns every activation by name, in NCHW."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 3, padding=1)
        self.depthwise1 = nn.Conv2d(16, 16, 3, padding=1, groups=16)
        self.pointwise1 = nn.Conv2d(16, 24, 1)
        self.depthwise2 = nn.Conv2d(24, 24, 3, padding=1, groups=24)
        self.pointwise2 = nn.Conv2d(24, 24, 1)
        self.depthwise3 = nn.Conv2d(24, 24, 3, groups=24)
        self.pointwise3 = nn.Conv2d(24, 32, 1)
        self.dense = nn.Linear(2 * 2 * 32, 10)

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        a = {"image": image}
        a["conv"] = F.relu(self.conv(image))
        a["depthwise1"] = F.relu(self.depthwise1(a["conv"]))
        a["pointwise1"] = F.relu(self.pointwise1(a["depthwise1"]))
        a["pool"] = F.max_pool2d(a["pointwise1"], 2)
        a["depthwise2"] = F.relu(self.depthwise2(a["pool"]))
        a["pointwise2"] = self.pointwise2(a["depthwise2"])
        a["residual"] = F.relu(a["pool"] + a["pointwise2"])
        a["depthwise3"] = F.relu(self.depthwise3(a["residual"]))
        a["pointwise3"] = F.relu(self.pointwise3(a["depthwise3"]))
        # TensorFlow Lite flattens HWC.
        a["scores"] = self.dense(a["pointwise3"].permute(0, 2, 3, 1).flatten(1))
        return a


def load() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images [N, 8, 8] in 0..1, held-out images, training labels, held-out labels."""
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)
    return train_test_split(
        images, digits.target, test_size=HELD_OUT, stratify=digits.target, random_state=0
    )


def tensor(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images)[:, None]


def shifted(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Half of the images moved by -1, 0 or 1 pixel in each direction, with black moving in."""
    moves = rng.integers(0, 3, (len(images), 2))
    moves[rng.random(len(images)) >= SHIFTED] = 1
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    return np.stack([p[y : y + 8, x : x + 8] for p, (y, x) in zip(padded, moves, strict=True)])


def train(images: np.ndarray, labels: np.ndarray) -> Digits:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    network = Digits()
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-2)
    batches = len(images) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, EPOCHS * batches)
    for epoch in range(EPOCHS):
        order = rng.permutation(len(images))[: batches * BATCH].reshape(batches, BATCH)
        for batch in order:
            scores = network(tensor(shifted(images[batch], rng)))["scores"]
            loss = F.cross_entropy(scores, torch.from_numpy(labels[batch]), label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1} of {EPOCHS}: loss {loss.item():.3f}", flush=True)
    return network.eval()


def activation_scale(lowest: float, highest: float) -> ir.Quantization:
    """int8 over a range that contains zero, and zero exactly representable."""
    lowest, highest = min(lowest, 0.0), max(highest, 0.0)
    scale = float(np.float32((highest - lowest) / 255))
    return ir.Quantization((scale,), (round(-128 - lowest / scale),))


@dataclass
class Quantizer:
    """Appends int8 layers to a network; every method returns the index of its output tensor."""

    ranges: dict[str, tuple[float, float]]
    tensors: list[ir.Tensor] = field(default_factory=list)
    operators: list[ir.Operator] = field(default_factory=list)

    def value(self, name: str, shape: tuple[int, ...], scale: ir.Quantization | None = None) -> int:
        scale = scale or activation_scale(*self.ranges[name])
        return self._append(name, shape, ir.Element.INT8, scale, None)

    def convolution(self, name: str, source: int, module: nn.Conv2d, activation: str) -> int:
        padding = "SAME" if any(module.padding) else "VALID"
        weights = module.weight.detach().numpy()
        if module.groups > 1:
            filters, axis = weights.transpose(1, 2, 3, 0), 3
            kind, record = "DEPTHWISE_CONV_2D", DepthwiseConv2D
        else:
            filters, axis = weights.transpose(0, 2, 3, 1), 0
            kind, record = "CONV_2D", Conv2D
        _, height, width, _ = self.tensors[source].shape
        trim = 0 if padding == "SAME" else module.kernel_size[0] - 1
        shape = (1, height - trim, width - trim, module.out_channels)
        constants = self._weights(name, source, filters, axis, module.bias.detach().numpy())
        layer = record(padding=padding, activation=activation)
        return self._layer(kind, layer, (source, *constants), self.value(name, shape))

    def dense(self, name: str, source: int, module: nn.Linear) -> int:
        weights, bias = module.weight.detach().numpy(), module.bias.detach().numpy()
        constants = self._weights(name, source, weights, None, bias)
        output = self.value(name, (1, module.out_features))
        return self._layer("FULLY_CONNECTED", Dense(), (source, *constants), output)

    def max_pool(self, name: str, source: int, side: int) -> int:
        _, height, width, channels = self.tensors[source].shape
        shape = (1, height // side, width // side, channels)
        output = self.value(name, shape, self.tensors[source].quantization)
        layer = MaxPool(window=(side, side), stride=(side, side))
        return self._layer("MAX_POOL_2D", layer, (source,), output)

    def add(self, name: str, left: int, right: int) -> int:
        output = self.value(name, self.tensors[left].shape)
        return self._layer("ADD", Add(activation="RELU"), (left, right), output)

    def flatten(self, name: str, source: int) -> int:
        shape = (1, int(np.prod(self.tensors[source].shape)))
        output = self.value(name, shape, self.tensors[source].quantization)
        data = np.array(shape, np.int32)
        target = self._append(f"{name}/shape", data.shape, ir.Element.INT32, None, data)
        return self._layer("RESHAPE", Reshape(shape), (source, target), output)

    def softmax(self, name: str, source: int) -> int:
        scale = ir.Quantization((1 / 256,), (-128,))  # TensorFlow Lite allows no other
        output = self.value(name, self.tensors[source].shape, scale)
        return self._layer("SOFTMAX", Softmax(), (source,), output)

    def _weights(
        self, name: str, source: int, filters: np.ndarray, axis: int | None, bias: np.ndarray
    ) -> tuple[int, int]:
        """Filters with one scale per index of `axis` (one in all without), bias to match."""
        others = tuple(a for a in range(filters.ndim) if a != axis)
        largest = np.abs(filters).max(axis=others, keepdims=True)
        scale = (largest / 127).astype(np.float32)
        quantized = np.clip(np.round(filters / scale), -127, 127).astype(np.int8)
        source_quantization = self.tensors[source].quantization
        bias_scale = np.float32(source_quantization.scale[0]) * scale.reshape(-1)
        quantized_bias = np.round(bias / bias_scale).astype(np.int32)
        zeros = (0,) * scale.size
        return (
            self._append(
                f"{name}/weights",
                filters.shape,
                ir.Element.INT8,
                ir.Quantization(tuple(scale.reshape(-1).tolist()), zeros, axis or 0),
                quantized,
            ),
            self._append(
                f"{name}/bias",
                bias.shape,
                ir.Element.INT32,
                ir.Quantization(tuple(bias_scale.tolist()), zeros),
                quantized_bias,
            ),
        )

    def _append(
        self,
        name: str,
        shape: tuple[int, ...],
        element: ir.Element,
        scale: ir.Quantization | None,
        data: np.ndarray | None,
    ) -> int:
        self.tensors.append(ir.Tensor(len(self.tensors), name, shape, element, scale, data))
        return len(self.tensors) - 1

    def _layer(self, kind: str, layer: ir.Layer, inputs: tuple[int, ...], output: int) -> int:
        self.operators.append(ir.Operator(len(self.operators), kind, layer, inputs, (output,)))
        return output


def quantize(network: Digits, calibration: np.ndarray) -> ir.Network:
    with torch.no_grad():
        activations = network(tensor(calibration))
    q = Quantizer({name: (a.min().item(), a.max().item()) for name, a in activations.items()})
    image = q.value("image", (1, 8, 8, 1))
    x = q.convolution("conv", image, network.conv, "RELU")
    x = q.convolution("depthwise1", x, network.depthwise1, "RELU")
    x = q.convolution("pointwise1", x, network.pointwise1, "RELU")
    pool = q.max_pool("pool", x, 2)
    x = q.convolution("depthwise2", pool, network.depthwise2, "RELU")
    x = q.convolution("pointwise2", x, network.pointwise2, "NONE")
    x = q.add("residual", pool, x)
    x = q.convolution("depthwise3", x, network.depthwise3, "RELU")
    x = q.convolution("pointwise3", x, network.pointwise3, "RELU")
    x = q.flatten("flatten", x)
    x = q.dense("scores", x, network.dense)
    x = q.softmax("probabilities", x)
    description = "Handwritten digits, trained by firmware/models/digits/train.py"
    return ir.Network(
        "digits",
        "digits.tflite",
        description,
        tuple(q.tensors),
        tuple(q.operators),
        inputs=(image,),
        outputs=(x,),
    )


def quantize_images(images: np.ndarray, scale: ir.Quantization) -> np.ndarray:
    quantized = np.round(images / scale.scale[0]) + scale.zero_point[0]
    return np.clip(quantized, -128, 127).astype(np.int8)[..., None]


def int8_answers(model: Path, images: np.ndarray) -> np.ndarray:
    """What TensorFlow Lite Micro answers."""
    interpreter = runtime.Interpreter.from_file(str(model))
    answers = []
    for image in images:
        interpreter.set_input(image[None], 0)
        interpreter.invoke()
        answers.append(int(interpreter.get_output(0).argmax()))
    return np.array(answers)


def main() -> None:
    images, held_out, labels, expected = load()
    network = train(images, labels)
    with torch.no_grad():
        answers = network(tensor(held_out))["scores"].argmax(1).numpy()
    print(f"float: {(answers == expected).mean():.4f} of {len(expected)} held-out images")

    model = quantize(network, images)
    path = HERE / "digits.tflite"
    tflite_writer.write(model, path)
    quantized = quantize_images(held_out, model.tensors[model.inputs[0]].quantization)
    np.savez_compressed(
        HERE / "digits_test.npz", images=quantized, labels=expected.astype(np.uint8)
    )
    answers = int8_answers(path, quantized)
    constants = sum(t.data.nbytes for t in model.tensors if t.data is not None)
    print(f"int8: {(answers == expected).mean():.4f} of {len(expected)} held-out images")
    print(f"{constants} bytes of constants, {path.stat().st_size} bytes in {path.name}")


if __name__ == "__main__":
    main()
