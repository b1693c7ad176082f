"""Structured pruning: channels that layers tie together go as one, those first that the layers
behind make up for best; what is left is fitted to what was, and tuned where a function does it.
"""

import dataclasses
import json

import graven
import numpy as np
import pytest
from graven import cli, curves, ir, sweep
from graven.checked import checked
from graven.errors import GravenError
from graven.frontends import tflite, tflite_writer
from graven.layers.add import Add
from graven.layers.concat import Concat
from graven.layers.conv2d import Conv2D
from graven.layers.dense import Dense
from graven.layers.depthwise_conv2d import DepthwiseConv2D
from graven.layers.max_pool import MaxPool
from graven.layers.pad import Pad
from graven.layers.reshape import Reshape
from graven.layers.softmax import Softmax
from graven.pruning import structured
from graven.pruning.groups import groups, without
from graven.quantize.batches import Batches
from graven.quantize.post_training import quantize
from zoo import mnist_cnn

SIDE, CLASSES = 4, 5


class Net(mnist_cnn.Draft):
    """Random weights; of `rank` directions where that is given, so that channels are redundant."""

    def __init__(self, seed=0):
        super().__init__()
        self.rng = np.random.default_rng(seed)
        self.image = self.tensor((1, SIDE, SIDE, 2))

    def shape(self, index):
        return self.tensors[index].shape

    def random(self, *shape, rank=None):
        values = self.rng.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape)
        if rank is not None:
            mixed = self.rng.normal(0, 1 / np.sqrt(rank), (shape[0], rank))
            values = (mixed @ values.reshape(shape[0], -1)[:rank]).reshape(shape)
        return values

    def constants(self, weights, units, bias=True):
        found = (self.tensor(weights.shape, weights),)
        return (*found, self.tensor((units,), self.rng.normal(0, 0.1, units))) if bias else found

    def conv(self, data, units, size=3, rank=None, activation="RELU", bias=True):
        _, height, width, depth = self.shape(data)
        weights = self.constants(self.random(units, size, size, depth, rank=rank), units, bias)
        record = Conv2D(padding="SAME", activation=activation)
        return self.add("CONV_2D", record, (data, *weights), (1, height, width, units))

    def depthwise(self, data):
        weights = self.random(1, 3, 3, self.shape(data)[3])
        record = DepthwiseConv2D(padding="SAME", activation="RELU")
        constants = self.constants(weights, weights.shape[3])
        return self.add("DEPTHWISE_CONV_2D", record, (data, *constants), self.shape(data))

    def pool(self, data):
        _, height, width, depth = self.shape(data)
        record = MaxPool((2, 2), (2, 2))
        return self.add("MAX_POOL_2D", record, (data,), (1, height // 2, width // 2, depth))

    def dense(self, data, units=CLASSES, rank=None):
        count = int(np.prod(self.shape(data)))
        flat = self.add("RESHAPE", Reshape((1, count)), (data,), (1, count))
        weights = self.constants(self.random(units, count, rank=rank), units)
        return self.add("FULLY_CONNECTED", Dense(), (flat, *weights), (1, units))

    def network(self, *outputs):
        return checked("net", "net", "", self.tensors, self.operators, [self.image], list(outputs))


def residual():
    """A sum, a join, depthwise windows, a flattened end, one convolution without a bias."""
    net = Net()
    first = net.conv(net.image, 16)
    inner = net.conv(net.depthwise(first), 16, 1, activation="NONE", bias=False)
    total = net.add("ADD", Add("RELU"), (first, inner), net.shape(first))
    beside = net.conv(net.image, 8)
    shape = (*net.shape(first)[:3], 24)
    joined = net.add("CONCATENATION", Concat(3), (total, beside), shape)
    return net.network(net.dense(net.pool(joined)))


def redundant(rank=4):
    """Of 16 channels behind each convolution all are sums of a few directions."""
    net = Net(1)
    first = net.conv(net.image, 16, rank=rank, activation="NONE")
    return net.network(net.dense(net.conv(first, 16, rank=rank, activation="NONE")))


def samples(count=128, seed=5):
    return np.random.default_rng(seed).normal(size=(count, 1, SIDE, SIDE, 2)).astype(np.float32)


def images(count=128, seed=5):
    return samples(count, seed)[:, 0]


def outputs(network, x):
    return Batches(network).run([x])[network.outputs[0]]


def distance(network, other, x):
    exact = outputs(network, x)
    return float(((outputs(other, x) - exact) ** 2).mean() / exact.var())


# -- what goes together ---------------------------------------------------------------------------


def test_channels_that_layers_tie_go_as_one():
    network = residual()
    names = [[network.tensors[index].name for index in each.tensors] for each in groups(network)]
    assert [len(each.units) for each in groups(network)] == [16, 8]
    assert len(names[0]) == 7  # conv, depthwise, 1x1, sum, joined, pool, flattened
    assert len(names[1]) == 4  # conv, joined, pool, flattened


@pytest.mark.parametrize("make", [residual, redundant])
def test_channels_that_are_read_by_zeros_go_without_a_trace(make):
    network, rng = make(), np.random.default_rng(2)
    gone = [unit for each in groups(network) for unit in each.units if rng.random() < 0.5]
    silent = silenced(network, gone)
    smaller = without(network, gone)
    np.testing.assert_allclose(outputs(smaller, images()), outputs(silent, images()), atol=1e-5)
    data = tflite_writer.to_bytes(smaller)  # all that a front end checks holds
    np.testing.assert_array_equal(
        outputs(tflite.parse(data, "net.tflite", "net"), images()), outputs(smaller, images())
    )


def silenced(network, gone):
    """With the filters and biases of those channels at zero: a ReLU leaves nothing of them."""
    tensors = list(network.tensors)
    for operator in network.operators:
        axis = {"CONV_2D": 0, "FULLY_CONNECTED": 0, "DEPTHWISE_CONV_2D": 3}.get(operator.name)
        places = [unit[operator.output] for unit in gone if operator.output in unit]
        if axis is None or not places:
            continue
        for index, along in zip(operator.inputs[1:], (axis, 0), strict=False):
            data = np.moveaxis(tensors[index].data.copy(), along, 0)
            data[np.concatenate(places)] = 0
            data = np.ascontiguousarray(np.moveaxis(data, 0, along))
            tensors[index] = dataclasses.replace(tensors[index], data=data)
    return dataclasses.replace(network, tensors=tuple(tensors))


def test_a_border_of_channels_holds_them_and_one_of_pixels_does_not():
    for border, count in (((0, 0), 2), ((0, 1), 1)):
        net = Net()
        data = net.conv(net.image, 8)
        stated = np.array(((0, 0), (1, 1), (0, 0), border), np.int32)
        index = len(net.tensors)
        net.tensors.append(dataclasses.replace(
            net.tensors[0], index=index, name="border", shape=stated.shape, data=stated,
            element=ir.Element.INT32))  # fmt: skip
        shape = (1, SIDE + 2, SIDE, 8 + sum(border))
        record = Pad(tuple(map(tuple, stated.tolist())))
        network = net.network(net.dense(net.conv(net.add("PAD", record, (data, index), shape), 8)))
        assert len(groups(network)) == count


# -- which go, and how many -----------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.7, 0.4])
def test_the_share_of_the_weights_is_kept_in_multiples_of_four(share):
    network = residual()
    found = structured.prune(network, [samples()], share).report
    before, after = found.weights
    assert before == structured.weight_count(network) and after <= share * before
    assert all(left % 4 == 0 for _, left in (each.channels for each in found.groups))
    assert all(len(each.kept) == each.channels[1] for each in found.groups)


def test_what_is_redundant_goes_without_loss():
    network = redundant()
    found = structured.prune(network, [samples()], 0.3)
    assert found.report.weights[1] < 0.3 * found.report.weights[0]
    assert distance(network, found.network, images(64, 9)) < 0.01


def test_the_criterion_and_the_fit_are_each_worth_it():
    network, judged = residual(), images(256, 9)
    lost = {
        (criterion, fitted): distance(
            network,
            structured.prune(
                network, [samples(256)], halves(network),
                criterion=criterion, reconstruct=fitted,
            ).network,
            judged,
        )
        for criterion in structured.CRITERIA
        for fitted in (True, False)
    }  # fmt: skip
    assert lost["reconstruction", True] < lost["l1", True] < lost["l1", False]
    assert lost["reconstruction", True] < 0.5 * lost["reconstruction", False]


def halves(network):
    return {each.name: 0.5 for each in groups(network)}


def test_shares_by_group_and_the_same_network_twice():
    network = residual()
    name, other = (each.name for each in groups(network))
    first, second = (structured.prune(network, [samples()], {name: 0.5}) for _ in range(2))
    assert [each.channels for each in first.report.groups] == [(16, 8), (8, 8)]
    assert other != name
    np.testing.assert_array_equal(
        outputs(first.network, images()), outputs(second.network, images())
    )


# -- what is wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(("keep", "says"), [
    (0.0, "keep=0: expected a share above 0, at most 1"),
    ("0.5", "keep='0.5': expected a share"),
    ([0.5], r"keep=\[0.5\]: expected a share"),
    ({"none": True}, "keep=True: expected a share"),
    ({"none": 0.5}, "there is no group 'none'; the network has"),
    (0.01, "of the weights have to stay; the rest of the channels cannot go"),
])  # fmt: skip
def test_a_share_that_cannot_be(keep, says):
    with pytest.raises(GravenError, match=says):
        structured.prune(residual(), [samples(8)], keep)


def test_windows_that_fit_the_image_alone():
    """Samples come with the input's batch axis, as inputs.samples has them."""
    net = Net()
    constants = net.constants(net.random(8, 3, 3, 2), 8)
    view = net.add("CONV_2D", Conv2D(padding="VALID"), (net.image, *constants), (1, 2, 2, 8))
    made = net.network(net.dense(view))
    assert structured.prune(made, [samples(16)], 0.6).report.groups[0].channels == (8, 4)


@pytest.mark.parametrize(("given", "says"), [
    (np.full_like(samples(8), np.nan), "samples of 't0' have numbers that are NaN"),
    (samples(0), "there are no samples"),
])  # fmt: skip
def test_samples_that_say_nothing(given, says):
    with pytest.raises(GravenError, match=says):
        structured.prune(residual(), [given], 0.5)


def test_networks_that_have_nothing_to_lose():
    net = Net()
    network = net.network(net.dense(net.image))
    with pytest.raises(GravenError, match="no channels can go"):
        structured.prune(network, [samples(8)], 0.5)
    net = Net()
    soft = net.add("SOFTMAX", Softmax(), (net.conv(net.image, 8),), (1, SIDE, SIDE, 8))
    with pytest.raises(GravenError, match="no channels can go"):
        structured.prune(net.network(net.dense(soft)), [samples(8)], 0.5)
    whole = quantize(residual(), [samples()]).network
    with pytest.raises(GravenError, match="is for float32 networks; prune the model from before"):
        structured.prune(whole, [samples(8)], 0.5)
    with pytest.raises(GravenError, match="criterion 'l2': expected one of reconstruction, l1"):
        structured.prune(residual(), [samples(8)], 0.5, criterion="l2")


# -- from Python and from the command -------------------------------------------------------------


def saved(network, folder):
    path = folder / "net.tflite"
    path.write_bytes(tflite_writer.to_bytes(network))
    return path


def labels(network, x):
    return outputs(network, x).reshape(len(x), -1).argmax(axis=1)


def test_a_model_is_pruned_then_quantized(tmp_path):
    network = redundant()
    path = saved(network, tmp_path)
    smaller = graven.prune(path, images(), keep=0.5)
    assert smaller.slimmed.weights[1] <= 0.5 * smaller.slimmed.weights[0]
    whole = graven.compile(smaller, quantize="int8", calibrate=images())
    assert whole.slimmed is smaller.slimmed and whole.exact is not None
    x = images(200, 9)
    assert whole.evaluate(x, labels(network, x)) > 0.9
    at_once = graven.compile(path, quantize="int8", calibrate=images(), keep=0.5)
    np.testing.assert_array_equal(at_once(x), whole(x))
    with pytest.raises(GravenError, match=r"keep=0\.5: needs samples"):
        graven.compile(path, keep=0.5)
    for given in ({"criterion": "l1"}, {"fine_tune": print, "quantize": "int8"}):
        with pytest.raises(GravenError, match=f"{next(iter(given))}: is for keep="):
            graven.compile(path, **given)
    with pytest.raises(GravenError, match="flash, ram: are the budget of quantize='mixed'"):
        graven.compile(path, flash=1000)
    with pytest.raises(GravenError, match="method: is for quantize="):
        graven.compile(path, method="mse")
    with pytest.raises(GravenError, match="keep=None: expected a share"):
        graven.prune(path, samples(), keep=None)
    with pytest.raises(GravenError, match="fine_tune: is for keep="):
        graven.compile(path, fine_tune=print)


def test_the_curve_is_a_table_and_a_plot_and_what_a_report_takes(tmp_path):
    network = redundant()
    x = images(64, 9)
    found = curves.curve(
        saved(network, tmp_path), x, labels(network, x), calibrate=images(), keep=(1.0, 0.5, 0.01),
        target="cortex-m4",
    )  # fmt: skip
    whole, half, none = found.results
    assert whole["score"] > 0.95 and half["score"] > 0.9
    assert half["flash"] < whole["flash"] and half["instructions"] < whole["instructions"]
    assert "have to stay" in none["error"] and found.models[2] is None
    assert "50 % of the weights" in repr(found) and "<svg" in found._repr_html_()
    file = found.save(tmp_path / "curve.jsonl")
    assert sweep.load(file) == json.loads(json.dumps(found.results))
    page = tmp_path / "report.html"
    found.models[1].report(page, curve=found)
    text = page.read_text()
    assert "Accuracy against bytes" in text and "Pruned by structure" in text


@pytest.mark.parametrize(("given", "says"), [
    ({"keep": 0.5}, r"keep=0\.5: expected several shares"),
    ({"keep": ()}, r"keep=\(\): expected several shares"),
    ({"keep": (1, 2)}, "keep=2: expected a share above 0"),
    ({"quantize": "mixed"}, "quantize='mixed': is for a budget in bytes"),
    ({"quantize": "int5"}, "quantize 'int5': expected one of int8"),
    ({"criterion": "l2"}, "criterion 'l2': expected one of"),
])  # fmt: skip
def test_a_curve_that_cannot_be(given, says, tmp_path):
    """Said at once, not once for each share."""
    network, x = redundant(), images(8, 9)
    model = saved(network, tmp_path)
    with pytest.raises(GravenError, match=says):
        curves.curve(model, x, labels(network, x), calibrate=images(), **given)
    with pytest.raises(GravenError, match="has labels of shape 3 for 8 samples"):
        curves.curve(model, x, labels(network, x)[:3], calibrate=images())


def test_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sweep, "costs", lambda *given: {"flash": 1000, "ram": 100})
    network = redundant()
    model, x = saved(network, tmp_path), images(64, 9)
    np.savez(tmp_path / "c.npz", x=images())
    np.savez(tmp_path / "t.npz", x=x, y=labels(network, x))
    given = ["--calibrate", str(tmp_path / "c.npz")]
    judged = ["--data", str(tmp_path / "t.npz"), "--target", "host", "--json"]
    curve = str(tmp_path / "curve.jsonl")
    assert cli.main(["prune", str(model), *given, *judged, "--keep", "1,0.5", "-o", curve]) == 0
    shares = [each["keep"] for each in json.loads(capsys.readouterr().out)]
    assert shares == [1.0, 0.5] and len(sweep.load(tmp_path / "curve.jsonl")) == 2
    assert cli.main(["prune", str(model), *given, *judged, "--keep", "0.01"]) == 1
    capsys.readouterr()
    header = str(tmp_path / "net.hpp")
    assert cli.main(["compile", str(model), *given, "--keep", "0.5", "-o", header]) == 0
    assert "Conv2D<16, 16" not in (tmp_path / "net.hpp").read_text()


@pytest.mark.parametrize(("arguments", "says"), [
    (["compile", "--keep", "0.5", "-o", "x.hpp"], "--keep 0.5: needs samples"),
    (["compile", "--keep", "2", "-o", "x.hpp"], "2 is no share above 0, at most 1"),
    (["prune", "--keep", "half"], "'half' is no share, as in 0.5"),
    (["compile", "--fine-tune", "m:f", "-o", "x.hpp"], "--fine-tune: is for --keep"),
    (["sweep", "--fine-tune", "m:f", "-o", "x.jsonl"], "--fine-tune: is for --keep"),
    (["prune", "--data", "t.npz"], "the following arguments are required: --calibrate"),
])  # fmt: skip
def test_the_command_says_what_is_wrong(arguments, says, tmp_path, capsys):
    verb, *rest = arguments
    assert cli.main([verb, str(saved(redundant(), tmp_path)), *rest]) == 2
    assert says in capsys.readouterr().err
