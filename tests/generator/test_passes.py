"""Folding where a network is read, and the passes that make it what the engine runs."""

import dataclasses

import numpy as np
import pytest
import random_models
from graven import emit, inputs, ir, passes, reference
from graven.errors import GravenError
from graven.frontends import tflite, tflite_writer
from graven.layers.dense import Dense
from graven.layers.embedding_lookup import EmbeddingLookup
from graven.layers.fill import Fill
from graven.layers.pad import Pad
from graven.layers.reshape import Reshape
from graven.layers.shape import Shape
from graven.passes.broadcasts import collapsed as collapsed_axes

INT8, INT32 = ir.Element.INT8, ir.Element.INT32


def parsed(network: ir.Network) -> ir.Network:
    return tflite.parse(tflite_writer.to_bytes(network), "small.tflite", "small")


def names(network: ir.Network) -> list[str]:
    return [operator.name for operator in network.operators]


def builder() -> random_models.Builder:
    return random_models.Builder(np.random.default_rng(0))


# -- dilation -------------------------------------------------------------------------------------


def test_convolutions_between_blocks_are_dilated_ones():
    several = 0
    for tflm in (True, False):
        for seed in range(100):
            rng = np.random.default_rng([seed, 9])
            network = parsed(random_models.random_case(rng, "dilated", tflm=tflm))
            short = passes.canonical(network)
            inputs = random_models.random_inputs(rng, network)
            output = network.outputs[0]
            before, after = (reference.run(each, inputs) for each in (network, short))
            np.testing.assert_array_equal(before[output], after[output])
            if any(
                each.name == "CONV_2D" and network.tensors[each.inputs[0]].shape[0] > 1
                for each in network.operators
            ):
                several += 1
                assert set(names(short)) <= {"CONV_2D", "RESHAPE"}
    assert several > 100


def test_convolutions_may_share_their_blocks():
    """As the two gates of a WaveNet do."""
    several = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        network = parsed(random_models.random_case(rng, "dilated"))
        first = next(each for each in network.operators if each.name == "CONV_2D")
        if network.tensors[first.inputs[0]].shape[0] == 1:
            continue
        again, tensors, operators = {}, list(network.tensors), list(network.operators)
        for each in network.operators[first.index :]:
            again[each.output] = len(tensors)
            tensors.append(dataclasses.replace(tensors[each.output], index=len(tensors)))
            inputs = tuple(again.get(index, index) for index in each.inputs)
            place = len(operators)
            operators.append(
                dataclasses.replace(each, index=place, inputs=inputs, outputs=(len(tensors) - 1,))
            )
        (output,) = network.outputs
        twice = dataclasses.replace(
            network, tensors=tuple(tensors), operators=tuple(operators),
            outputs=(output, again[output]),
        )  # fmt: skip
        short = passes.canonical(twice)
        assert set(names(short)) <= {"CONV_2D", "RESHAPE"}
        inputs = random_models.random_inputs(rng, twice)
        before, after = (reference.run(each, inputs) for each in (twice, short))
        for index in twice.outputs:
            np.testing.assert_array_equal(before[index], after[index])
        several += 1
    assert several > 10


def test_blocks_that_are_read_twice_are_images():
    for seed in range(100):
        rng = np.random.default_rng(seed)
        network = parsed(random_models.random_case(rng, "dilated"))
        blocks = network.operators[0].output
        if network.tensors[blocks].shape[0] > 1 and len(network.operators) == 3:
            break
    else:
        pytest.fail("no case has blocks")
    network = dataclasses.replace(network, outputs=(*network.outputs, blocks))
    short = passes.canonical(network)
    inputs = random_models.random_inputs(rng, network)
    before, after = (reference.run(each, inputs) for each in (network, short))
    for index in network.outputs:
        np.testing.assert_array_equal(before[index], after[index])


# -- several images -------------------------------------------------------------------------------


def test_a_batch_is_images_with_the_same_weights():
    apart = below = 0
    for seed in range(60):
        rng = np.random.default_rng([seed, 17])
        network = parsed(random_models.random_case(rng, "images"))
        short = passes.canonical(network)
        inputs = random_models.random_inputs(rng, network)
        before, after = (reference.run(each, inputs) for each in (network, short))
        for index in network.outputs:
            np.testing.assert_array_equal(before[index], after[index])
        for each in short.operators:
            if each.name == "CONV_2D":
                assert short.tensors[each.inputs[0]].shape[0] == 1
                assert short.tensors[each.inputs[1]].index in range(len(network.tensors))
        several = network.tensors[network.inputs[0]].shape[0]
        for kind in ("CONV_2D", "MAX_POOL_2D"):
            count = names(network).count(kind)
            apart += count > 0 and names(short).count(kind) == several * count
            below += count > 0 and names(short).count(kind) == count  # as 1x1 are
    assert apart > 5 and below > 1


# -- PAD ------------------------------------------------------------------------------------------


def bordered(b, data, border, fill=None):
    shape = tuple(sum(pair) + n for pair, n in zip(border, b.shape(data), strict=True))
    stored = b.tensor((4, 2), INT32, None, np.array(border, dtype=np.int32))
    inputs = [data, stored]
    if fill is not None:
        value = np.array(fill, dtype=np.int8)
        inputs.append(b.tensor((), INT8, b.tensors[data].quantization, value))
    name = "PAD" if fill is None else "PADV2"
    return b.add(name, Pad(tuple(border)), inputs, b.like(data, shape))


def test_padded_convolutions_stay_the_same():
    taken = 0
    for kind in ("padded_conv2d", "padded_depthwise"):
        for element in (INT8, ir.Element.FLOAT32):
            for seed in range(100):
                rng = np.random.default_rng([seed, 7])
                network = random_models.random_case(rng, kind, element)
                shorter = passes.canonical(network) if taken_over(network) else network
                inputs = random_models.random_inputs(rng, network)
                output = network.outputs[0]
                before, after = (reference.run(each, inputs) for each in (network, shorter))
                np.testing.assert_array_equal(before[output], after[output])
                taken += len(shorter.operators) == 1
    assert taken > 100


def taken_over(network: ir.Network) -> bool:
    return "PAD" not in names(passes.into_windows(network))


SIDES = ((0, 0), (1, 2), (0, 2), (0, 0))


@pytest.mark.parametrize(
    ("border", "fill", "left"),
    [
        (SIDES, None, 1),
        (((0, 0), (3, 0), (0, 0), (0, 0)), None, 2),  # windows of nothing but border
        (((0, 0), (1, 1), (1, 1), (0, 1)), None, 2),  # channels
        (SIDES, 5, 1),  # the zero point
        (SIDES, 6, 2),
    ],
)
def test_which_pads_go(border, fill, left):
    b = builder()
    data = b.input((1, 6, 6, 2))
    point = ir.Quantization((0.1,), (5,))
    b.tensors[data] = dataclasses.replace(b.tensors[data], quantization=point)
    output = random_models.same_size(b, bordered(b, data, border, fill), 3)
    weights = b.operators[-1].inputs[1]
    wider = np.zeros((3, 3, 3, b.shape(data)[3] + sum(border[3])), dtype=np.int8)
    b.tensors[weights] = dataclasses.replace(b.tensors[weights], shape=wider.shape, data=wider)
    layer = dataclasses.replace(b.operators[-1].layer, padding="VALID")
    b.operators[-1] = dataclasses.replace(b.operators[-1], layer=layer)
    assert len(passes.into_windows(b.network([output])).operators) == left


def test_a_pad_that_others_read_stays():
    b = builder()
    data = b.input((1, 6, 6, 2))
    framed = bordered(b, data, ((0, 0), (1, 1), (1, 1), (0, 0)))
    both = [random_models.same_size(b, framed, 3), random_models.relu(b, framed)]
    network = b.network(both)
    assert passes.into_windows(network) is network
    network = b.network([both[0], framed])
    assert passes.into_windows(network) is network


# -- constants ------------------------------------------------------------------------------------


def test_a_shape_is_known():
    """As Keras' Flatten has it: the shape of a RESHAPE is computed from that of its input."""
    b = builder()
    data = b.input((1, 4, 3, 2))
    count = b.add("RANK", Shape(True), [data], b.tensor((), INT32))
    shape = b.add("SHAPE", Shape(), [data], b.tensor((4,), INT32))
    other = random_models.relu(b, data)
    output = b.add("RESHAPE", Reshape((2, 12)), [other, shape], b.like(other, (2, 12)))
    network = parsed(b.network([output]))
    assert names(network) == ["RELU", "RESHAPE"]
    assert network.tensors[shape].data.tolist() == [1, 4, 3, 2]
    assert network.tensors[count].data == 4


def test_constants_are_folded():
    b = builder()
    data = b.input((1, 3), ir.Element.FLOAT32)
    size = b.integers(1, 3)
    value = b.tensor((), ir.Element.FLOAT32, None, np.float32(1.5))
    ones = b.add("FILL", Fill(), [size, value], b.tensor((1, 3), ir.Element.FLOAT32))
    turned = random_models.relu(b, ones)
    output = random_models.join(b, [data, turned])
    network = parsed(b.network([output]))
    assert names(network) == ["ADD"]
    assert network.tensors[turned].data.tolist() == [[1.5, 1.5, 1.5]]


def test_range():
    b = builder()
    ends = [b.tensor((), INT32, None, np.int32(each)) for each in (2, 11, 3)]
    steps = b.add("RANGE", Fill(True), ends, b.tensor((3,), INT32))
    data = b.input((1, 6))
    shape = (3, 2)
    output = b.add("RESHAPE", Reshape(shape), [data, steps], b.like(data, shape))
    assert parsed(b.network([output])).tensors[steps].data.tolist() == [2, 5, 8]


# -- constants and inputs where computed tensors are needed ---------------------------------------


def odd_networks() -> dict[str, ir.Network]:
    """By what is odd about them."""
    found = {}
    b = builder()
    data = b.input((1, 2, 3))
    values = np.arange(3, dtype=np.int8).reshape(1, 1, 3)
    rows = b.tensor((1, 1, 3), INT8, b.tensors[data].quantization, values)
    joined = random_models.merge(b, [rows, data, rows], 1)
    found["joined with constants"] = b.network([joined])
    b = builder()
    data = b.input((1, 4))
    twice = random_models.relu(b, data)
    value = b.tensor((2,), INT32, None, np.array([7, -7], dtype=np.int32))
    found["outputs that nothing computes"] = b.network([data, twice, value, twice])
    b = builder()
    found["no operators"] = b.network([b.input((1, 4))])
    b = builder()
    data = b.input((1, 4))
    found["read twice"] = b.network([random_models.join(b, [data, data])])
    return found


@pytest.mark.parametrize("name", odd_networks())
def test_odd_networks(name):
    network = parsed(odd_networks()[name])
    ready = passes.canonical(network)
    inputs = random_models.random_inputs(np.random.default_rng(0), network)
    before, after = (reference.run(each, inputs) for each in (network, ready))
    for stated, made in zip(network.outputs, ready.outputs, strict=True):
        np.testing.assert_array_equal(before[stated], after[made])
    computed = {index for operator in ready.operators for index in operator.outputs}
    assert set(ready.outputs) <= computed and len(set(ready.outputs)) == len(ready.outputs)


# -- what is left ---------------------------------------------------------------------------------


def test_what_nobody_reads_goes():
    b = builder()
    data = b.input((1, 6))
    output = random_models.relu(b, data)
    random_models.sigmoid(b, random_models.tanh(b, output))
    assert names(passes.canonical(b.network([output]))) == ["RELU"]


def test_what_assigns_stays():
    network = random_models.random_case(np.random.default_rng(0), "variable")
    assert "ASSIGN_VARIABLE" in names(network)
    assert names(passes.without_dead(network)) == names(network)


def test_what_works_on_constants_only():
    b = builder()
    size = b.tensor((2,), INT32)
    b.inputs.append(size)
    value = b.tensor((), INT8, ir.Quantization((0.1,), (0,)), np.int8(3))
    output = b.tensor((2, 3), INT8, ir.Quantization((0.1,), (0,)))
    network = b.network([b.add("FILL", Fill(), [size, value], output)])
    with pytest.raises(GravenError, match=r"operator 0 \(FILL\): is computed at run time, but"):
        passes.canonical(network)


# -- broadcasting ---------------------------------------------------------------------------------


def test_operands_broadcast_along_any_axes():
    """TensorFlow Lite Micro crashes on some of them."""
    seen = set()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        network = parsed(random_models.five_axes(rng))
        compiled = passes.canonical(network)
        inputs = random_models.random_inputs(rng, network)
        before, after = (reference.run(each, inputs) for each in (network, compiled))
        for index in network.outputs:
            np.testing.assert_array_equal(before[index], after[index])
        emit.header(compiled, "0" * 64)
        seen.add(tuple(sorted(set(names(compiled)))))
    assert len(seen) >= 3  # as it is, by reshapes, by copies


@pytest.mark.parametrize(
    ("shapes", "collapsed"),
    [
        ([(2, 1, 4, 5), (1, 3, 4, 5)], [(2, 1, 20), (1, 3, 20), (2, 3, 20)]),
        ([(1, 6, 4, 5, 8), (6, 1, 1, 8)], [(6, 20, 8), (6, 1, 8), (6, 20, 8)]),
        ([(1, 1), (1,)], [(1,), (1,), (1,)]),
    ],
)
def test_axes_that_broadcast_alike_become_one(shapes, collapsed):
    output = np.broadcast_shapes(*shapes)
    assert collapsed_axes(shapes, output) == collapsed


# -- tied weights ---------------------------------------------------------------------------------


def tied_network(first: str) -> ir.Network:
    """A table that a dense layer multiplies with, and of which an embedding takes rows: in either
    order, as both may stand side by side."""
    b = builder()
    data, where = b.input((1, 5)), b.tensor((1,), INT32)
    b.inputs.append(where)
    table = b.weights(data, (7, 5), 0, per_channel=False)
    scales = ir.Quantization((0.3,), (2,))
    product, rows = b.tensor((1, 7), INT8, scales), b.like(table, (1, 5))
    steps = {
        "FULLY_CONNECTED": lambda: b.add("FULLY_CONNECTED", Dense(), [data, table, -1], product),
        "EMBEDDING_LOOKUP": lambda: b.add(
            "EMBEDDING_LOOKUP", EmbeddingLookup(), [where, table], rows
        ),
    }
    for name in sorted(steps, key=lambda each: each != first):
        steps[name]()
    return parsed(b.network([product, rows]))


@pytest.mark.parametrize("first", ["FULLY_CONNECTED", "EMBEDDING_LOOKUP"])
def test_a_table_that_a_dense_layer_has_too_lies_in_flash_once(first):
    network = tied_network(first)
    tied = passes.canonical(network)
    assert sorted(names(tied)) == ["BATCH_MATMUL", "LITERAL", "LOOKUP"]
    given = [np.int8([[1, -2, 3, -4, 127]]), np.int32([3])]
    before, after = (reference.run(each, given) for each in (network, tied))
    for index in network.outputs:
        np.testing.assert_array_equal(before[index], after[index])
    assert emit.header(tied, "0" * 64)


@pytest.mark.parametrize("prepare", [lambda network: network, passes.canonical])
def test_random_tokens_are_places_of_their_table(prepare):
    """Others end the run of other engines, which could not judge such a model."""
    network = prepare(tied_network("EMBEDDING_LOOKUP"))
    (tokens,) = (
        value
        for value, index in zip(inputs.random(network, 200, 0), network.inputs, strict=True)
        if network.tensors[index].element is INT32
    )
    assert (tokens.min(), tokens.max()) == (0, 6)
