"""Makes the model `shapes` and writes shapes.tflite and shapes_test.npz beside this script.

Tests and figures use the two committed files; only a new model needs this script and TensorFlow:

    pip install tensorflow-cpu==2.21.0 tflite-micro
    python firmware/models/shapes/make.py

Its layers are those that other models of the figures do not have: depthwise filters of 5x5, 7x7,
1x5 and 5x1, with strides, dilation and a multiplier, odd numbers of channels, overlapping pools,
bilinear resizing. The weights are random, so that it recognizes nothing. shapes_test.npz: inputs,
and what TensorFlow Lite Micro answers.

The seed is fixed: the same TensorFlow on the same processor gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras.layers import (
    Add,
    AveragePooling2D,
    Concatenate,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    MaxPooling2D,
    UpSampling2D,
)
from tensorflow.lite.tools import flatbuffer_utils
from tflite_micro import runtime

HERE = Path(__file__).resolve().parent
SEED = 1
SHAPE = (32, 28, 3)
INFERENCES = 6


def depthwise(name: str, size: int | tuple[int, int], **options) -> DepthwiseConv2D:
    """Keras would take the channels for inputs of a sum, and make weights too small."""
    taps = np.prod(np.broadcast_to(size, 2))
    random = keras.initializers.RandomNormal(0, 1.5 / np.sqrt(taps))
    options = {"padding": "same", "depthwise_initializer": random} | options
    return DepthwiseConv2D(size, name=name, **options)


def build() -> keras.Model:
    """Most windows of the large filters lie inside of the 16x14 pixels."""
    image = keras.Input(SHAPE, batch_size=1, name="image")
    x = Conv2D(12, 3, strides=2, padding="same", activation="relu", name="stem")(image)
    x = depthwise("depthwise_5x5", 5, activation="relu")(x)
    x = Conv2D(21, 1, name="pointwise_21")(x)
    x = depthwise("depthwise_3x3_dilated", 3, dilation_rate=2, activation="relu6")(x)
    x = MaxPooling2D(3, 1, padding="same", name="max_pool_3x3")(x)
    x = Conv2D(10, 1, name="pointwise_10")(x)
    x = Add(name="add_7x7")([x, depthwise("depthwise_7x7", 7)(x)])
    halves = [
        depthwise("depthwise_5x5_stride_2", 5, strides=2)(x),
        AveragePooling2D(2, name="average_pool_2x2")(x),
    ]
    x = Concatenate(name="halves")(halves)
    y = depthwise("depthwise_5x1", (5, 1))(depthwise("depthwise_1x5", (1, 5))(x))
    x = Add(name="add_1x5_5x1")([x, y])
    x = depthwise("depthwise_3x3_valid", 3, padding="valid", activation="relu")(x)
    x = Conv2D(15, 1, name="pointwise_15")(x)
    x = depthwise("depthwise_3x3_twice", 3, depth_multiplier=2)(x)
    x = UpSampling2D(2, interpolation="bilinear", name="resize")(x)
    x = GlobalAveragePooling2D(name="mean")(x)
    x = Dense(6, "softmax", name="dense")(x)
    return keras.Model(image, x)


def images(count: int, rng: np.random.Generator) -> np.ndarray:
    """Squares of 4x4 pixels, and noise over them."""
    height, width, channels = SHAPE
    coarse = rng.uniform(-1, 1, (count, height // 4, width // 4, channels))
    fine = rng.uniform(-1, 1, (count, *SHAPE))
    return (0.7 * coarse.repeat(4, 1).repeat(4, 2) + 0.3 * fine).astype(np.float32)


def convert(model: keras.Model, calibration: np.ndarray) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[None]] for image in calibration)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def randomize_biases(model: keras.Model, rng: np.random.Generator) -> None:
    for layer in model.layers:
        if getattr(layer, "bias", None) is not None:
            layer.bias.assign(rng.normal(0, 0.3, layer.bias.shape))


def spread_answers(model: keras.Model, calibration: np.ndarray) -> None:
    """Means of random features hardly vary: the same answer would win for every image."""
    means = keras.Model(model.input, model.get_layer("mean").output)
    features = means.predict(calibration, batch_size=1, verbose=0)
    dense = model.get_layer("dense")
    scores = features @ dense.kernel.numpy()
    dense.kernel.assign(dense.kernel / scores.std(0))
    dense.bias.assign(-scores.mean(0) / scores.std(0))


def with_readable_names(content: bytes) -> bytes:
    """functional_1/stem_1/Relu;functional_1/... becomes stem."""
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    (graph,) = model.subgraphs
    graph.tensors[graph.inputs[0]].name = "image"
    for operator in graph.operators:
        tensor = graph.tensors[operator.outputs[0]]
        layer = tensor.name.decode().split("/")[1:2]
        tensor.name = layer[0].removesuffix("_1") if layer else "softmax"
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def answers(content: bytes, given: np.ndarray) -> np.ndarray:
    """What TensorFlow Lite Micro answers."""
    interpreter = runtime.Interpreter.from_bytes(content)
    found = []
    for image in given:
        interpreter.set_input(image[None], 0)
        interpreter.invoke()
        found.append(interpreter.get_output(0)[0])
    return np.stack(found)


def main() -> None:
    keras.utils.set_random_seed(SEED)
    rng = np.random.default_rng(SEED)
    model = build()
    randomize_biases(model, rng)
    calibration = images(50, rng)
    spread_answers(model, calibration)
    content = with_readable_names(convert(model, calibration))
    given = np.round(images(INFERENCES, rng) * 127).astype(np.int8)
    expected = answers(content, given)
    (HERE / "shapes.tflite").write_bytes(content)
    np.savez_compressed(HERE / "shapes_test.npz", image=given, expected=expected)
    print(f"{len(content)} bytes; answers:\n{expected}")


if __name__ == "__main__":
    main()
