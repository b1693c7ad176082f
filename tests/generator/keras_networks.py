"""Networks as people build them in Keras for microcontrollers, small and with random weights, for
TensorFlow's converter to write.
"""

from __future__ import annotations

import numpy as np
from keras import Model, Sequential, layers, ops, random, utils


def image(height: int = 16, width: int = 16, channels: int = 3):
    return layers.Input((height, width, channels))


def stack(shape: tuple[int, ...], *parts) -> Model:
    return Sequential([layers.Input(shape), *parts])


def normal(x, activation: str = "relu"):
    return layers.Activation(activation)(layers.BatchNormalization()(x))


def conv(x, filters: int, size=3, stride=1, activation: str = "relu"):
    made = layers.Conv2D(filters, size, stride, padding="same", use_bias=False)
    return normal(made(x), activation)


def classes(x, count: int = 4):
    return layers.Dense(count, activation="softmax")(layers.GlobalAveragePooling2D()(x))


def resnet() -> Model:
    x = given = image()
    for filters, stride in ((8, 1), (16, 2)):
        y = conv(conv(x, filters, 3, stride), filters, activation="linear")
        same = stride == 1 and x.shape[-1] == filters
        x = layers.ReLU()(layers.Add()([x if same else layers.Conv2D(filters, 1, stride)(x), y]))
    return Model(given, classes(x))


def squeeze_and_excite(x, gate: str):
    means = layers.GlobalAveragePooling2D(keepdims=True)(x)
    inner = layers.Conv2D(2, 1, activation="relu")(means)
    return layers.Multiply()([x, layers.Conv2D(x.shape[-1], 1, activation=gate)(inner)])


def mobilenet_v3() -> Model:
    x = conv(given := image(), 8, 3, 2, "hard_swish")
    for filters, gate in ((8, "hard_sigmoid"), (12, "sigmoid")):
        y = conv(x, 16, 1, 1, "hard_swish")
        y = normal(layers.DepthwiseConv2D(3, padding="same")(y), "relu6")
        y = layers.BatchNormalization()(layers.Conv2D(filters, 1)(squeeze_and_excite(y, gate)))
        x = layers.Add()([x, y]) if x.shape[-1] == filters else y
    return Model(given, classes(x))


def ds_cnn() -> Model:
    x = conv(given := image(49, 10, 1), 8, (10, 4), (2, 2))
    for _ in range(2):
        x = conv(normal(layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)), 8, 1)
    x = layers.AveragePooling2D((25, 5))(layers.Dropout(0.2)(x))
    return Model(given, layers.Dense(12, activation="softmax")(layers.Flatten()(x)))


def u_net(up) -> Model:
    a = layers.Conv2D(4, 3, padding="same", activation="relu")(given := image(16, 16, 1))
    b = layers.Conv2D(8, 3, padding="same", activation="relu")(layers.MaxPool2D()(a))
    joined = layers.Concatenate()([up(b), a])
    return Model(given, layers.Conv2D(1, 1, activation="sigmoid")(joined))


def inception() -> Model:
    given = image()
    branches = [
        layers.Conv2D(4, 1), layers.Conv2D(4, 3, padding="same"),
        layers.MaxPool2D(3, 1, padding="same"), layers.AveragePooling2D(3, 1, padding="same"),
    ]  # fmt: skip
    x = layers.Concatenate()([branch(given) for branch in branches])
    return Model(given, layers.Dense(3)(layers.GlobalMaxPooling2D()(x)))


def shuffle() -> Model:
    x = layers.Conv2D(8, 3, groups=2, padding="same")(given := image(12, 12, 8))
    x = layers.Permute((1, 2, 4, 3))(layers.Reshape((12, 12, 2, 4))(x))
    return Model(given, classes(layers.Conv2D(8, 3)(layers.Reshape((12, 12, 8))(x))))


def temporal() -> Model:
    x = given = layers.Input((64, 6))
    for dilation in (1, 2, 4):
        x = layers.Conv1D(8, 3, dilation_rate=dilation, padding="causal", activation="relu")(x)
    return Model(given, layers.Dense(4, activation="softmax")(layers.GlobalAveragePooling1D()(x)))


def vision_transformer() -> Model:
    x = layers.Reshape((16, 16))(layers.Conv2D(16, 4, 4)(given := image()))
    y = layers.LayerNormalization(epsilon=1e-3)(x)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 8)(y, y)])
    y = layers.Dense(32, activation="relu")(layers.LayerNormalization(epsilon=1e-3)(x))
    x = layers.Add()([x, layers.Dense(16)(y)])
    return Model(given, layers.Dense(4)(layers.GlobalAveragePooling1D()(x)))


def two_inputs() -> Model:
    a, b = layers.Input((8,), name="a"), layers.Input((12,), name="b")
    x = [layers.Dense(8, activation="relu")(a), layers.Dense(8, activation="tanh")(b)]
    x = layers.Concatenate()(x)
    return Model([a, b], [layers.Dense(3, activation="softmax")(x), layers.Dense(1)(x)])


def detector() -> Model:
    near = conv(given := image(24, 24, 1), 8, 3, 2)
    far = conv(near, 16, 3, 2)
    found = [
        layers.Reshape((-1, 5))(layers.Conv2D(5 * boxes, 3, padding="same")(x))
        for x, boxes in ((near, 2), (far, 6))
    ]
    return Model(given, layers.Activation("sigmoid")(layers.Concatenate(axis=1)(found)))


def edges() -> Model:
    return stack(
        (13, 11, 3), layers.Rescaling(1 / 127.5, -1), layers.ZeroPadding2D(((1, 0), (2, 1))),
        layers.Conv2D(4, 3, 2, activation="elu"), layers.Cropping2D(((1, 0), (0, 1))),
        layers.DepthwiseConv2D(3, depth_multiplier=2), layers.LeakyReLU(), layers.Flatten(),
        layers.Dense(3),
    )  # fmt: skip


def one_dimensional() -> Model:
    return stack(
        (64, 3), layers.Conv1D(8, 5, 2, activation="relu"), layers.MaxPool1D(2),
        layers.BatchNormalization(), layers.SeparableConv1D(8, 3, padding="same"),
        layers.DepthwiseConv1D(3), layers.AveragePooling1D(2), layers.GlobalMaxPooling1D(),
        layers.Dense(4, activation="softmax"),
    )  # fmt: skip


def sound() -> Model:
    return stack(
        (650,), layers.Reshape((50, 13)), layers.Conv1D(8, 3, padding="same", activation="relu"),
        layers.MaxPool1D(2, 2, padding="same"), layers.Dropout(0.25), layers.Flatten(),
        layers.Dense(4, activation="softmax"),
    )  # fmt: skip


def motion() -> Model:
    return stack(
        (33,), layers.Dense(20, activation="relu"), layers.Dense(10, activation="sigmoid"),
        layers.Dense(4, activation="softmax"),
    )  # fmt: skip


def autoencoder() -> Model:
    return stack(
        (16, 16, 1), layers.Conv2D(4, 3, 2, padding="same", activation="relu"),
        layers.Conv2DTranspose(4, 3, 2, padding="same", activation="relu"), layers.Conv2D(1, 3),
    )  # fmt: skip


def merges() -> Model:
    a, b = layers.Conv2D(4, 1)(given := image(6, 6, 4)), layers.Conv2D(4, 1)(given)
    merged = [
        layers.Add()([a, b, given]), layers.Subtract()([a, b]), layers.Average()([a, b]),
        layers.Maximum()([a, b]), layers.Minimum()([a, b]), layers.Multiply()([a, b]),
    ]  # fmt: skip
    return Model(given, merged)


def recurrent(kind) -> Model:
    return stack((6, 5), kind(8, unroll=True), layers.Dense(3, activation="softmax"))


def each_moment() -> Model:
    inner = stack((8, 8, 1), layers.Conv2D(2, 3, activation="relu"), layers.Flatten())
    return stack((5, 8, 8, 1), layers.TimeDistributed(inner), layers.Flatten(), layers.Dense(2))


def dilated() -> Model:
    return stack(
        (20, 20, 3), layers.Conv2D(4, 3, dilation_rate=2, padding="same", activation="relu"),
        layers.DepthwiseConv2D(3, dilation_rate=2), layers.Conv2D(2, 1),
    )  # fmt: skip


def pooled_attention() -> Model:
    scores = layers.Dense(1)(layers.Dense(4, activation="tanh")(given := layers.Input((16, 8))))
    weighted = layers.Multiply()([given, layers.Softmax(axis=1)(scores)])
    return Model(given, layers.Dense(2)(ops.sum(weighted, axis=1)))


def mixer() -> Model:
    turned = layers.Permute((2, 1))(given := layers.Input((16, 12)))
    mixed = layers.Permute((2, 1))(layers.Dense(16, activation="relu")(turned))
    return Model(given, layers.Dense(3)(layers.Flatten()(layers.Add()([given, mixed]))))


NETWORKS = {
    "resnet": resnet,
    "mobilenet_v3": mobilenet_v3,
    "ds_cnn": ds_cnn,
    "u_net_transposed": lambda: u_net(layers.Conv2DTranspose(8, 3, 2, padding="same")),
    "u_net_nearest": lambda: u_net(layers.UpSampling2D()),
    "u_net_bilinear": lambda: u_net(layers.UpSampling2D(interpolation="bilinear")),
    "inception": inception,
    "shuffle": shuffle,
    "temporal": temporal,
    "vision_transformer": vision_transformer,
    "two_inputs": two_inputs,
    "detector": detector,
    "edges": edges,
    "one_dimensional": one_dimensional,
    "sound": sound,
    "motion": motion,
    "autoencoder": autoencoder,
    "merges": merges,
    "lstm": lambda: recurrent(layers.LSTM),
    "gru": lambda: recurrent(layers.GRU),
    "simple_rnn": lambda: recurrent(layers.SimpleRNN),
    "each_moment": each_moment,
    "dilated": dilated,
    "pooled_attention": pooled_attention,
    "mixer": mixer,
}


def network(name: str) -> Model:
    """With random weights, also in the statistics of batch normalization."""
    utils.set_random_seed(0)
    made = NETWORKS[name]()
    for layer in made.layers:
        if isinstance(layer, layers.BatchNormalization):
            known = layer.get_weights()
            noise = [np.abs(np.asarray(random.normal(each.shape))) for each in known]
            layer.set_weights([each + 0.3 * more for each, more in zip(known, noise, strict=True)])
    return made
