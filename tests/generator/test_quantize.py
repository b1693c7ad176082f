"""Post-training quantization: its pieces, and the whole. What comes out must be a network that all
engines compute alike, close to the float one.
"""

import functools
from dataclasses import replace

import numpy as np
import pytest
import random_models
import tflm
from graven import api, build, cli, inputs, ir, layers, reference
from graven.checked import checked, stated
from graven.errors import GravenError, GravenWarning
from graven.frontends import files, tflite, tflite_writer
from graven.layers.add import Add
from graven.layers.add_n import AddN
from graven.layers.avg_pool import AvgPool
from graven.layers.concat import Concat
from graven.layers.conv2d import Conv2D
from graven.layers.dense import Dense
from graven.layers.elementary import Elementary
from graven.layers.max_pool import MaxPool
from graven.layers.mul import Mul
from graven.layers.reshape import Reshape
from graven.layers.sigmoid import Sigmoid
from graven.layers.transpose_conv2d import TransposeConv2D
from graven.quantize import ranges, weights
from graven.quantize.batches import Batches
from graven.quantize.budget import Bytes, Mixture, mixed
from graven.quantize.decisions import LOST
from graven.quantize.equalize import equalized
from graven.quantize.kinds import KINDS
from graven.quantize.post_training import JUDGED, TRIED, Quantizer, quantize, quantize_input
from graven.quantize.rules import FREE, SAME, Fixed, Weights, rule_of
from graven.quantize.scales import Scale, nearest
from graven.quantize.search import METHODS, quiet
from graven.quantize.sequences import sequences
from graven.quantize.sharing import sharing
from graven.quantize.simulate import Simulation

FLOAT32 = ir.Element.FLOAT32


class Net:
    """A float network, operator by operator."""

    def __init__(self, *shape, seed=0):
        self.rng = np.random.default_rng(seed)
        self.tensors, self.operators = [], []
        self.first = self.tensor(shape)

    def tensor(self, shape, data=None, element=FLOAT32):
        index = len(self.tensors)
        self.tensors.append(ir.Tensor(index, f"t{index}", tuple(shape), element, None, data))
        return index

    def reals(self, *shape, spread=0.4):
        data = self.rng.normal(0.0, spread, shape).astype(np.float32)
        return self.tensor(shape, data)

    def add(self, name, record, given, shape):
        output = self.tensor(shape)
        self.operators.append(stated(name, record, tuple(given), (output,)))
        return output

    def conv(self, data, units, **options):
        (_, height, width, depth) = self.tensors[data].shape
        constants = [self.reals(units, 3, 3, depth), self.reals(units)]
        layer = Conv2D(padding="SAME", **options)
        return self.add("CONV_2D", layer, [data, *constants], (1, height, width, units))

    def dense(self, data, units):
        depth = int(np.prod(self.tensors[data].shape))
        constants = [self.reals(units, depth, spread=0.1), self.reals(units)]
        return self.add("FULLY_CONNECTED", Dense(), [data, *constants], (1, units))

    def network(self, *outputs):
        return checked("net", "net.tflite", "", self.tensors, self.operators, [self.first], outputs)


def small(seed=0):
    net = Net(1, 8, 6, 3, seed=seed)
    a = net.conv(net.first, 8, activation="RELU")
    b = net.conv(a, 8)
    c = net.add("CONCATENATION", Concat(3), [a, b], (1, 8, 6, 16))
    return net.network(net.dense(c, 5))


UNJUDGED = {("dilated", "int16x8"), ("extreme", "int16x8"), ("resize_bilinear", "int16x8")}
"""TensorFlow Lite Micro has no SPACE_TO_BATCH_ND, REDUCE_MIN and RESIZE_BILINEAR of int16."""


def samples(network, count=48, seed=0):
    return inputs.random(network, count, seed)


def outputs(network, given):
    return [
        reference.run(network, inputs.one(given, k))[network.outputs[0]]
        for k in range(len(given[0]))
    ]


def real(network, values):
    quantization = network.tensors[network.outputs[0]].quantization
    (scale,), (zero_point,) = quantization.scale, quantization.zero_point
    return (np.array(values, dtype=np.float64) - zero_point) * scale


@pytest.mark.parametrize(("kind", "most"), [("int8", 0.1), ("int4", 0.4), ("int16x8", 0.05)])
def test_network_equals_tflm_and_is_close(kind, most):
    for seed in range(4):
        network = small(seed)
        found = quantize(network, samples(network, seed=seed), kind=kind).network
        given = [quantize_input(found, 0, each) for each in samples(network, 3, seed + 9)]
        model = tflite_writer.to_bytes(found)
        for k in range(3):
            one = inputs.one(given, k)
            ours = reference.run(tflite.parse(model, "q.tflite", "q"), one)
            assert not tflm.differences(found, ours, tflm.run(model, found, one))
        exact = np.array(outputs(network, samples(network, 3, seed + 9)))
        error = real(found, outputs(found, given)) - exact
        assert np.sqrt(np.mean(error**2) / np.mean(exact**2)) < most


@pytest.mark.parametrize(
    ("kind", "to"),
    [
        (kind, to)
        for kind in sorted({*random_models.KINDS} - {"div"})  # may divide by zero
        for to in KINDS
        if (to != "int4" or kind in random_models.WEIGHTED) and (kind, to) not in UNJUDGED
    ],
)
def test_every_layer_can_be_quantized(kind, to):
    """Or refuses with a sentence; and then TensorFlow Lite Micro agrees."""
    done, refused = 0, ""
    for seed in range(8 if to == "int8" else 2):
        rng = np.random.default_rng(seed)
        network = random_models.random_case(rng, kind, FLOAT32)
        given = random_models.random_inputs(rng, network)
        ends = (*network.inputs, *network.outputs)
        if any(network.tensors[index].element is not FLOAT32 for index in ends):
            continue
        try:
            parsed = tflite.parse(tflite_writer.to_bytes(network), "f.tflite", "f")
            found = quantize(parsed, [value[None] for value in given], kind=to).network
        except GravenError as error:
            refused = str(error)
            continue
        if "TABLE" in [each.name for each in found.operators]:
            refused = "TensorFlow Lite Micro has no TABLE; test_tables.py judges them"
            continue
        whole = [quantize_input(found, place, value) for place, value in enumerate(given)]
        model = tflite_writer.to_bytes(found)
        ours = reference.run(found, whole)
        assert not tflm.differences(found, ours, tflm.run(model, found, whole)), (kind, to, seed)
        done += 1
    if not done:
        pytest.skip(refused or "no case of real numbers")


@pytest.mark.parametrize("kind", ["int8", "int16x8"])
@pytest.mark.parametrize("count", [2, 3])
def test_a_sum_of_several_is_sums_of_two(kind, count):
    """Whose terms have scales of their own; ADD_N wants one, and has no int16."""
    net = Net(1, 6, 6, 3)
    terms = [net.conv(net.first, 4, activation=each) for each in ("RELU", "NONE", "RELU6")[:count]]
    network = net.network(net.add("ADD_N", AddN(), terms, (1, 6, 6, 4)))
    given = samples(network)
    found = quantize(network, given, kind=kind).network
    assert [each.name for each in found.operators].count("ADD") == count - 1
    exact = np.array(outputs(network, given))
    error = real(found, outputs(found, [quantize_input(found, 0, given[0])])) - exact
    assert np.sqrt(np.mean(error**2) / np.mean(exact**2)) < 0.05


def test_the_same_samples_make_the_same_network():
    network = small()
    first, second = (quantize(network, samples(network)).network for _ in range(2))
    assert tflite_writer.to_bytes(first) == tflite_writer.to_bytes(second)


@pytest.mark.parametrize("method", METHODS)
def test_the_best_loses_least(method):
    """On the samples that it is chosen by, no method for all tensors loses less."""
    network = small(3)
    given = samples(network)
    given[0][0] *= 8.0  # an outlier
    exact = np.array(outputs(network, given))
    errors = []
    for each in ("best", method):
        found = quantize(network, given, each, correct=False).network
        whole = [quantize_input(found, 0, value) for value in given]
        errors.append(np.mean((real(found, outputs(found, whole)) - exact) ** 2))
    assert errors[0] <= 1.1 * errors[1]


def late_outliers(rare, count=64):
    """x * x + c, with samples that reach four times as far, none of them among those that ranges
    are tried on."""
    net = Net(1, 24)
    square = net.add("MUL", Mul(), [net.first, net.first], (1, 24))
    network = net.network(net.add("ADD", Add(), [square, net.reals(1, 24)], (1, 24)))
    given = samples(network, count)
    given[0][rare] *= 4.0
    return network, given


def lost_by(network, given, kind, method):
    found = quantize(network, given, method, kind=kind)
    whole = [quantize_input(found.network, 0, value) for value in given]
    error = real(found.network, outputs(found.network, whole)) - outputs(network, given)
    return np.sqrt(np.mean(error**2)), {each.method for each in found.report.choices}


@pytest.mark.parametrize("rare", [slice(TRIED + 1, None, 2), slice(TRIED + 1, TRIED + 2)])
@pytest.mark.parametrize("kind", ["int8", "int16x8"])
def test_the_best_loses_no_more_than_min_max_over_all(kind, rare):
    network, given = late_outliers(rare)
    (best, methods), (plain, _) = (
        lost_by(network, given, kind, each) for each in ("best", "min-max")
    )
    assert best <= plain
    assert kind == "int8" or methods == {"min-max"}


def test_ranges_are_judged_by_a_part_of_many_samples():
    """Also where no sample that they are tried on, and not all of the others, reach so far."""
    count = 3 * JUDGED
    network, given = late_outliers(slice(3, None, 6), count)
    (best, _), (plain, _) = (lost_by(network, given, "int8", each) for each in ("best", "min-max"))
    assert best <= plain


def test_samples_are_spread_over_all():
    network = small()
    whole = sequences(network, samples(network, 100))
    assert whole.spread(100) is whole and len(whole.spread(32)) == 32
    np.testing.assert_array_equal(whole.spread(4).values[0], whole.values[0][::25])


def test_biases_take_up_the_mean_error():
    network = small(5)
    given = samples(network)
    exact = np.array(outputs(network, given))
    off = []
    for correct in (False, True):
        found = quantize(network, given, "min-max", correct).network
        whole = [quantize_input(found, 0, value) for value in given]
        off.append(np.abs((real(found, outputs(found, whole)) - exact).mean(axis=0)).sum())
    assert off[1] <= off[0]


def test_report():
    network = small()
    report = quantize(network, samples(network)).report
    assert (report.samples, report.tried) == (48, TRIED)
    assert [each.op for each in report.layers] == [op.name for op in network.operators]
    assert all(each.noise_db > 20.0 and each.saturated < 0.01 for each in report.layers)
    assert all(each.method in METHODS for each in report.choices)


# -- pieces ---------------------------------------------------------------------------------------


def test_rules_are_the_modules_own():
    rules = {name: rule_of(module, name) for name, module in layers.modules().items()}
    assert rules["CONV_2D"] == rules["ADD"] == rules["MEAN"] == FREE
    assert rules["MAX_POOL_2D"] == rules["CONCATENATION"] == rules["REDUCE_MAX"] == SAME
    assert rules["LOGISTIC"] == Fixed(1 / 256, -128)


def test_concatenated_tensors_share():
    network = small()
    shared = sharing(network)
    a, b, c = (operator.output for operator in network.operators[:3])
    assert shared.group[a] == shared.group[b] == shared.group[c]
    assert sorted(shared.sources[shared.group[c]]) == sorted([a, b])


def test_fixed_scale_is_changed_before_a_concatenation():
    net = Net(1, 4, 4, 3)
    a = net.conv(net.first, 4)
    b = net.add("LOGISTIC", Sigmoid(), [a], (1, 4, 4, 4))
    network = net.network(net.add("CONCATENATION", Concat(3), [a, b], (1, 4, 4, 8)))
    found = quantize(network, samples(network)).network
    assert [op.name for op in found.operators] == [
        "CONV_2D", "LOGISTIC", "QUANTIZE", "CONCATENATION",
    ]  # fmt: skip


def test_many_samples_at_once_are_one_after_the_other():
    network = small()
    given = samples(network, 5)
    whole = Batches(network).run([value[:, 0] for value in given])[network.outputs[0]]
    np.testing.assert_allclose(whole, np.concatenate(outputs(network, given)), rtol=1e-5, atol=1e-5)


def test_histogram_grows():
    values = np.random.default_rng(0).normal(0.0, 1.0, 10_000).astype(np.float32)
    histogram = ranges.Histogram()
    for part in np.split(values, 10):
        histogram.add(part * np.float32(0.01))
        histogram.add(part)
    assert histogram.counts.sum() == 20_000
    assert histogram.whole == (float(values.min()), float(values.max()))
    low, high = ranges.percentile(histogram, 99.0)
    assert -3.1 < low < -2.0 and 2.0 < high < 3.1


def test_outliers_are_clipped_by_all_but_min_max():
    values = np.random.default_rng(0).normal(0.0, 1.0, 100_000)
    values[0] = 1000.0
    histogram = ranges.Histogram()
    histogram.add(values)
    found = ranges.candidates(histogram)
    assert found["min-max"][1] == 1000.0
    assert found["percentile 99.99"][1] < 10.0


def test_scale_holds_zero():
    assert ranges.scale_of((0.0, 2.55)) == Scale(float(np.float32(0.01)), -128)
    assert ranges.scale_of((1.0, 2.55)).zero_point == -128
    assert ranges.scale_of((0.0, 0.0)) == Scale(1.0, 0)
    words = ranges.scale_of((-3.2767, 1.0), ir.Element.INT16)
    assert words == Scale(float(np.float32(1e-4)), 0, ir.Element.INT16)


@pytest.mark.parametrize("bits", [4, 8])
def test_rounding_by_the_error_of_the_layer_loses_less(bits):
    """Correlated inputs: what one weight loses another one can take up."""
    rng = np.random.default_rng(bits)
    x = rng.normal(1.0, 1.0, (2000, 12)) @ rng.normal(0.0, 1.0, (12, 12))
    filters = rng.normal(0.0, 1.0, (6, 12)).astype(np.float32)
    moments = weights.Moments()
    for part in np.split(x, 4):
        moments.add(part[None])
    lost = []
    for found in (
        weights.to_nearest(filters, Weights(), bits, 0.0),
        weights.by_error(filters, Weights(), bits, 0.0, moments),
    ):
        assert np.abs(found.whole).max() <= weights.most(bits)
        lost.append(np.var(x @ (found.real - filters).T, axis=0).sum())
    assert lost[1] < 0.6 * lost[0]


def test_equalization_changes_no_output_and_saves_unequal_channels():
    """Channels of an activation that differ by a thousand, which one scale covers badly."""
    net = Net(1, 8, 6, 3)
    a = net.conv(net.first, 8, activation="RELU")
    pooled = net.add("MAX_POOL_2D", MaxPool((2, 2), (2, 2)), [a], (1, 4, 3, 8))
    b = net.add("RESHAPE", Reshape((1, 96)), [pooled], (1, 96))
    c = net.dense(b, 5)
    factors = 10.0 ** np.linspace(-1.5, 1.5, 8)
    filter, bias, weights = (net.tensors[op.inputs[k]] for op, k in (
        (net.operators[0], 1), (net.operators[0], 2), (net.operators[3], 1)))  # fmt: skip
    filter.data[:] *= factors[:, None, None, None]
    bias.data[:] *= factors
    weights.data[:] /= np.tile(factors, 12)
    network = net.network(c)
    simulation = Simulation(network, sharing(network))
    given = samples(network)
    exact = simulation.exact(sequences(network, given))
    changed = equalized(simulation, exact)
    np.testing.assert_allclose(
        Simulation(changed, sharing(changed)).exact(sequences(network, given))[c],
        exact[c], rtol=1e-4, atol=1e-4,
    )  # fmt: skip
    (step, *_) = quantize(network, given).report.steps
    assert step.taken and step.with_db > step.without_db + 6


@pytest.mark.filterwarnings("error")
def test_layers_without_effect_are_not_equalized():
    """All channels dead, by a bias below every sum, or by weights behind that are 0."""
    for dead in (lambda net: net.tensors[net.operators[0].inputs[2]].data.fill(-1e3),
                 lambda net: net.tensors[net.operators[1].inputs[1]].data.fill(0)):  # fmt: skip
        net = Net(1, 8, 6, 3)
        out = net.conv(net.conv(net.first, 4, activation="RELU"), 5)
        dead(net)
        network = net.network(out)
        simulation = Simulation(network, sharing(network))
        exact = simulation.exact(sequences(network, samples(network)))
        changed = equalized(simulation, exact)
        for before, after in zip(network.tensors, changed.tensors, strict=True):
            assert before.data is None or np.array_equal(before.data, after.data)
        quantize(network, samples(network))


def test_weights_are_symmetric():
    data = np.random.default_rng(0).normal(0.0, 1.0, (4, 50)).astype(np.float32)
    data[2] = 0
    data[3, 7] = -9
    found = weights.to_nearest(data, Weights(), 8, 0.0)
    most = np.abs(data).max(axis=1)
    np.testing.assert_allclose(found.scales, np.where(most > 0, most / 127, 1), rtol=1e-6)
    np.testing.assert_array_equal(np.abs(found.whole).max(axis=1), [127, 127, 0, 127])
    assert found.whole[3, 7] == -127 and np.abs(found.real - data).max() <= found.scales.max() / 2
    for bits in (8, 4):
        one = weights.in_one_scale(data, bits)
        assert one.scales.size == 1 and np.abs(one.whole).max() == weights.most(bits)
    plain = np.float32(9 / 7)  # a scale that reaches all: of 4 bits a smaller one loses less
    whole = np.round(data / plain) * plain
    assert np.square(one.real - data).sum() < np.square(whole - data).sum()


def test_weights_of_4_bits_where_their_layer_takes_them():
    net = Net(1, 4, 4, 3)
    a = net.conv(net.first, 4)
    shape = net.tensor((4,), np.array([1, 8, 8, 2], np.int32), ir.Element.INT32)
    given = [shape, net.reals(2, 2, 2, 4), a]
    b = net.add("TRANSPOSE_CONV", TransposeConv2D((2, 2)), given, (1, 8, 8, 2))
    network = net.network(b)
    found = quantize(network, samples(network), kind="int4")
    elements = [found.network.tensors[op.inputs[1]].element for op in found.network.operators]
    assert elements == [ir.Element.INT4, ir.Element.INT8]
    assert [each.why for each in found.report.layers] == [
        "int4", "TRANSPOSE_CONV takes no weights of 4 bits",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_cpp_computes_the_same(kind):
    network = small()
    data = tflite_writer.to_bytes(quantize(network, samples(network), kind=kind).network)
    found = tflite.parse(data, "q.tflite", "q")
    model = api.Model(files.Source(found, data, "0" * 64), build.Choice())
    given = samples(network, 5, 7)[0]
    np.testing.assert_array_equal(model.native()(given), model(given))


# -- under a budget -------------------------------------------------------------------------------


def weight_bytes(network):
    """As a stand-in for a target: of all constants but biases."""
    constants = [tensor for tensor in network.tensors if tensor.data is not None]
    return sum(
        -(-tensor.data.size // 2) if tensor.element is ir.Element.INT4 else tensor.data.size
        for tensor in constants
        if tensor.element in (ir.Element.INT4, ir.Element.INT8)
    )


def within(network, given, **budget):
    def measure(whole):
        wide = whole.tensors[whole.inputs[0]].element is ir.Element.INT16
        return Bytes(weight_bytes(whole), 2000 if wide else 1000)

    return mixed(network, given, "best", Bytes(**budget), measure, quiet)


def test_a_mixed_choice_loses_no_more_than_4_bits_and_fits():
    network = small()
    given = samples(network)
    whole, least = (quantize(network, given, kind=kind).network for kind in ("int8", "int4"))
    exact = np.array(outputs(network, given))
    lost = {}
    for share in (0.0, 0.4, 0.8, 1.0):
        limit = int(weight_bytes(least) + share * (weight_bytes(whole) - weight_bytes(least)))
        found = within(network, given, flash=limit)
        assert weight_bytes(found.network) <= limit
        assert all(each.why for each in found.report.layers if each.weights)
        inward = [quantize_input(found.network, 0, value) for value in given]
        lost[share] = np.mean((real(found.network, outputs(found.network, inward)) - exact) ** 2)
    assert lost[1.0] < lost[0.8] <= lost[0.4] < lost[0.0]
    elements = {each.weights for each in within(network, given, flash=1 << 20).report.layers}
    assert elements == {"int8", ""}


def test_a_budget_of_ram_lets_activations_have_16_bits():
    network = small()
    given = samples(network)
    assert within(network, given, ram=2000).report.kind == "int16x8"
    report = within(network, given, ram=1999).report
    assert report.kind == "mixed"
    assert report.refused == ["int16x8: needs 2,000 bytes of RAM of 1,999"]


def delicate(seed=0, large=100.0):
    """Wide layers, and behind them the small difference of two large numbers, where int8 loses."""
    net = Net(1, 12, 12, 4, seed=seed)
    a = net.conv(net.conv(net.first, 16, activation="RELU"), 8, activation="RELU")
    pool = net.add("AVERAGE_POOL_2D", AvgPool((4, 4), (4, 4), "VALID"), [a], (1, 3, 3, 8))
    flat = net.add("RESHAPE", Reshape((1, 72)), [pool], (1, 72))
    both = [net.dense(flat, 8) for _ in range(2)]
    for index, size in zip(both, (large, -large), strict=True):
        (bias,) = [each.inputs[2] for each in net.operators if each.outputs == (index,)]
        net.tensors[bias] = replace(net.tensors[bias], data=np.full(8, size, np.float32))
    return net.network(net.dense(net.add("ADD", Add(), both, (1, 8)), 5))


def on_this_machine(network):
    memory = api.Model(files.Source(network, b"", "0" * 64), build.Choice()).memory()
    return Bytes(memory.flash, memory.arena)


@pytest.mark.deep
def test_single_layers_of_16_bits_beat_what_is_uniform():
    """Where int16x8 does not fit and int8 loses most: less error than int8 on samples that are new,
    within the RAM that was given, by layers of int16 between QUANTIZE; and the C++ is the same."""
    network = delicate()
    given, new = samples(network, 60), samples(network, 20, 7)
    uniform = {kind: quantize(network, given, kind=kind).network for kind in KINDS}
    limit = on_this_machine(uniform["int8"]).ram + 64
    assert limit < on_this_machine(uniform["int16x8"]).ram
    found = mixed(network, given, "best", Bytes(None, limit), on_this_machine, quiet)
    assert on_this_machine(found.network).ram <= limit
    exact, lost = np.array(outputs(network, new)), {}
    for name, whole in {**uniform, "mixed": found.network}.items():
        inward = [quantize_input(whole, 0, value) for value in new]
        lost[name] = np.mean((real(whole, outputs(whole, inward)) - exact) ** 2)
    assert lost["mixed"] < 0.5 * min(lost["int8"], lost["int4"])
    elements = {each.element for each in found.network.tensors if each.data is None}
    assert elements == {ir.Element.INT8, ir.Element.INT16}
    assert "QUANTIZE" in {each.name for each in found.network.operators}
    assert sum("int16 around it" in each.why for each in found.report.layers) >= 2
    data = tflite_writer.to_bytes(found.network)
    read = tflite.parse(data, "q.tflite", "q")
    model = api.Model(files.Source(read, data, "0" * 64), build.Choice())
    np.testing.assert_array_equal(model.native()(new[0]), model(new[0]))


@pytest.mark.parametrize("wide", [{0}, {1}, {3}, {0, 1}, {0, 3}, {1, 3}, {0, 1, 3}], ids=str)
def test_any_layers_can_have_16_bits(wide):
    """A tensor that both widths read, a concatenation of both, a chosen first and last layer."""
    network = small()
    quantizer = Quantizer(network, samples(network)).widened(wide)
    found = quantizer.quantized(quantizer.bits(8)).network
    (given,), (result,) = found.inputs, found.outputs
    assert (found.tensors[given].element is ir.Element.INT16) == (wide >= {0})
    assert (found.tensors[result].element is ir.Element.INT16) == (3 in wide)
    stored = [quantize_input(found, 0, each) for each in samples(network, 3, 9)]
    data = tflite_writer.to_bytes(found)
    read = tflite.parse(data, "q.tflite", "q")
    for k in range(3):
        one = inputs.one(stored, k)
        assert not tflm.differences(read, reference.run(read, one), tflm.run(data, read, one))
    exact = np.array(outputs(network, samples(network, 3, 9)))
    error = real(found, outputs(found, stored)) - exact
    assert np.sqrt(np.mean(error**2) / np.mean(exact**2)) < 0.05


@pytest.mark.deep
def test_experts_can_have_16_bits():
    """Under a budget they are named as layers with weights are, and become wide as those do."""
    torch = pytest.importorskip("torch", reason="no package torch")
    from test_torch_experts import DIM, Loop
    from test_torch_experts import read as read_module

    torch.manual_seed(0)
    network = read_module(torch.nn.Sequential(torch.nn.Linear(DIM, DIM), Loop()))
    quantizer = Quantizer(network, samples(network))
    (experts,) = (each.index for each in network.operators if each.name == "MOE")
    budget = Mixture(quantizer, Bytes(None, 1 << 20), lambda whole: Bytes(0, 0), quiet)
    assert budget.named(experts) == f"MOE {experts}"
    bits = quantizer.bits(8)
    for wide in (set(bits), {experts}, set(bits) - {experts}):
        found = quantizer.widened(wide).quantized(bits).network
        (layer,) = (each for each in found.operators if each.name == "MOE")
        element = found.tensors[layer.outputs[0]].element
        assert (element is ir.Element.INT16) == (experts in wide)


def test_a_budget_that_nothing_fits():
    network = small()
    with pytest.raises(
        GravenError, match=r"weights of 4 bits it still needs .* bytes of flash of 9"
    ):
        within(network, samples(network), flash=9)


def test_the_budget_is_what_the_target_needs(tmp_path):
    network = small()
    tflite_writer.write(network, tmp_path / "net.tflite")
    given = samples(network)[0]
    compiled = functools.partial(api.compile, tmp_path / "net.tflite", calibrate=given)
    whole, least = (compiled(quantize=kind).memory() for kind in ("int8", "int4"))
    assert least.flash < whole.flash
    limit = (whole.flash + least.flash) // 2
    model = compiled(quantize="mixed", flash=limit)
    assert model.memory().flash <= limit
    assert model.quantization.kind == "mixed"


def test_what_integers_lose_of_an_output_is_a_warning():
    network = delicate(large=5000.0)
    given = samples(network)
    report = quantize(network, given).report
    (last,) = [each for each in report.layers if each.tensor in report.outputs]
    assert last.lost > LOST
    (said,) = report.warnings
    assert f"output '{last.tensor}': int8 loses {100 * last.lost:.0f} % of its spread" in said
    assert "more than 25 %, from 't" in said and "try int16x8, or mixed by a budget of RAM" in said
    assert not quantize(small(), samples(small())).report.warnings
    for finer in (quantize(network, given, kind="int16x8"), within(network, given, ram=1 << 20)):
        assert not finer.report.warnings  # layers have the 16 bits that they need


def test_a_warning_names_a_layer_of_its_own_output():
    """Not the waves shorter than a step of int8, which are another output's."""
    net = Net(1, 40)
    fast = net.add("MUL", Mul(), [net.first, net.tensor((1,), np.float32([500.0]))], (1, 40))
    waves = net.add("COS", Elementary(), [fast], (1, 40))
    sums = [net.dense(net.first, 8) for _ in range(2)]
    for index, size in zip(sums, (5000.0, -5000.0), strict=True):
        (bias,) = [each.inputs[2] for each in net.operators if each.outputs == (index,)]
        net.tensors[bias] = replace(net.tensors[bias], data=np.full(8, size, np.float32))
    network = net.network(waves, net.add("ADD", Add(), sums, (1, 8)))
    first, second = quantize(network, samples(network)).report.warnings
    assert f"output 't{waves}'" in first and f"from 't{waves}' (TABLE" in first
    assert f"from 't{sums[0]}' (FULLY_CONNECTED" in second


# -- the command ----------------------------------------------------------------------------------


@pytest.fixture
def float_model(tmp_path):
    network = small()
    tflite_writer.write(network, tmp_path / "net.tflite")
    np.savez(tmp_path / "data.npz", x=samples(network, 20)[0][:, 0], y=np.zeros(20))
    return tmp_path


def graven(*arguments):
    return cli.main([str(each) for each in arguments])


def test_command(float_model, capsys):
    header = float_model / "net.hpp"
    assert graven("compile", float_model / "net.tflite", "-o", header, "--quantize", "int8",
                  "--calibrate", float_model / "data.npz") == 0  # fmt: skip
    assert "int8 1x8x6x3 -> int8 1x5" in header.read_text()
    said = capsys.readouterr().out
    assert "calibrated on 20 samples" in said and "signal to noise" in said


def test_what_is_lost_is_said_by_the_command_and_in_python(tmp_path, capsys):
    network = delicate(large=5000.0)
    tflite_writer.write(network, tmp_path / "net.tflite")
    (given,) = samples(network, 20)
    np.save(tmp_path / "data.npy", given)
    assert graven("compile", tmp_path / "net.tflite", "-o", tmp_path / "net.hpp",
                  "--quantize", "int8", "--calibrate", tmp_path / "data.npy") == 0  # fmt: skip
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("graven: ") and "% of its spread on the samples" in line
    with pytest.warns(GravenWarning, match="int8 loses") as found:
        api.compile(str(tmp_path / "net.tflite"), calibrate=given, quantize="int8")
    assert [each.filename for each in found] == [__file__]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--quantize", "int8"], "needs samples of what the model will see"),
        (["--calibrate", "data.npz"], "is for --quantize"),
        (["--quantize", "int8", "--calibrate", "whole.npy"], "is int64, expected the real numbers"),
        (["--quantize", "int8", "--calibrate", "wrong.npy"], "expected a leading axis of samples"),
        (["--quantize", "int8", "--calibrate", "empty.npy"], "there are no samples"),
        (["--quantize", "int8", "--calibrate", "nan.npy"], "NaN or infinite"),
        (["--quantize", "int8", "--calibrate", "other.npz"], "has no array 't0' or 'input_0'"),
        (["--quantize", "int8", "--calibrate", "data.npz", "--calibrate-method", "guess"],
         "expected one of best, min-max"),
        (["--quantize", "mixed", "--calibrate", "data.npz"], "needs a budget"),
        (["--quantize", "int8", "--calibrate", "data.npz", "--ram", "9"],
         "--ram: is for --quantize mixed"),
        (["--quantize", "int3", "--calibrate", "data.npz"], "one of int8, int16x8, int4, mixed"),
    ],
)  # fmt: skip
def test_misuse(float_model, capsys, monkeypatch, arguments, sentence):
    monkeypatch.chdir(float_model)
    np.save("whole.npy", np.zeros((4, 8, 6, 3), dtype=np.int64))
    np.save("wrong.npy", np.zeros((4, 7, 6, 3)))
    np.save("empty.npy", np.zeros((0, 8, 6, 3)))
    np.save("nan.npy", np.full((4, 8, 6, 3), np.nan))
    np.savez("other.npz", labels=np.zeros(3))
    assert graven("compile", "net.tflite", "-o", "net.hpp", *arguments) == 2
    assert sentence in capsys.readouterr().err


def test_int8_model_is_not_quantized_again():
    network = random_models.random_case(np.random.default_rng(0), "conv2d")
    with pytest.raises(GravenError, match="only a float32 network can be quantized"):
        quantize(network, [np.zeros((1, *network.tensors[network.inputs[0]].shape), np.float32)])


def test_a_constant_without_axes_is_quantized():
    """As TensorFlow writes factors."""
    found = nearest(np.array(0.3, np.float32), Scale(0.25, 0))
    assert found.shape == () and found.dtype == np.float32 and found == np.float32(0.25)
    net = Net(1, 8)
    factor = net.tensor((), np.array(0.5, np.float32))
    scaled = net.add("MUL", Mul(), [net.first, factor], (1, 8))
    samples = net.rng.normal(0.0, 1.0, (40, 1, 8)).astype(np.float32)
    found = quantize(net.network(scaled), [samples]).network
    assert {found.tensors[index].element for index in found.inputs} == {ir.Element.INT8}
