"""Float operators inside an int8 model: refused, and right where they are asked for."""

import dataclasses

import cpp_cases
import numpy as np
import pytest
import random_models
import tflm
from graven import cli, islands, reference
from graven.errors import GravenError
from graven.frontends import tflite, tflite_writer


def with_island(seed: int):
    """Convolution, DEQUANTIZE, two float layers, QUANTIZE, convolution."""
    rng = np.random.default_rng(seed)
    b = random_models.Builder(rng)
    value = random_models.same_size(b, b.input((1, 6, 5, 3)), 4)
    real = random_models.dequantize(b, value)
    real = random_models.sigmoid(b, random_models.conv2d(b, real))
    value = random_models.quantize(b, real)
    value = random_models.same_size(b, value, 3)
    return rng, b.network([value])


def test_they_are_named():
    _, network = with_island(0)
    with pytest.raises(GravenError) as caught:
        islands.check(network)
    sentence = str(caught.value)
    assert "operator 2 (CONV_2D)" in sentence and "float32 between int8" in sentence
    assert "(and 1 more)" in sentence and "allow_float=True" in sentence


def test_at_an_end_they_may_stand():
    _, network = with_island(0)
    start = network.operators[:4]
    islands.check(dataclasses.replace(network, operators=start, outputs=start[-1].outputs))


def test_command(tmp_path, capsys):
    _, network = with_island(0)
    path = tmp_path / "island.tflite"
    tflite_writer.write(network, path)
    assert cli.main(["compile", str(path), "-o", str(tmp_path / "a.hpp")]) != 0
    assert "--allow-float" in capsys.readouterr().err
    command = ["compile", "--allow-float", str(path), "-o", str(tmp_path / "a.hpp")]
    assert cli.main(command) == 0


def test_they_compute_what_tflm_computes(tmp_path):
    cases = []
    for seed in range(2):
        rng, network = with_island(seed)
        cases.append(cpp_cases.make(f"island {seed}", seed, network, rng))
    for case, answers in zip(cases, cpp_cases.run(cases, tmp_path), strict=True):
        for inputs, ours in zip(case.inputs, answers, strict=True):
            (output,) = case.network.outputs
            for expected in (
                reference.run(case.network, inputs),
                tflm.run(case.model, tflite.parse(case.model, "m", "m"), inputs),
            ):
                # A float in its last bit decides a rounding of QUANTIZE, rarely.
                away = np.abs(ours[output].astype(int) - expected[output].astype(int))
                assert away.max() <= 1 and np.count_nonzero(away) <= 1, case.label
