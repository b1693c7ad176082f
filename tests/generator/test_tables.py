"""Functions of one number: which operators are one, and that their table has their bits."""

import functools
from dataclasses import replace

import graven
import numpy as np
import pytest
import random_models
from graven import ir, passes, reference
from graven.frontends import tflite, tflite_writer
from graven.layers.add import Add
from graven.layers.binary import Binary
from graven.layers.elementary import Elementary
from graven.layers.hard_swish import HardSwish
from graven.layers.mul import Mul
from graven.layers.relu6 import ReLU6
from graven.layers.select import Select
from graven.layers.sigmoid import Sigmoid
from graven.layers.softmax import Softmax
from graven.layers.tanh import Tanh
from graven.pointwise import curves
from graven.quantize.post_training import Quantizer, quantize
from test_quantize import Net

FLOAT32 = ir.Element.FLOAT32


class Curves(Net):
    """A float network; operators of one tensor, and numbers, which are constants."""

    def on(self, name, record, *given, element=FLOAT32):
        given = [each if isinstance(each, int) else self.constant(each) for each in given]
        self.add(name, record, given, self.tensors[given[0]].shape)
        self.tensors[-1] = replace(self.tensors[-1], element=element)
        return self.tensors[-1].index

    def constant(self, value):
        data = np.array(value, np.float32)
        return self.tensor(data.shape, data)


def swish(net, x):
    return net.on("MUL", Mul(), x, net.on("LOGISTIC", Sigmoid(), x))


def mish(net, x):
    grown = net.on("LOG", Elementary(), net.on("ADD", Add(), net.on("EXP", Elementary(), x), 1.0))
    return net.on("MUL", Mul(), x, net.on("TANH", Tanh(), grown))


def hard_swish(net, x):
    inside = net.on("RELU6", ReLU6(), net.on("ADD", Add(), x, 3.0))
    return net.on("MUL", Mul(), net.on("MUL", Mul(), inside, x), 1 / 6)


def chosen(net, x):
    above = net.on("GREATER", Binary(), x, 0.5, element=ir.Element.BOOLEAN)
    return net.on("SELECT_V2", Select(), above, x, net.on("SIN", Elementary(), x))


def power(net, x):
    return net.on("POW", Binary(), net.on("ABS", Elementary(), x), 1.7)


CURVES = {each.__name__: each for each in (swish, mish, hard_swish, chosen, power)}


def found(network, least=2):
    return [
        [each.name for each in curve.operators]
        for curve in curves(network, FLOAT32, lambda operators: len(operators) >= least)
    ]


# -- what is a curve ------------------------------------------------------------------------------


def test_operators_on_one_tensor_are_a_curve():
    net = Curves(1, 4)
    assert found(net.network(swish(net, net.first))) == [["LOGISTIC", "MUL"]]
    net = Curves(1, 4)
    assert found(net.network(mish(net, net.first))) == [["EXP", "ADD", "LOG", "TANH", "MUL"]]
    net = Curves(1, 4)
    assert found(net.network(chosen(net, net.first))) == [["GREATER", "SIN", "SELECT_V2"]]


def test_two_tensors_are_none_and_a_curve_begins_behind_them():
    net = Curves(1, 4)
    soft = net.on("SOFTMAX", Softmax(1.0), net.first)
    both = net.on("MUL", Mul(), net.first, soft)
    assert found(net.network(swish(net, both))) == [["LOGISTIC", "MUL"]]


def test_a_value_on_the_way_that_others_need_ends_it():
    for needed in ("output", "operator"):
        net = Curves(1, 4)
        inner = net.on("TANH", Tanh(), net.on("NEG", Elementary(), net.first))
        outer = net.on("MUL", Mul(), net.first, inner)
        soft = net.on("SOFTMAX", Softmax(1.0), inner)
        outputs = (outer, inner) if needed == "output" else (outer, soft)
        assert found(net.network(*outputs)) == [["NEG", "TANH"]]


def test_two_curves_from_one_tensor_share_nothing():
    net = Curves(1, 4)
    inner = net.on("TANH", Tanh(), net.first)
    first, second = net.on("MUL", Mul(), net.first, inner), net.on("ADD", Add(), inner, 1.0)
    assert found(net.network(first, second)) == []
    assert found(net.network(first, second), 1) == [["TANH"], ["ADD"]]


def test_a_constant_for_each_channel_is_no_part_of_one():
    net = Curves(1, 4)
    scaled = net.on("MUL", Mul(), net.first, [1.0, 2.0, 3.0, 4.0])
    assert found(net.network(net.on("TANH", Tanh(), scaled))) == []
    net = Curves(1, 4)
    scaled = net.on("MUL", Mul(), net.first, [2.0, 2.0, 2.0, 2.0])
    assert found(net.network(net.on("TANH", Tanh(), scaled))) == [["MUL", "TANH"]]


def test_what_is_compared_is_a_curve_up_to_there():
    net = Curves(1, 4)
    inner = net.on("TANH", Tanh(), net.on("NEG", Elementary(), net.first))
    above = net.on("GREATER", Binary(), inner, 0.5, element=ir.Element.BOOLEAN)
    soft = net.on("SOFTMAX", Softmax(1.0), net.first)
    both = net.on("SELECT_V2", Select(), above, net.first, soft)
    assert found(net.network(both)) == [["NEG", "TANH"]]


# -- int8: a table of their bits ------------------------------------------------------------------


def test_a_table_has_the_bits_of_its_operators():
    tables = 0
    for seed in range(150):
        rng = np.random.default_rng([seed, 77])
        network = random_models.random_case(rng, "curve", tflm=bool(seed % 2))
        network = tflite.parse(tflite_writer.to_bytes(network), "small.tflite", "small")
        short = passes.canonical(network)
        tables += [each.name for each in short.operators] == ["TABLE"]
        (data,) = network.inputs
        every = np.resize(np.arange(-128, 128, dtype=np.int8), network.tensors[data].shape)
        for given in (every, np.flip(every)):
            before, after = (reference.run(each, [given]) for each in (network, short))
            for output in network.outputs:
                np.testing.assert_array_equal(before[output], after[output])
    assert tables > 100


def test_one_operator_keeps_its_kernel():
    for kind in ("relu", "sigmoid", "hard_swish", "mul"):
        network = random_models.random_case(np.random.default_rng(3), kind)
        assert "TABLE" not in [each.name for each in passes.canonical(network).operators]


# -- quantization ---------------------------------------------------------------------------------


def samples(rng, count=64, shape=(1, 40)):
    return [rng.uniform(-4, 4, (count, *shape)).astype(np.float32)]


def quantized(make, kind="int8"):
    net = Curves(1, 40)
    network = net.network(make(net, net.first))
    data = samples(np.random.default_rng(0))
    return network, quantize(network, data, "min-max", kind=kind).network, data


@pytest.mark.parametrize("make", CURVES.values(), ids=CURVES)
def test_integers_of_a_curve_are_the_nearest_to_it(make):
    network, whole, _ = quantized(make)
    assert [each.name for each in whole.operators] == ["TABLE"]
    given, made = whole.tensors[whole.inputs[0]], whole.tensors[whole.outputs[0]]
    steps = np.resize(np.arange(-128, 128), 7 * 40).astype(np.int8).reshape(7, 1, 40)
    scale, point = made.quantization.scale[0], made.quantization.zero_point[0]
    for row in steps:
        real = row.astype(np.float64) - given.quantization.zero_point[0]
        real = (real * given.quantization.scale[0]).astype(np.float32)
        exact = reference.run(network, [real])[network.outputs[0]].astype(np.float64)
        wanted = np.clip(exact / scale + point, -128, 127)
        got = reference.run(whole, [row])[whole.outputs[0]]
        assert np.abs(got - wanted).max() <= 0.51


@pytest.mark.parametrize("make", CURVES.values(), ids=CURVES)
def test_words_are_near_it(make):
    network, whole, data = quantized(make, "int16x8")
    lacks = make in (chosen, power)  # int16 has all that the others are made of
    assert ([each.name for each in whole.operators] == ["TABLE"]) == lacks
    spread = 0.0
    for row in data[0][:8]:
        exact = reference.run(network, [row])[network.outputs[0]]
        scale = whole.tensors[whole.inputs[0]].quantization.scale[0]
        words = np.clip(np.rint(row / scale), -32768, 32767).astype(np.int16)
        got = reference.run(whole, [words])[whole.outputs[0]]
        real = got * whole.tensors[whole.outputs[0]].quantization.scale[0]
        spread = max(spread, float(np.abs(real - exact).max() / np.abs(exact).max()))
    assert spread < (5e-3 if make is mish else 2e-3)  # EXP spreads its steps over all it reaches


def test_what_has_no_integers_is_a_table_too():
    for name in ("SIN", "COS", "FLOOR", "SIGN", "NEG", "SQUARE"):
        one = functools.partial(lambda name, net, x: net.on(name, Elementary(), x), name)
        for kind in ("int8", "int16x8"):
            _, whole, _ = quantized(one, kind)
            words = kind == "int16x8" and name in ("NEG", "SQUARE")
            assert [each.name for each in whole.operators] == (["MUL"] if words else ["TABLE"])


def test_what_asks_is_a_table_in_words_too():
    def above(net, x):
        asked = net.on("GREATER", Binary(), x, 0.5, element=ir.Element.BOOLEAN)
        return net.on("SELECT_V2", Select(), asked, x, 0.0)

    for kind in ("int8", "int16x8"):
        _, whole, _ = quantized(above, kind)
        assert [each.name for each in whole.operators] == ["TABLE"]


def test_a_constant_within_a_curve_may_be_infinite():
    def bounded(net, x):  # as PyTorch's nan_to_num asks
        asked = net.on("EQUAL", Binary(), x, np.inf, element=ir.Element.BOOLEAN)
        return net.on("SELECT_V2", Select(), asked, 1.0, net.on("TANH", Tanh(), x))

    _, whole, _ = quantized(bounded)
    assert [each.name for each in whole.operators] == ["TABLE"]


def test_where_a_curve_has_no_number_it_is_0():
    net = Curves(1, 40)
    root = net.on("POW", Binary(), net.on("SUB", Binary(), net.first, 1.0), 0.5)
    data = [np.random.default_rng(0).uniform(1, 4, (64, 1, 40)).astype(np.float32)]
    whole = quantize(net.network(root), data, "min-max").network  # from 0 on
    table = whole.tensors[whole.operators[0].inputs[1]].data
    assert (table[:63] == whole.tensors[whole.outputs[0]].quantization.zero_point[0]).all()
    assert (np.diff(table[66:].astype(int)) >= 0).all() and table[-1] == 127


def test_tables_in_bytes_and_words_have_numpys_bits_in_cpp(tmp_path):
    rng = np.random.default_rng(1)
    net = Curves(1, 24)
    x = swish(net, net.dense(net.first, 16))
    x = net.on("HARD_SWISH", HardSwish(), net.dense(x, 9))
    network = net.network(net.dense(x, 4))
    data = samples(rng, shape=(1, 24))
    quantizer = Quantizer(network, data, "int8", "min-max")
    wide = quantizer.widened({sorted(quantizer.simulation.weighted)[1]})
    whole = wide.quantized(wide.bits(8)).network
    made = [whole.tensors[each.output] for each in whole.operators if each.name == "TABLE"]
    assert {each.element for each in made} == {ir.Element.INT8, ir.Element.INT16}
    path = tmp_path / "tables.tflite"
    path.write_bytes(tflite_writer.to_bytes(whole))
    model, given = graven.compile(path), data[0][:32].reshape(32, 24)
    np.testing.assert_array_equal(model(given), model.native()(given))
    real = np.stack([reference.run(network, [row])[network.outputs[0]] for row in data[0][:32]])
    assert np.abs(model(given) - real.reshape(32, -1)).max() < 0.03 * np.abs(real).max()
