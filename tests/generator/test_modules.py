"""What a layer module may say, and that nothing else names an operator."""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path

import numpy as np
import pytest
import random_models
from graven import cpp, emit, interval, ir, layers, reference
from graven.errors import GravenError
from graven.frontends import tflite, tflite_writer
from graven.layers import split
from graven.layers.conv2d import Conv2D
from graven.layers.relu import ReLU
from graven.pruning import exact
from graven.quantize import rules

SOURCES = Path(interval.__file__).parent
QUANTIZATION = ir.Quantization((0.05,), (3,))


def halves(axis: int, read: tuple[int, ...], shape: tuple[int, ...] = (1, 2, 2, 4)) -> ir.Network:
    """A SPLIT into two, then a RELU of each of the outputs that are read; the model's outputs."""
    b = random_models.Builder(np.random.default_rng(0))
    data = b.tensor(shape, ir.Element.INT8, QUANTIZATION)
    b.inputs.append(data)
    part = tuple(extent // 2 if place == axis else extent for place, extent in enumerate(shape))
    outputs = tuple(b.like(data, part) for _ in range(2))
    place = b.integers(axis)
    b.operators.append(ir.Operator(0, "SPLIT", split.Split(axis, 2), (place, data), outputs))
    return b.network(
        [b.add("RELU", ReLU(), [outputs[place]], b.like(data, part)) for place in read]
    )


@pytest.mark.parametrize("name", ["interval.py", "pruning/exact.py", "bounds.py", "channels.py"])
def test_exact_pruning_names_no_operator(name):
    text = (SOURCES / name).read_text()
    found = {name for name in layers.modules() if re.search(rf'"{name}"', text)}
    assert not found and "outputs[0]" not in text.replace("self.outputs[0]", "")


def test_readme_lists_what_is_read():
    """The first column of its table of layers, less what stands in brackets."""
    text = (SOURCES.parents[1] / "README.md").read_text()
    rows = text[text.index("| TFLite operator |") :].split("\n\n")[0].splitlines()[2:]
    cells = [re.sub(r"\(.*?\)", "", row.split("|")[1]) for row in rows]
    named = [name.strip() for cell in cells for name in cell.split(",")]
    assert sorted(named) == sorted(layers.modules())


VERBS = {"options", "integers", "read", "cpp", "reference", "bounds", "is_identity", "links",
         "keep", "shrink", "patches", "products", "folds", "known", "steps", "expand",
         "is_valid"}  # fmt: skip
DECLARED = {"OPERATORS", "OPTIONS", "DATA", "BROADCASTS", "CONSTANTS", "VARIABLES", "KEEPS",
            "OVERWRITES", "MOVES", "POINTWISE", "WITHOUT_INTEGERS",
            "WITHOUT_INT16"}  # fmt: skip


@pytest.mark.parametrize("module", sorted(set(layers.modules().values()), key=str), ids=str)
def test_every_verb_of_a_module_is_known(module):
    """A misspelt one would be ignored, and pruning would stop there."""
    functions = {
        name: list(inspect.signature(value).parameters)
        for name, value in vars(module).items()
        if inspect.isfunction(value)
        and (value.__module__ == module.__name__ or value.__name__ != name)  # not an import
        and not name.startswith("_")
    }
    verbs = {name for name, parameters in functions.items() if parameters[:2] == ["layer", "node"]}
    assert verbs <= VERBS
    assert {"options", "read", "reference"} <= set(vars(module))
    assert not hasattr(module, "folds") or hasattr(module, "products")
    own = {name for name, value in vars(module).items() if isinstance(value, tuple | bool | range)}
    scales = set(re.findall(r"^([A-Z]+) ", rules.__doc__, re.M))
    assert {name for name in own if name.isupper()} <= DECLARED | scales | {"MOST_INPUTS"}


def test_every_verb_is_described():
    words = re.findall(r"^    (\w+)\b", layers.__doc__, re.M)
    assert set(words) >= VERBS | DECLARED


def test_several_outputs_are_computed_written_and_read():
    network = tflite.parse(tflite_writer.to_bytes(halves(3, (1, 0))), "m.tflite", "m")
    assert network.operators[0].layer == split.Split(3, 2)
    data = np.arange(16, dtype=np.int8).reshape(1, 2, 2, 4)
    values = reference.run(network, [data])
    first, second = network.operators[0].outputs
    np.testing.assert_array_equal(values[first], data[..., :2])
    np.testing.assert_array_equal(values[second], data[..., 2:])


def test_a_wrong_number_of_outputs_is_refused():
    network = halves(3, (0, 1))
    operator = dataclasses.replace(network.operators[0], layer=split.Split(3, 3))
    network = dataclasses.replace(network, operators=(operator, *network.operators[1:]))
    with pytest.raises(GravenError, match=r"operator 0 \(SPLIT\): has 2 outputs, expected 3"):
        tflite.parse(tflite_writer.to_bytes(network), "m.tflite", "m")


def test_a_graph_refers_to_one_of_several_outputs():
    lines = emit.header(halves(3, (1, 0)), "0" * 64).splitlines()
    nodes = [line.strip().split("  //")[0] for line in lines if "graven::Node<" in line]
    assert nodes == [
        "graven::Node<graven::Split<graven::Axis::channels, 2>, input_0>,",
        "graven::Node<graven::ReLU, graven::Out<split_0, 1>>,",
        "graven::Node<graven::ReLU, graven::Out<split_0, 0>>,",
    ]
    assert "  input_0, split_0, relu_1, relu_2," in lines
    records = [line.strip() for line in lines if ".outputs" in line]
    assert not records
    shapes = [line for line in lines if "layers[0]" in line]
    assert [line.split(",")[0] for line in shapes] == [
        "static_assert(Model::layers[0].shape == graven::Shape{2"
    ]


def test_a_split_network_that_is_read_in_part_stays_a_graph():
    assert "graven::Graph<" in emit.header(halves(3, (0,)), "0" * 64)


def convolution(b: random_models.Builder, data: int, weights: np.ndarray) -> int:
    scale = ir.Quantization((0.01,), (0,))
    stored = b.tensor(weights.shape, ir.Element.INT8, scale, weights.astype(np.int8))
    output = b.tensor((*b.shape(data)[:3], weights.shape[0]), ir.Element.INT8, QUANTIZATION)
    return b.add("CONV_2D", Conv2D(), [data, stored], output)


@pytest.mark.parametrize("axis", [1, 3])
@pytest.mark.parametrize("read", [(0,), (1,), (0, 1)])
def test_pruning_sees_through_several_outputs(axis, read):
    """Readers take the first channel of their part alone: the filters of the others go."""
    b = random_models.Builder(np.random.default_rng(3))
    data = b.tensor((1, 2, 2, 3), ir.Element.INT8, QUANTIZATION)
    b.inputs.append(data)
    whole = convolution(b, data, b.rng.integers(30, 60, (4, 1, 1, 3)))
    shape = b.shape(whole)
    part = tuple(extent // 2 if place == axis else extent for place, extent in enumerate(shape))
    parts = tuple(b.like(whole, part) for _ in range(2))
    inputs = (b.integers(axis), whole)
    b.operators.append(ir.Operator(1, "SPLIT", split.Split(axis, 2), inputs, parts))
    reader = np.zeros((2, 1, 1, part[3]))
    reader[..., 0] = 90
    network = b.network([convolution(b, parts[place], reader) for place in read])
    pruned = exact.prune(network)
    change = pruned.report.operators[1]
    assert change.outputs == ((0,), (0,)) and change.removed == 2 * (part[3] - 1)
    assert pruned.network.tensors[whole].shape[3] == (2 if axis == 3 else 1)
    for given in (random_models.random_inputs(b.rng, network) for _ in range(3)):
        before, after = reference.run(network, given), reference.run(pruned.network, given)
        for index in network.outputs:
            np.testing.assert_array_equal(after[index], before[index])


def test_a_layer_states_any_number_of_constants(monkeypatch):
    """Each its own array, with a scale, a zero point and a shape of its own where it has them."""
    network = random_models.random_case(np.random.default_rng(0), "relu")
    scale = np.array([0.5], dtype=np.float32)
    alpha = cpp.Constant("alpha", np.array([1, 2], dtype=np.int8), scale, -3)
    plain = cpp.Constant("beta", np.array([7], dtype=np.int32))
    module = layers.modules()["RELU"]
    monkeypatch.setattr(
        module, "cpp", lambda layer, node: cpp.Cpp("graven::core::PReLU", constants=(alpha, plain))
    )
    text = " ".join(emit.header(network, "0" * 64).split())
    for part in (
        "inline constexpr std::int8_t relu_0_alpha[] = { 1, 2, };",
        "inline constexpr float relu_0_alpha_scale[] = { 0.5f, };",
        "inline constexpr std::int32_t relu_0_beta[] = { 7, };",
        'inline constexpr graven::Constant relu_0_constants[] = { {"alpha", relu_0_alpha, '
        'relu_0_alpha_scale, -3}, {"beta", relu_0_beta}, };',
        "{.constants = source::relu_0_constants,",
    ):
        assert part in text
