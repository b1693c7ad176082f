"""Folders of images and recordings as samples."""

import wave

import numpy as np
import pytest
from graven import folders, inputs, ir
from graven.errors import GravenError
from graven.pixels import Pixels

PIL = pytest.importorskip("PIL.Image", reason="no package pillow")


def write_wav(file, values, channels=1):
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(channels)
        opened.setsampwidth(2)
        opened.setframerate(16000)
        opened.writeframes(np.asarray(values, "<i2").tobytes())


def network_of(*shape):
    tensor = ir.Tensor(0, "x", shape, ir.Element.FLOAT32, None, None)
    return ir.Network("net", "net", "", (tensor,), (), (0,), ())


@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_bytes_in_the_order_of_names(tmp_path, channels):
    values = np.random.default_rng(0).integers(0, 256, (3, 5, 4, channels)).astype(np.uint8)
    (tmp_path / "class").mkdir()
    for name, value in zip(("c.png", "class/b.bmp", "a.png"), values, strict=True):
        PIL.fromarray(value[..., 0] if channels == 1 else value).save(tmp_path / name)
    np.testing.assert_array_equal(folders.read(tmp_path), values[[2, 0, 1]])
    pixels = Pixels((0.5,) * channels, (0.25,) * channels)
    (found,) = inputs.samples(network_of(1, 5, 4, channels), [tmp_path], pixels)
    np.testing.assert_allclose(found[0, 0], (values[2] / 255.0 - 0.5) / 0.25, rtol=1e-5)


def test_recordings_are_real_numbers(tmp_path):
    write_wav(tmp_path / "a.wav", [0, 16384, -32768])
    write_wav(tmp_path / "b.wav", [1, 2, 3])
    (found,) = inputs.samples(network_of(1, 3, 1, 1), [tmp_path])
    assert found.shape == (2, 1, 3, 1, 1)
    np.testing.assert_array_equal(found[0].reshape(-1), [0.0, 0.5, -1.0])


def break_image(folder):
    (folder / "a.png").write_bytes(b"no image")


def mix(folder):
    PIL.fromarray(np.zeros((2, 2), np.uint8)).save(folder / "a.png")
    write_wav(folder / "b.wav", [0])


def two_sizes(folder):
    PIL.fromarray(np.zeros((2, 2), np.uint8)).save(folder / "a.png")
    PIL.fromarray(np.zeros((2, 3), np.uint8)).save(folder / "b.png")


def transparent(folder):
    PIL.fromarray(np.zeros((2, 2, 4), np.uint8)).save(folder / "a.png")


def stereo(folder):
    write_wav(folder / "a.wav", [0, 0], channels=2)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: None, "has neither of images"),
        (mix, "has both of images"),
        (two_sizes, "b.png: is 2x3x1, but a.png is 2x2x1; bring all to the size"),
        (transparent, "is an image of mode RGBA, expected grey or red, green and blue"),
        (break_image, "is no image that can be read"),
        (stereo, "has 2 channels of 16 bits, expected one of 16 bits"),
        (lambda folder: (folder / "a.wav").write_bytes(b"x"), "is no recording that can be read"),
    ],
)
def test_refusals(tmp_path, make, sentence):
    make(tmp_path)
    with pytest.raises(GravenError, match=sentence):
        folders.read(tmp_path)
