"""Every layer on random shapes, options and quantization: the reference against TensorFlow Lite
Micro, int8 bit for bit. A failure names the seed that repeats it.
"""

import numpy as np
import pytest
import random_models
import tflm
from graven import hybrid, ir, reference
from graven.frontends import tflite, tflite_writer
from graven.layers.argmax import ArgMax
from graven.layers.quantize import Quantize

CASES = 40
GRAPHS = 60
RUNS = 12  # of a network with variables, which last from one to the next
INT8, FLOAT32 = random_models.INT8, random_models.FLOAT32


def compare(network: ir.Network, rng: np.random.Generator) -> list[str]:
    model = tflite_writer.to_bytes(network)
    parsed = tflite.parse(model, "random.tflite", "random")
    state, judge = reference.reset(parsed), tflm.sequence(hybrid.judged(parsed, model), parsed)
    lines = []
    for _ in range(RUNS if parsed.variables else 1):
        inputs = random_models.random_inputs(rng, network)
        ours = reference.run(parsed, inputs, state)
        lines += tflm.differences(parsed, ours, judge(inputs))
    return lines


@pytest.mark.parametrize(
    ("kind", "element"), random_models.ELEMENTS, ids=lambda each: getattr(each, "value", each)
)
def test_layer_equals_tflm(kind, element):
    for seed in range(CASES):
        rng = np.random.default_rng(seed)
        network = random_models.random_case(rng, kind, element)
        assert not compare(network, rng), f"{kind} {element.value} seed {seed}"


@pytest.mark.parametrize("kind", random_models.WEIGHTED)
def test_hybrid_layer_equals_tflm_with_dequantized_weights(kind):
    for seed in range(CASES):
        rng = np.random.default_rng(seed)
        network = random_models.random_case(rng, kind, FLOAT32, hybrid=True)
        assert not compare(network, rng), f"hybrid {kind} seed {seed}"


@pytest.mark.parametrize("kind", random_models.WEIGHTED)
def test_layer_with_int4_weights_equals_tflm(kind):
    for seed in range(CASES):
        rng = np.random.default_rng(seed)
        network = random_models.random_case(rng, kind, nibbles=True)
        assert not compare(network, rng), f"int4 {kind} seed {seed}"


def test_graphs_equal_tflm():
    for seed in range(GRAPHS):
        rng = np.random.default_rng([seed, 1])
        network = random_models.random_graph(rng)
        assert not compare(network, rng), f"graph seed {seed}"


def test_random_values_are_not_all_clipped():
    """The comparisons would mean little if outputs were constant."""
    for kind in random_models.KINDS:
        spread = []
        for seed in range(4 * CASES):
            rng = np.random.default_rng(seed)
            network = random_models.random_case(rng, kind)
            values = reference.run(network, random_models.random_inputs(rng, network))
            output = values[network.outputs[0]]
            if output.size >= 8:
                spread.append(np.unique(output).size > 3)
        assert len(spread) > 10, kind
        assert np.mean(spread) > 0.5 or kind in ("argmax", "comparison", "logic"), kind


# -- where TensorFlow Lite Micro is not followed: against real arithmetic --------------------------


def real(tensor: ir.Tensor, value: np.ndarray) -> np.ndarray:
    quantization = tensor.quantization
    return (value.astype(np.float64) - quantization.zero_point[0]) * quantization.scale[0]


def within_a_step(tensor: ir.Tensor, value: np.ndarray, expected: np.ndarray) -> None:
    """Equal to the real number up to rounding, or clipped where int8 ends."""
    scale, zero_point = tensor.quantization.scale[0], tensor.quantization.zero_point[0]
    ideal = np.clip(expected / scale + zero_point, -128, 127)
    assert np.max(np.abs(value - ideal)) <= 1.01


def test_relu6_rescales():
    for seed in range(CASES):
        rng = np.random.default_rng(seed)
        network = random_models.random_case(rng, "relu6", tflm=False)
        data, output = network.tensors[network.inputs[0]], network.tensors[network.outputs[0]]
        inputs = random_models.random_inputs(rng, network)
        value = reference.run(network, inputs)[output.index]
        within_a_step(output, value, np.clip(real(data, inputs[0]), 0.0, 6.0))


def test_concat_rescales():
    limits = {"NONE": (-np.inf, np.inf), "RELU": (0, np.inf), "RELU6": (0, 6),
              "RELU_N1_TO_1": (-1, 1)}  # fmt: skip
    for seed in range(CASES):
        rng = np.random.default_rng(seed)
        network = random_models.random_case(rng, "concat", tflm=False)
        output = network.tensors[network.outputs[0]]
        layer = network.operators[0].layer
        inputs = random_models.random_inputs(rng, network)
        value = reference.run(network, inputs)[output.index]
        parts = [
            real(network.tensors[index], part)
            for index, part in zip(network.inputs, inputs, strict=True)
        ]
        expected = np.clip(np.concatenate(parts, layer.axis), *limits[layer.activation])
        within_a_step(output, value, expected)


def test_everything_beyond_tflm_runs():
    for seed in range(CASES):
        rng = np.random.default_rng([seed, 2])
        network = random_models.random_graph(rng, tflm=False)
        values = reference.run(network, random_models.random_inputs(rng, network))
        for operator in network.operators:
            tensor = network.tensors[operator.outputs[0]]
            value = values[tensor.index]
            assert (value.shape, value.dtype) == (tensor.shape, tensor.element.dtype), seed


def test_argmax_of_64_bits():
    wide = 0
    for seed in range(CASES):
        rng = np.random.default_rng(seed)
        network = random_models.random_case(rng, "argmax", tflm=False)
        inputs = random_models.random_inputs(rng, network)
        value = reference.run(network, inputs)[network.outputs[0]]
        layer = network.operators[0].layer
        assert value.dtype == layer.output.dtype
        wide += value.dtype == np.int64
        extreme = inputs[0].max if network.operators[0].name == "ARG_MAX" else inputs[0].min
        picked = np.take_along_axis(inputs[0], np.expand_dims(value, layer.axis), layer.axis)
        np.testing.assert_array_equal(picked, extreme(axis=layer.axis, keepdims=True))
    assert wide


def test_argmax_of_what_is_no_number():
    """Never taken, as TensorFlow Lite Micro has it, but kept where it is the first."""
    for name in ("ARG_MAX", "ARG_MIN"):
        b = random_models.Builder(np.random.default_rng(0))
        output = b.tensor((4,), random_models.INT32)
        inputs = [b.input((4, 3), FLOAT32), b.integers(1)]
        network = b.network([b.add(name, ArgMax(1), inputs, output)])
        no = np.nan
        value = np.array([[1, no, 2], [no, 3, 4], [2, 1, no], [-np.inf, no, -np.inf]], np.float32)
        found = reference.run(network, [value])
        judged = tflm.run(tflite_writer.to_bytes(network), network, [value])
        assert found[output].tolist() == judged[output].tolist()


def test_quantize_of_numbers_that_do_not_fit():
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 6), FLOAT32)
    output = b.tensor((1, 6), INT8, ir.Quantization((0.5,), (7,)))
    network = b.network([b.add("QUANTIZE", Quantize(), [data], output)])
    value = np.array([[np.nan, np.inf, -np.inf, 1e30, -1e30, 0.25]], dtype=np.float32)
    assert reference.run(network, [value])[output].tolist() == [[7, 127, -128, 127, -128, 8]]
