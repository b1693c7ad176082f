"""Exact pruning: what is provably irrelevant goes, all of it, and no output changes by a bit."""

import dataclasses
import math

import numpy as np
import pytest
import random_models
import tflm
from graven import ir, reference
from graven.frontends import tflite, tflite_writer
from graven.layers.add import Add
from graven.layers.avg_pool import AvgPool
from graven.layers.concat import Concat
from graven.layers.conv2d import Conv2D
from graven.layers.dense import Dense
from graven.layers.depthwise_conv2d import DepthwiseConv2D
from graven.layers.max_pool import MaxPool
from graven.layers.quantize import Quantize
from graven.layers.reduce import Reduce
from graven.layers.relu import ReLU
from graven.layers.reshape import Reshape
from graven.layers.resize_bilinear import ResizeBilinear
from graven.layers.softmax import Softmax
from graven.pruning.exact import Pruned, prune

GRAPHS = 200
GRAPHS_IN_TFLM = 50
INT8 = ir.Element.INT8
LOW = ir.Quantization((0.05,), (-128,))  # of activations: zero is the least integer
WIDE = ir.Quantization((0.1,), (-128,))  # holds the sum of two of them
MIDDLE = ir.Quantization((0.05,), (0,))
DEAD, FULL = -(1 << 20), 1 << 20  # biases that no sum of products here outweighs


def extreme_inputs(network: ir.Network) -> list[list[np.ndarray]]:
    """All the least, all the greatest, and both in turn."""
    turns = []
    for pattern in ((-128, -128), (127, 127), (-128, 127), (127, -128)):
        values = []
        for index in network.inputs:
            shape = network.tensors[index].shape
            integers = np.resize(np.array(pattern, dtype=np.int8), math.prod(shape)).reshape(shape)
            values.append(integers.astype(network.tensors[index].element.dtype))
        turns.append(values)
    return turns


def assert_same(network: ir.Network, pruned: Pruned, rng: np.random.Generator) -> None:
    """Outputs have the same bits, and so have all channels that are left in between."""
    result = pruned.network
    assert (result.inputs, result.outputs) == (network.inputs, network.outputs)
    for index in (*network.inputs, *network.outputs):
        assert result.tensors[index].shape == network.tensors[index].shape
    assert [change.index for change in pruned.report.operators if not change.vanished] == [
        operator.index for operator in result.operators
    ]
    draws = [random_models.random_inputs(rng, network) for _ in range(2)]
    for inputs in (*draws, *extreme_inputs(network)):
        before, after = reference.run(network, inputs), reference.run(result, inputs)
        for index in network.outputs:
            np.testing.assert_array_equal(after[index], before[index])
        for operator, change in zip(network.operators, pruned.report.operators, strict=True):
            for index, left in zip(operator.outputs, change.outputs, strict=not change.vanished):
                value = before[index][..., list(left)] if before[index].ndim else before[index]
                np.testing.assert_array_equal(after[index], value)


def assert_same_in_tflm(network: ir.Network, pruned: Pruned, rng: np.random.Generator) -> None:
    models = [tflite_writer.to_bytes(each) for each in (network, pruned.network)]
    draws = [random_models.random_inputs(rng, network)]
    for inputs in (*draws, *extreme_inputs(network)):
        before = tflm.run(models[0], network, inputs)
        after = tflm.run(models[1], pruned.network, inputs)
        for index in network.outputs:
            np.testing.assert_array_equal(after[index], before[index])


def check(network: ir.Network) -> Pruned:
    """Prunes it, with the same outputs in numpy, in TensorFlow Lite Micro and read from a file."""
    rng = np.random.default_rng(1)
    pruned = prune(network)
    assert_same(network, pruned, rng)
    assert_same_in_tflm(network, pruned, rng)
    tflite.parse(tflite_writer.to_bytes(pruned.network), "pruned.tflite", "pruned")
    again = prune(pruned.network)
    assert again.network is pruned.network, "a second time must find nothing more"
    return pruned


def removed(pruned: Pruned) -> list[int]:
    return [change.removed for change in pruned.report.operators]


def kept(pruned: Pruned) -> list[tuple[int, ...]]:
    return [change.kept for change in pruned.report.operators]


class Net(random_models.Builder):
    """Layers whose biases decide what is alive; weights are small and never 0."""

    def __init__(self) -> None:
        super().__init__(np.random.default_rng(0))

    def image(self, *shape: int, quantization: ir.Quantization = MIDDLE) -> int:
        index = self.tensor((1, *shape), INT8, quantization)
        self.inputs.append(index)
        return index

    def parameters(
        self, shape: tuple[int, ...], axis: int, bias: list[int] | None, per_channel: bool = True
    ) -> list[int]:
        count = shape[axis] if per_channel else 1
        values = self.rng.integers(1, 20, shape) * self.rng.choice((-1, 1), shape)
        scales = tuple(float(np.float32(0.01 + 0.001 * k)) for k in range(count))
        quantization = ir.Quantization(scales, (0,) * count, axis)
        indices = [self.tensor(shape, INT8, quantization, values.astype(np.int8))]
        if bias is not None:
            stored = ir.Quantization(
                tuple(float(np.float32(0.05) * np.float32(scale)) for scale in scales),
                (0,) * count,
            )
            data = np.array(bias, dtype=np.int32)
            indices.append(self.tensor(data.shape, ir.Element.INT32, stored, data))
        return indices

    def conv(
        self, data: int, bias: list[int] | int, size: int = 1, padding: str = "SAME",
        activation: str = "RELU", quantization: ir.Quantization = LOW,
    ) -> int:  # fmt: skip
        """`bias` has a value per output, or is the number of outputs that have none."""
        biases = None if isinstance(bias, int) else bias
        units = bias if isinstance(bias, int) else len(bias)
        _, height, width, depth = self.shape(data)
        cut = size - 1 if padding == "VALID" else 0
        inputs = [data, *self.parameters((units, size, size, depth), 0, biases)]
        output = self.tensor((1, height - cut, width - cut, units), INT8, quantization)
        return self.add("CONV_2D", Conv2D((1, 1), (1, 1), padding, activation), inputs, output)

    def depthwise(self, data: int, bias: list[int], size: int = 3, activation: str = "RELU") -> int:
        _, height, width, depth = self.shape(data)
        inputs = [data, *self.parameters((1, size, size, len(bias)), 3, bias)]
        output = self.tensor((1, height, width, len(bias)), INT8, LOW)
        layer = DepthwiseConv2D((1, 1), (1, 1), "SAME", activation, len(bias) // depth)
        return self.add("DEPTHWISE_CONV_2D", layer, inputs, output)

    def dense(self, data: int, bias: list[int], per_channel: bool = False) -> int:
        depth = self.shape(data)[-1]
        inputs = [data, *self.parameters((len(bias), depth), 0, bias, per_channel)]
        output = self.tensor((*self.shape(data)[:-1], len(bias)), INT8, MIDDLE)
        return self.add("FULLY_CONNECTED", Dense("NONE"), inputs, output)

    def join(self, first: int, second: int, activation: str = "NONE") -> int:
        output = self.tensor(self.shape(first), INT8, WIDE)
        return self.add("ADD", Add(activation), [first, second], output)

    def concat(self, *parts: int) -> int:
        depth = sum(self.shape(part)[3] for part in parts)
        output = self.tensor((*self.shape(parts[0])[:3], depth), INT8, LOW)
        return self.add("CONCATENATION", Concat(3), list(parts), output)

    def flatten(self, data: int) -> int:
        shape = (1, math.prod(self.shape(data)))
        return self.add(
            "RESHAPE", Reshape(shape), [data, self.integers(*shape)], self.like(data, shape)
        )

    def constant_of(self, operator: int, position: int, network: ir.Network) -> np.ndarray:
        return network.tensors[network.operators[operator].inputs[position]].data


# -- channels that are dead -----------------------------------------------------------------------


def test_half_of_the_channels_dead_lose_them_all():
    """A separable network, every layer of which clamps every other channel to zero."""
    net = Net()
    value = net.image(8, 8, 3)
    half = [DEAD, 50] * 4
    value = net.conv(value, half, size=3)
    value = net.conv(net.depthwise(value, half), half)
    value = net.add("MAX_POOL_2D", MaxPool((2, 2), (2, 2)), [value], net.like(value, (1, 4, 4, 8)))
    value = net.conv(net.depthwise(value, half), half, size=3)
    value = net.conv(value, half, size=3, padding="VALID")
    mean = net.tensor((1, 8), INT8, LOW)
    value = net.add("MEAN", Reduce((1, 2)), [value, net.integers(1, 2)], mean)
    value = net.dense(value, [0, 0, 0])
    value = net.add("SOFTMAX", Softmax(), [value],
                    random_models.fixed(net, value, 1 / 256, -128))  # fmt: skip
    network = net.network([value])
    pruned = check(network)
    assert removed(pruned) == [4, 4, 4, 4, 4, 4, 4, 4, 0, 0]
    assert all(indices == (1, 3, 5, 7) for indices in kept(pruned)[:8])
    full = 8 * 27 + 8 * 9 + 8 * 8 + 8 * 9 + 8 * 72 + 8 * 72 + 3 * 8
    half = 4 * 27 + 4 * 9 + 4 * 4 + 4 * 9 + 4 * 36 + 4 * 36 + 3 * 4
    assert pruned.report.weights == (full, half)
    macs = pruned.report.macs
    assert macs[1] < 0.5 * macs[0]
    scales = pruned.network.tensors[network.operators[2].inputs[1]].quantization.scale
    before = network.tensors[network.operators[2].inputs[1]].quantization.scale
    assert scales == before[1::2]


def test_all_dead_keeps_one_channel():
    net = Net()
    value = net.conv(net.image(4, 4, 2), [DEAD] * 4)
    value = net.conv(value, [3, 4], size=3)
    pruned = check(net.network([value]))
    assert removed(pruned) == [3, 0]


def test_what_is_multiplied_by_zeros_goes():
    net = Net()
    value = net.conv(net.image(4, 4, 2), [1, 2, 3])
    value = net.conv(value, [5, 6], size=3)
    network = net.network([value])
    weights = net.constant_of(1, 1, network)
    weights[..., 1] = 0
    assert kept(check(network)) == [(0, 2), (0, 1)]


def test_depthwise_multiplier_shrinks():
    net = Net()
    value = net.depthwise(net.image(6, 6, 1), [DEAD, 5, DEAD, 7])
    value = net.conv(value, [1, 2])
    network = net.network([value])
    pruned = check(network)
    assert kept(pruned) == [(1, 3), (0, 1)]
    assert pruned.network.operators[0].layer.depth_multiplier == 2


def test_depthwise_inputs_have_equally_many_outputs():
    net = Net()
    value = net.depthwise(net.image(6, 6, 2), [DEAD, 5, DEAD, 7, 8, DEAD])
    pruned = check(net.network([net.conv(value, [1, 2])]))
    assert kept(pruned)[0] == (0, 1, 3, 4)


def test_dense_with_scales_keeps_two_outputs():
    """With one scale left its multiplier would be rounded in another way."""
    net = Net()
    value = net.flatten(net.image(1, 1, 5))
    value = net.dense(value, [DEAD, 0, DEAD, DEAD], per_channel=True)
    value = net.dense(value, [0, 0])
    pruned = check(net.network([value]))
    assert kept(pruned)[1] == (0, 1)


# -- constants other than zero --------------------------------------------------------------------


def test_constant_moves_into_the_bias():
    net = Net()
    value = net.conv(net.image(4, 4, 2), [FULL, 10, FULL], quantization=MIDDLE)
    value = net.conv(value, [1, 2])
    network = net.network([value])
    pruned = check(network)
    assert kept(pruned) == [(1,), (0, 1)]
    weights, bias = (net.constant_of(1, position, network) for position in (1, 2))
    folded = bias + 127 * (weights[:, 0, 0, 0].astype(int) + weights[:, 0, 0, 2])
    assert (folded != bias).all()
    np.testing.assert_array_equal(net.constant_of(1, 2, pruned.network), folded)


def test_constant_makes_a_bias_where_there_was_none():
    net = Net()
    value = net.conv(net.image(4, 4, 2), [FULL, 10], quantization=MIDDLE)
    value = net.conv(value, 2)
    pruned = check(net.network([value]))
    assert kept(pruned) == [(1,), (0, 1)]
    assert len(pruned.network.operators[1].inputs) == 3
    assert len(pruned.network.tensors) == len(net.tensors) + 1


@pytest.mark.parametrize("padding, left", [("SAME", (0, 1)), ("VALID", (1,))])
def test_constant_beside_padding(padding, left):
    """Padding is the zero point, so another constant gives other sums at the border."""
    net = Net()
    value = net.conv(net.image(5, 5, 2), [FULL, 10], quantization=LOW)
    value = net.conv(value, [1, 2, 3], size=3, padding=padding)
    pruned = check(net.network([value]))
    assert kept(pruned) == [left, (0, 1, 2)]


def test_constant_that_stays_reads_nothing():
    """The channel that only a constant one was made of goes, although that one stays."""
    net = Net()
    value = net.conv(net.image(5, 5, 2), [10, 10])
    value = net.conv(value, [FULL, 10])
    value = net.conv(value, [1, 2, 3], size=3)
    network = net.network([value])
    net.constant_of(1, 1, network)[1, ..., 0] = 0
    pruned = check(network)
    assert kept(pruned) == [(1,), (0, 1), (0, 1, 2)]
    assert not net.constant_of(1, 1, pruned.network)[0].any()


@pytest.mark.parametrize("bias, left", [(FULL, ()), (2000, (0,))])
def test_constant_through_a_padded_depthwise_layer(bias, left):
    """Where inside and border are clamped to one value the constant goes on, else it stays."""
    net = Net()
    value = net.conv(net.image(5, 5, 2), [FULL, 10])
    value = net.depthwise(value, [bias, 10])
    value = net.conv(value, [1, 2, 3])
    network = net.network([value])
    net.constant_of(1, 1, network)[...] = 4
    pruned = check(network)
    assert kept(pruned)[:2] == [(*left, 1), (*left, 1)]


def test_bias_never_leaves_32_bits():
    net = Net()
    value = net.conv(net.image(4, 4, 2), [FULL, 10])
    value = net.conv(value, [(1 << 31) - 100, 5])
    network = net.network([value])
    net.constant_of(1, 1, network)[...] = 1
    assert removed(check(network)) == [0, 0]


# -- across other operators -----------------------------------------------------------------------


def test_add_drops_what_both_sides_can_drop():
    net = Net()
    source = net.image(4, 4, 2)
    first = net.conv(source, [DEAD, 10, DEAD, 10])
    second = net.conv(source, [DEAD, DEAD, 10, 10])
    value = net.conv(net.join(first, second), [1, 2], size=3)
    pruned = check(net.network([value]))
    assert kept(pruned) == [(1, 2, 3)] * 3 + [(0, 1)]


def test_add_of_a_dead_branch():
    """All of the branch goes; what it added becomes an operand of one value per channel."""
    net = Net()
    value = net.conv(net.image(4, 4, 2), [5, 10, 15])
    body = net.conv(value, [10, 10, 10, 10], size=3)
    body = net.conv(body, [FULL, DEAD, FULL], size=3)
    value = net.join(value, body)
    value = net.conv(value, [1, 2])
    pruned = check(net.network([value]))
    assert kept(pruned) == [(0, 1, 2), (), (), (0, 1, 2), (0, 1)]
    assert pruned.network.operators[1].index == 3
    np.testing.assert_array_equal(
        net.constant_of(1, 1, pruned.network), np.array([127, -128, 127]).reshape(1, 1, 1, 3)
    )


def test_add_with_a_constant_operand():
    net = Net()
    value = net.conv(net.image(4, 4, 2), [DEAD, 10, DEAD, 10])
    operand = net.tensor((4,), INT8, LOW, np.array([-128, 1, 127, 2], dtype=np.int8))
    value = net.conv(net.join(value, operand), [1, 2])
    pruned = check(net.network([value]))
    assert kept(pruned)[:2] == [(1, 3)] * 2
    assert net.constant_of(1, 1, pruned.network).tolist() == [1, 2]


def test_concat_shifts_indices():
    net = Net()
    source = net.image(4, 4, 2)
    parts = net.conv(source, [10, DEAD]), net.conv(source, [DEAD, 10, 10]), net.conv(source, [10])
    value = net.conv(net.concat(*parts), [1, 2], size=3)
    pruned = check(net.network([value]))
    assert kept(pruned) == [(0,), (1, 2), (0,), (0, 3, 4, 5), (0, 1)]


def test_concat_loses_a_dead_branch():
    net = Net()
    source = net.image(4, 4, 2)
    dead = net.conv(net.conv(source, [1, 2, 3]), [DEAD, DEAD])
    value = net.conv(net.concat(dead, net.conv(source, [4, 5])), [1, 2])
    pruned = check(net.network([value]))
    assert kept(pruned) == [(), (), (0, 1), (), (0, 1)]


def test_flatten_and_dense():
    net = Net()
    value = net.conv(net.image(3, 3, 2), [FULL, 10, DEAD])
    value = net.dense(net.flatten(value), [7, 8])
    network = net.network([value])
    pruned = check(network)
    assert kept(pruned) == [(1,), tuple(range(1, 27, 3)), (0, 1)]
    assert net.constant_of(2, 1, pruned.network).shape == (2, 9)
    assert pruned.network.tensors[network.operators[1].inputs[1]].data.tolist() == [1, 9]


def test_flatten_keeps_a_channel_that_is_not_constant_everywhere():
    net = Net()
    value = net.conv(net.image(3, 3, 2), [FULL, 10])
    value = net.depthwise(value, [2000, 10])
    value = net.dense(net.flatten(value), [7, 8])
    network = net.network([value])
    net.constant_of(1, 1, network)[...] = 4
    pruned = check(network)
    assert kept(pruned)[:2] == [(1,), (1,)]  # each element is constant, so a sum over all is


def test_pools_and_scales_pass_constants_on():
    net = Net()
    value = net.conv(net.image(6, 6, 2), [FULL, 10, DEAD, 20])
    value = net.add("AVERAGE_POOL_2D", AvgPool((2, 2), (2, 2), "SAME"), [value],
                    net.like(value, (1, 3, 3, 4)))  # fmt: skip
    value = net.add("QUANTIZE", Quantize(), [value], net.tensor((1, 3, 3, 4), INT8, MIDDLE))
    value = net.add("RESIZE_BILINEAR", ResizeBilinear(), [value, net.integers(6, 6)],
                    net.like(value, (1, 6, 6, 4)))  # fmt: skip
    pruned = check(net.network([net.conv(value, [1, 2])]))
    assert kept(pruned) == [(1, 3)] * 4 + [(0, 1)]


def test_shared_weights_are_told_apart():
    net = Net()
    source = net.image(4, 4, 2)
    first = net.conv(source, [10, DEAD])
    second = net.conv(source, [10, 10])
    one = net.conv(first, [1, 2])
    two = net.conv(second, [1, 2])
    last = net.operators[3]
    shared = (last.inputs[0], *net.operators[2].inputs[1:])
    net.operators[3] = dataclasses.replace(last, inputs=shared)
    pruned = check(net.network([one, two]))
    assert kept(pruned)[:2] == [(0,), (0, 1)]


# -- operators that vanish ------------------------------------------------------------------------


def test_operators_that_do_nothing_vanish():
    net = Net()
    value = net.conv(net.image(4, 4, 2), [1, 2])
    shape = net.shape(value)
    value = net.add("RELU", ReLU(), [value], net.like(value, shape))
    value = net.add("QUANTIZE", Quantize(), [value], net.like(value, shape))
    value = net.add("MAX_POOL_2D", MaxPool((1, 1), (1, 1)), [value], net.like(value, shape))
    value = net.add("RESHAPE", Reshape(shape), [value, net.integers(*shape)],
                    net.like(value, shape))  # fmt: skip
    value = net.add("RESIZE_BILINEAR", ResizeBilinear(), [value, net.integers(4, 4)],
                    net.like(value, shape))  # fmt: skip
    value = net.conv(value, [1, 2], size=3)
    pruned = check(net.network([value]))
    assert [operator.index for operator in pruned.network.operators] == [0, 6]


def test_operators_that_do_something_stay():
    net = Net()
    value = net.image(4, 4, 2)
    shape = net.shape(value)
    clamped = MaxPool((1, 1), (1, 1), "VALID", "RELU6")
    value = net.add("MAX_POOL_2D", clamped, [value], net.like(value, shape))
    value = net.add("QUANTIZE", Quantize(), [value], net.tensor(shape, INT8, LOW))
    value = net.add("MAX_POOL_2D", MaxPool((2, 2), (1, 1), "SAME"), [value],
                    net.like(value, shape))  # fmt: skip
    value = net.conv(value, [1, 2], size=3)
    value = net.add("RELU", ReLU(), [value], net.like(value, net.shape(value)))  # the output
    network = net.network([value])
    assert check(network).network is network


def test_float_networks_stay_as_they_are():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        network = random_models.random_case(rng, "conv2d", ir.Element.FLOAT32)
        assert prune(network).network is network


# -- whatever comes -------------------------------------------------------------------------------


def deadened(rng: np.random.Generator, network: ir.Network, most: int) -> ir.Network:
    """With many biases that outweigh the sums, and with columns of zeros."""
    tensors = list(network.tensors)

    def set_data(tensor: ir.Tensor, data: np.ndarray) -> None:
        tensors[tensor.index] = dataclasses.replace(tensor, data=data)

    for operator in network.operators:
        weighted = operator.name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
        if not weighted or tensors[operator.inputs[0]].element is not INT8:
            continue
        weights = tensors[operator.inputs[1]]
        if weights.data is None:  # computed
            continue
        if rng.random() < 0.3:
            set_data(weights, weights.data * (rng.random(weights.shape[-1]) < 0.7))
        if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
            bias = tensors[operator.inputs[2]]
            dead = rng.random(bias.data.size) < rng.choice((0.0, 0.5, 0.5, 1.0))
            huge = rng.integers(1 << 20, most, bias.data.size) * rng.choice((-1, 1), bias.data.size)
            set_data(bias, np.where(dead, huge, bias.data).astype(np.int32))
    return dataclasses.replace(network, tensors=tuple(tensors))


def test_random_graphs_keep_their_outputs():
    gone = vanished = 0
    for seed in range(GRAPHS):
        rng = np.random.default_rng([seed, 3])
        graph = random_models.random_graph(rng, tflm=bool(seed % 2))
        network = deadened(rng, graph, most=1 << (31 if seed % 3 == 0 else 24))
        pruned = prune(network)
        try:
            assert_same(network, pruned, rng)
        except AssertionError as error:
            raise AssertionError(f"graph seed {seed}: {error}") from error
        parsed = tflite.parse(tflite_writer.to_bytes(pruned.network), "pruned.tflite", "pruned")
        assert len(parsed.operators) == len(pruned.network.operators), seed
        gone += sum(removed(pruned))
        vanished += sum(change.vanished for change in pruned.report.operators)
    assert gone > GRAPHS and vanished > GRAPHS // 10


def test_random_graphs_in_tflm():
    changed = 0
    for seed in range(GRAPHS_IN_TFLM):
        rng = np.random.default_rng([seed, 4])
        network = deadened(rng, random_models.random_graph(rng), most=1 << 22)
        pruned = prune(network)
        changed += pruned.network is not network
        try:
            assert_same_in_tflm(network, pruned, rng)
        except AssertionError as error:
            raise AssertionError(f"graph seed {seed}: {error}") from error
    assert changed > GRAPHS_IN_TFLM // 2


# -- models in use --------------------------------------------------------------------------------

# Filter elements and MACs that are left.
MODELS = {
    "ad_autoencoder": (264_192, 264_192),
    "hello_world": (220, 220),
    "ic_resnet8": (77_360, 12_501_632),
    "kws_dscnn": (22_016, 2_656_768),
    "micro_speech": (16_640, 336_000),
    "nano_u": (3_063, 2_399_200),
    "person_detect": (207_676, 7_077_246),
}


@pytest.mark.parametrize("name", MODELS)
def test_shared_models(shared, name):
    network = tflite.load(shared / "models" / f"{name}_int8.tflite")
    pruned = prune(network)
    assert (pruned.report.weights[1], pruned.report.macs[1]) == MODELS[name]
    assert_same(network, pruned, np.random.default_rng(0))
    folder = shared / "vectors" / name
    source = network.tensors[network.inputs[0]]
    vectors = sorted(folder.glob("in_*.bin"))
    assert vectors
    for vector in vectors:
        data = np.fromfile(vector, dtype=np.int8).reshape(source.shape)
        output = reference.run(pruned.network, [data])[network.outputs[0]]
        golden = folder / vector.name.replace("in_", "out_")
        assert output.tobytes() == golden.read_bytes(), vector.name
