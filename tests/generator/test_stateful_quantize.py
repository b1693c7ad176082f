"""Networks with a state as integers: calibrated on sequences, over which variables last; numpy and
C++ alike on a sequence, and close to float32.
"""

import cpp_cases
import numpy as np
import pytest
import tflm
from graven import api, build, emit, inputs, ir, passes, reference
from graven.checked import stated
from graven.errors import GravenError
from graven.frontends import files, tflite, tflite_writer
from graven.layers.add import Add
from graven.layers.attention import Attention
from graven.layers.concat import Concat
from graven.layers.embedding_lookup import EmbeddingLookup
from graven.layers.gru import Gru
from graven.layers.lstm import Lstm
from graven.layers.mul import Mul
from graven.layers.reshape import Reshape
from graven.layers.rope import Rope
from graven.layers.sigmoid import Sigmoid
from graven.layers.simple_rnn import SimpleRnn
from graven.layers.slice import Slice
from graven.layers.softmax import Softmax
from graven.layers.svdf import Svdf
from graven.layers.variable import Variable
from graven.quantize.batches import Batches
from graven.quantize.post_training import quantize, quantize_input
from graven.quantize.sequences import sequences
from graven.quantize.sharing import sharing
from test_quantize import Net

INT32 = ir.Element.INT32
STEPS = cpp_cases.INFERENCES
UNITS, TOKENS = 6, 20


class Stateful(Net):
    def variable(self, *shape, element=ir.Element.FLOAT32):
        zeros = np.zeros(shape, element.dtype)
        index = len(self.tensors)
        self.tensors.append(ir.Tensor(index, f"v{index}", shape, element, None, None, zeros))
        return index

    def tokens(self):
        self.tensors[self.first] = ir.Tensor(0, "tokens", (1,), INT32, None, None)
        rows = self.add("EMBEDDING_LOOKUP", EmbeddingLookup(),
                        [self.first, self.reals(TOKENS, 8)], (1, 8))  # fmt: skip
        return self.add("RESHAPE", Reshape((1, 1, 8)), [rows], (1, 1, 8))

    def read(self, variable):
        shape = self.tensors[variable].shape
        return self.add("READ_VARIABLE", Variable(False), [variable], shape)

    def assign(self, variable, value):
        self.operators.append(stated("ASSIGN_VARIABLE", Variable(True), (variable, value), ()))

    def gates(self, count, columns):
        return [self.reals(UNITS, columns) for _ in range(count)]

    def cell(self, name, data):
        depth = self.tensors[data].shape[2]
        count = {"GRU": 3, "UNIDIRECTIONAL_SEQUENCE_LSTM": 4}.get(name, 1)
        given = [data, *self.gates(count, depth), *self.gates(count, UNITS)]
        biases = [self.reals(UNITS) for _ in range(count)]
        state = self.variable(1, UNITS)
        if name == "GRU":
            given, layer = [*given, *biases, self.reals(UNITS), state], Gru(True)
        elif count == 4:
            given += [-1, -1, -1, *biases, -1, -1, state, self.variable(1, UNITS), -1, -1, -1, -1]
            layer = Lstm(True)
        else:
            given, layer = [*given, *biases, state], SimpleRnn(True)
        return self.add(name, layer, given, (1, 1, UNITS))


def recurrent(name, tokens=False):
    net = Stateful(1, 1, 8)
    cell = net.cell(name, net.tokens() if tokens else net.first)
    flat = net.add("RESHAPE", Reshape((1, UNITS)), [cell], (1, UNITS))
    return net.network(net.dense(flat, 3))


def delay_line():
    """A convolution over the last moments, as a wake word's."""
    net = Stateful(1, 1, 1, 8)
    line = net.variable(1, 4, 1, 8)
    joined = net.add("CONCATENATION", Concat(1), [net.read(line), net.first], (1, 5, 1, 8))
    kept = Slice((0, 1, 0, 0), (1, 4, 1, 8))
    begin, size = (net.tensor((4,), np.array(each, np.int32), INT32)
                   for each in (kept.begin, kept.size))  # fmt: skip
    net.assign(line, net.add("SLICE", kept, [joined, begin, size], (1, 4, 1, 8)))
    a = net.conv(joined, 6, activation="RELU")
    scores = net.dense(net.add("RESHAPE", Reshape((1, 30)), [a], (1, 30)), 4)
    return net.network(net.add("SOFTMAX", Softmax(1.0), [scores], (1, 4)))


def fading():
    """A state that grows by what it was, and one of a function whose scale is fixed."""
    net = Stateful(1, 6)
    mean, gate = net.variable(1, 6), net.variable(1, 6)
    factor = net.tensor((1, 6), np.full((1, 6), 0.8, np.float32))
    old = net.add("MUL", Mul(), [net.read(mean), factor], (1, 6))
    new = net.add("ADD", Add(), [old, net.first], (1, 6))
    net.assign(mean, new)
    was = net.read(gate)
    net.assign(gate, net.add("LOGISTIC", Sigmoid(), [new], (1, 6)))
    return net.network(net.dense(net.add("ADD", Add(), [was, new], (1, 6)), 4))


def attention():
    """Over keys and values of the moments before."""
    net = Stateful(1)
    rows = net.tokens()
    position = net.variable(1, element=INT32)
    q, k, v = (net.add("RESHAPE", Reshape((1, 1, 8)), [net.dense(rows, 8)], (1, 1, 8))
               for _ in range(3))  # fmt: skip
    q, k = (net.add("ROPE", Rope(4), [each, net.variable(1, element=INT32)], (1, 1, 8))
            for each in (q, k))  # fmt: skip
    given = [q, k, v, net.variable(6, 8), net.variable(6, 8), position]
    seen = net.add("ATTENTION", Attention(2, 2, "sliding", 6), given, (1, 1, 8))
    return net.network(net.dense(seen, 5))


def filters():
    """A keyword's: filters along time, of two ranks each."""
    net = Stateful(1, 8)
    given = [net.first, net.reals(12, 8), net.reals(12, 5), net.reals(6), net.variable(1, 60)]
    a = net.add("SVDF", Svdf(2, "RELU"), given, (1, 6))
    return net.network(net.dense(a, 4))


NETWORKS = {
    "filters": filters,
    "gru": lambda: recurrent("GRU"),
    "lstm": lambda: recurrent("UNIDIRECTIONAL_SEQUENCE_LSTM"),
    "rnn": lambda: recurrent("UNIDIRECTIONAL_SEQUENCE_RNN"),
    "tokens": lambda: recurrent("GRU", tokens=True),
    "delay line": delay_line,
    "fading": fading,
    "attention": attention,
}
MOST = {"int8": 0.08, "int16x8": 0.03}
"""The root of the error's mean square, over that of the outputs."""
UNMADE = {("filters", "int16x8"), ("tokens", "int16x8"), ("attention", "int16x8")}
"""SVDF and tables of EMBEDDING_LOOKUP are int8 or float32."""


def sequences_of(network, count, seed, steps=STEPS):
    """Sequences of the network's one input."""
    rng, (tensor,) = np.random.default_rng(seed), inputs.tensors(network)
    shape = (count, steps, *tensor.shape)
    if tensor.element is INT32:
        return rng.integers(0, TOKENS, shape).astype(np.int32)
    return rng.uniform(-2.0, 2.0, shape).astype(np.float32)


def over(network, sequence):
    state, found = reference.reset(network), []
    for step in sequence:
        found.append(reference.run(network, [step], state)[network.outputs[0]])
    return np.array(found)


CASES = [(name, kind) for name in NETWORKS for kind in MOST if (name, kind) not in UNMADE]


def test_cpp_equals_numpy_over_a_sequence_and_both_are_close_to_float(tmp_path):
    cases, exact = [], []
    for position, (name, kind) in enumerate(CASES):
        network = NETWORKS[name]()
        made = quantize(network, [sequences_of(network, 24, 1)], kind=kind).network
        data = tflite_writer.to_bytes(made)
        stated = tflite.parse(data, f"{name}.tflite", f"case_{position}")
        (sequence,) = sequences_of(network, 1, 2)
        exact.append(over(network, sequence))
        steps = [[quantize_input(made, 0, step)] for step in sequence]
        parsed = passes.canonical(stated)
        header = emit.header(parsed, "0" * 64)
        cases.append(cpp_cases.Case(f"{name} {kind}", parsed, stated, data, header, steps))
    answers = cpp_cases.run(cases, tmp_path)
    for (name, kind), case, answer, wanted in zip(CASES, cases, answers, exact, strict=True):
        found = over(case.stated, [step for (step,) in case.inputs])
        ours = np.array([each[case.network.outputs[0]] for each in answer])
        np.testing.assert_array_equal(ours.reshape(found.shape), found, err_msg=case.label)
        stored = case.stated.tensors[case.stated.outputs[0]].quantization
        real = (found.astype(np.float64) - stored.zero_point[0]) * stored.scale[0]
        error = np.sqrt(np.mean((real - wanted) ** 2) / np.mean(wanted**2))
        print(name, kind, f"{error:.4f}")
        assert error <= MOST[kind], case.label


@pytest.mark.parametrize(
    ("name", "kind"),
    [("lstm", "int8"), ("lstm", "int16x8"), ("filters", "int8"), ("delay line", "int8"),
     ("fading", "int8")],
)  # fmt: skip
def test_tflm_agrees_over_a_sequence(name, kind):
    """On those of whose operators it knows all."""
    network = NETWORKS[name]()
    made = quantize(network, [sequences_of(network, 8, 1)], kind=kind).network
    data = tflite_writer.to_bytes(made)
    stated = tflite.parse(data, "q.tflite", "q")
    judge, state = tflm.sequence(data, stated), reference.reset(stated)
    for step in sequences_of(network, 1, 2)[0]:
        one = [quantize_input(made, 0, step)]
        assert not tflm.differences(stated, reference.run(stated, one, state), judge(one))


@pytest.mark.parametrize("name", NETWORKS)
def test_sequences_at_once_are_one_after_the_other(name):
    """Of unequal lengths, a state of its own each."""
    network = NETWORKS[name]()
    several = [sequences_of(network, 1, seed, steps)[0] for seed, steps in enumerate((3, 7, 1, 7))]
    found = Batches(network).over(sequences(network, [several]))[network.outputs[0]]
    wanted = np.concatenate([over(network, each) for each in several])
    np.testing.assert_allclose(found.reshape(wanted.shape), wanted, rtol=1e-5, atol=1e-6)


def test_a_state_has_the_scale_of_what_is_assigned_to_it():
    network = delay_line()
    shared = sharing(network)
    (line,) = (tensor.index for tensor in network.variables)
    assert shared.group[line] == shared.group[network.inputs[0]]
    made = quantize(network, [sequences_of(network, 8, 0)]).network
    (line,) = made.variables
    assert line.element is ir.Element.INT8
    assert line.quantization == inputs.tensors(made)[0].quantization
    assert np.all(line.initial == line.quantization.zero_point[0])


def test_no_input_overflows_the_sums_of_filters():
    """The state takes whatever the filter makes of any int8, and 32 bits hold all moments of it,
    with a bias far beyond them."""
    net = Stateful(1, 8)
    bias = net.tensor((6,), np.full(6, 900.0, np.float32))
    given = [net.first, net.reals(12, 8), net.reals(12, 40), bias, net.variable(1, 480)]
    network = net.network(net.add("SVDF", Svdf(2), given, (1, 6)))
    made = quantize(network, [sequences_of(network, 8, 0)]).network
    (operator,) = made.operators
    data, filter, time, bias, state = (made.tensors[index] for index in operator.inputs)
    assert state.element is time.element is ir.Element.INT16
    worst = 255 * np.abs(filter.data.astype(np.int64)).sum(axis=1).max()
    factor = data.quantization.scale[0] * filter.quantization.scale[0]
    assert worst * factor / state.quantization.scale[0] < 2 * 32768
    sums = np.abs(time.data.astype(np.int64)).sum(axis=1).reshape(6, 2).sum(axis=1) * 32768
    assert (sums + np.abs(bias.data.astype(np.int64))).max() < 1 << 31


def test_a_range_that_only_later_steps_show():
    """Sums of eight steps are far beyond what one step brings."""
    network = fading()
    (mean, _) = network.variables
    made = quantize(network, [np.full((2, 12, 1, 6), 1.0, np.float32)], "min-max").network
    (stored,) = (each for each in made.variables if each.name == mean.name)
    high = (127 - stored.quantization.zero_point[0]) * stored.quantization.scale[0]
    assert 4.0 < high < 5.1


def test_compiled_by_sequences_of_unequal_lengths(tmp_path):
    network = recurrent("GRU")
    path = tmp_path / "gru.tflite"
    path.write_bytes(tflite_writer.to_bytes(network))
    several = [sequences_of(network, 1, seed, 5 + seed)[0] for seed in range(6)]
    model = api.compile(path, calibrate=several, quantize="int8")
    (sequence,) = sequences_of(network, 1, 9)
    np.testing.assert_array_equal(model.native()(sequence), model(sequence))
    assert model.quantization.samples == 6


def test_tokens_stay_whole(tmp_path):
    network = recurrent("GRU", tokens=True)
    data = tflite_writer.to_bytes(network)
    source = files.Source(network, data, files.digest_of(data))
    values = [inputs.sampled(network, network.tensors[0], sequences_of(network, 8, 0), "calibrate")]
    made, report = files.quantized(source, values)
    assert inputs.tensors(made.network)[0].element is INT32
    model = api.Model(made, build.Choice(), decisions=report)
    (sequence,) = sequences_of(network, 1, 5)
    assert model(sequence.astype(np.int64)).shape == (STEPS, 3)
    with pytest.raises(GravenError, match="of the model's input 'tokens', such as"):
        model(sequence.astype(np.float32))


WRONG = [
    (np.zeros((60, 8), np.float32), "keeps a state from step to step; give sequences"),
    (np.zeros((60, 1, 1, 8), np.float32), "have one step, behind which"),
    ([np.zeros((5, 8), np.float32), np.zeros((5, 7), np.float32)], "a sequence of 5x7"),
    (np.zeros((2, 5, 8), np.int32), "is int32, expected the real numbers"),
    (np.full((2, 5, 8), np.nan, np.float32), "NaN or infinite"),
    (np.zeros((0, 5, 8), np.float32), "no samples to calibrate with"),
]


@pytest.mark.parametrize(("samples", "sentence"), WRONG)
def test_wrong_sequences(tmp_path, samples, sentence):
    path = tmp_path / "gru.tflite"
    path.write_bytes(tflite_writer.to_bytes(recurrent("GRU")))
    with pytest.raises(GravenError, match=sentence):
        api.compile(path, calibrate=samples, quantize="int8")
