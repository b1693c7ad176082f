"""Functions of one number: which operators are one, and that their table has their bits."""

import functools

import graven
import numpy as np
import pytest
import random_models
from graven import ir, passes, reference
from graven.checked import checked, stated
from graven.curve import curves
from graven.frontends import tflite, tflite_writer
from graven.layers.add import Add
from graven.layers.binary import Binary
from graven.layers.dense import Dense
from graven.layers.elementary import Elementary
from graven.layers.hard_swish import HardSwish
from graven.layers.mul import Mul
from graven.layers.relu6 import ReLU6
from graven.layers.select import Select
from graven.layers.sigmoid import Sigmoid
from graven.layers.softmax import Softmax
from graven.layers.tanh import Tanh
from graven.quantize.post_training import Quantizer, quantize

FLOAT32 = ir.Element.FLOAT32


class Net:
    """A float network over one tensor, operator by operator; a number is a constant."""

    def __init__(self, *shape):
        self.shape, self.tensors, self.operators = shape, [], []
        self.x = self.tensor(shape)

    def tensor(self, shape, data=None, element=FLOAT32):
        index = len(self.tensors)
        self.tensors.append(ir.Tensor(index, f"t{index}", tuple(shape), element, None, data))
        return index

    def constant(self, value):
        data = np.array(value, np.float32)
        return self.tensor(data.shape, data)

    def add(self, name, record, *given, element=FLOAT32):
        given = tuple(each if isinstance(each, int) else self.constant(each) for each in given)
        output = self.tensor(self.shape, element=element)
        self.operators.append(stated(name, record, given, (output,)))
        return output

    def network(self, *outputs):
        return checked("net", "net", "", self.tensors, self.operators, [self.x], outputs)


def swish(net, x):
    return net.add("MUL", Mul(), x, net.add("LOGISTIC", Sigmoid(), x))


def mish(net, x):
    grown = net.add(
        "LOG", Elementary(), net.add("ADD", Add(), net.add("EXP", Elementary(), x), 1.0)
    )
    return net.add("MUL", Mul(), x, net.add("TANH", Tanh(), grown))


def hard_swish(net, x):
    inside = net.add("RELU6", ReLU6(), net.add("ADD", Add(), x, 3.0))
    return net.add("MUL", Mul(), net.add("MUL", Mul(), inside, x), 1 / 6)


def chosen(net, x):
    above = net.add("GREATER", Binary(), x, 0.5, element=ir.Element.BOOLEAN)
    return net.add("SELECT_V2", Select(), above, x, net.add("SIN", Elementary(), x))


def power(net, x):
    return net.add("POW", Binary(), net.add("ABS", Elementary(), x), 1.7)


CURVES = {each.__name__: each for each in (swish, mish, hard_swish, chosen, power)}


def found(network, least=2):
    return [
        [each.name for each in curve.operators]
        for curve in curves(network, FLOAT32, lambda operators: len(operators) >= least)
    ]


# -- what is a curve ------------------------------------------------------------------------------


def test_operators_on_one_tensor_are_a_curve():
    net = Net(1, 4)
    assert found(net.network(swish(net, net.x))) == [["LOGISTIC", "MUL"]]
    net = Net(1, 4)
    assert found(net.network(mish(net, net.x))) == [["EXP", "ADD", "LOG", "TANH", "MUL"]]
    net = Net(1, 4)
    assert found(net.network(chosen(net, net.x))) == [["GREATER", "SIN", "SELECT_V2"]]


def test_two_tensors_are_none_and_a_curve_begins_behind_them():
    net = Net(1, 4)
    soft = net.add("SOFTMAX", Softmax(1.0), net.x)
    both = net.add("MUL", Mul(), net.x, soft)
    assert found(net.network(swish(net, both))) == [["LOGISTIC", "MUL"]]


def test_a_value_on_the_way_that_others_need_ends_it():
    for needed in ("output", "operator"):
        net = Net(1, 4)
        inner = net.add("TANH", Tanh(), net.add("NEG", Elementary(), net.x))
        outer = net.add("MUL", Mul(), net.x, inner)
        soft = net.add("SOFTMAX", Softmax(1.0), inner)
        outputs = (outer, inner) if needed == "output" else (outer, soft)
        assert found(net.network(*outputs)) == [["NEG", "TANH"]]


def test_two_curves_from_one_tensor_share_nothing():
    net = Net(1, 4)
    inner = net.add("TANH", Tanh(), net.x)
    first, second = net.add("MUL", Mul(), net.x, inner), net.add("ADD", Add(), inner, 1.0)
    assert found(net.network(first, second)) == []
    assert found(net.network(first, second), 1) == [["TANH"], ["ADD"]]


def test_a_constant_for_each_channel_is_no_part_of_one():
    net = Net(1, 4)
    scaled = net.add("MUL", Mul(), net.x, [1.0, 2.0, 3.0, 4.0])
    assert found(net.network(net.add("TANH", Tanh(), scaled))) == []
    net = Net(1, 4)
    scaled = net.add("MUL", Mul(), net.x, [2.0, 2.0, 2.0, 2.0])
    assert found(net.network(net.add("TANH", Tanh(), scaled))) == [["MUL", "TANH"]]


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
    net = Net(1, 40)
    network = net.network(make(net, net.x))
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
        one = functools.partial(lambda name, net, x: net.add(name, Elementary(), x), name)
        for kind in ("int8", "int16x8"):
            _, whole, _ = quantized(one, kind)
            words = kind == "int16x8" and name in ("NEG", "SQUARE")
            assert [each.name for each in whole.operators] == (["MUL"] if words else ["TABLE"])


def test_where_a_curve_has_no_number_it_is_0():
    net = Net(1, 40)
    root = net.add("POW", Binary(), net.add("SUB", Binary(), net.x, 1.0), 0.5)
    data = [np.random.default_rng(0).uniform(1, 4, (64, 1, 40)).astype(np.float32)]
    whole = quantize(net.network(root), data, "min-max").network  # from 0 on
    table = whole.tensors[whole.operators[0].inputs[1]].data
    assert (table[:63] == whole.tensors[whole.outputs[0]].quantization.zero_point[0]).all()
    assert (np.diff(table[66:].astype(int)) >= 0).all() and table[-1] == 127


def dense(net, x, units, rng):
    weights = net.constant(rng.normal(0, 0.4, (units, net.tensors[x].shape[-1])))
    net.shape = (1, units)
    return net.add("FULLY_CONNECTED", Dense(), x, weights)


def test_tables_in_bytes_and_words_have_numpys_bits_in_cpp(tmp_path):
    rng = np.random.default_rng(1)
    net = Net(1, 24)
    x = swish(net, dense(net, net.x, 16, rng))
    x = net.add("HARD_SWISH", HardSwish(), dense(net, x, 9, rng))
    network = net.network(dense(net, x, 4, rng))
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
