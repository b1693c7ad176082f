"""Makes small.keras, small.h5 and small.npz, by Keras itself (any backend), for test_keras.py:

KERAS_BACKEND=torch python tests/generator/keras_files/make.py
"""

from pathlib import Path

import keras
import numpy as np
from keras import layers

HERE = Path(__file__).parent


def model():
    """Two paths, a layer that is called twice, a model in the model."""
    keras.utils.set_random_seed(0)
    given = keras.Input((12, 10, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(given)
    x = layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(max_value=6)(x)
    block = keras.Sequential(
        [keras.Input((6, 5, 6)), layers.DepthwiseConv2D(3, padding="same"), layers.LeakyReLU()],
        name="block",
    )
    x = layers.Add()([block(x), x])
    shared = layers.Conv2D(6, 1, activation="tanh", name="shared")
    lower = layers.Cropping2D(((0, 1), (0, 0)))(layers.ZeroPadding2D(((1, 0), (0, 0)))(x))
    x = layers.Concatenate()([shared(x), shared(lower)])
    x = layers.Flatten()(layers.MaxPooling2D()(x))
    return keras.Model(given, layers.Dense(4, activation="softmax")(layers.Dropout(0.2)(x)))


def trained(network, seed=0):
    """With weights and moments as if trained."""
    rng = np.random.default_rng(seed)
    for each in network.weights:
        value = rng.normal(0.0, 0.3, each.shape)
        moment = "variance" in each.name or "gamma" in each.name
        each.assign((np.abs(value) + 0.5 if moment else value).astype(np.float32))
    return network


if __name__ == "__main__":
    network = trained(model())
    samples = np.random.default_rng(1).uniform(0, 255, (4, 12, 10, 3)).astype(np.float32)
    scores = np.concatenate(
        [np.asarray(network.predict(each[None], verbose=0)) for each in samples]
    )
    for ending in ("keras", "h5"):
        network.save(HERE / f"small.{ending}")
    np.savez_compressed(HERE / "small.npz", x=samples, y=scores)
