"""LSTM, GRU and RNN of ONNX against its own evaluator: gates, directions, resets, layouts."""

import itertools

import pytest
import test_onnx
from graven.errors import GravenError

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
DIRECTIONS = {"forward": 1, "reverse": 1, "bidirectional": 2}
reals, node = test_onnx.reals, test_onnx.node


def recurrent(kind, direction="forward", *, taken=0, biased=True, moments=6, batch=1, **attributes):
    """Of 5 inputs and 3 units; `taken`: which of the outputs."""
    ways, sums = DIRECTIONS[direction], 3 * GATES[kind]
    constants = [reals(ways, sums, 5), reals(ways, sums, 3, seed=1)]
    constants += [reals(ways, 2 * sums, seed=2)] if biased else []
    names = ["x", *(f"c{k}" for k in range(len(constants)))]
    outputs = [*[""] * taken, "y"]
    values = dict(zip(names[1:], constants, strict=True))
    made = node(kind, names, outputs, hidden_size=3, direction=direction, **attributes)
    return test_onnx.Graph([made], values, (moments, batch, 5), opset=17)


@pytest.mark.parametrize(
    ("kind", "direction"), tuple(itertools.product(GATES, DIRECTIONS)), ids=lambda each: each
)
def test_equals_onnx(kind, direction):
    for taken, biased in ((0, True), (1, True), (0, False)):
        network = test_onnx.check(recurrent(kind, direction, taken=taken, biased=biased))
        assert ("REVERSE_V2" in test_onnx.names(network)) == (direction != "forward")
        assert not network.variables


def test_the_memory_of_an_lstm_is_an_output():
    for direction in DIRECTIONS:
        test_onnx.check(recurrent("LSTM", direction, taken=2))


@pytest.mark.parametrize("kind", GATES)
def test_several_sequences_at_once(kind):
    for direction in DIRECTIONS:
        test_onnx.check(recurrent(kind, direction, batch=4), "nchw")
        test_onnx.check(recurrent(kind, direction, batch=4, taken=1), "nchw")
    if kind == "LSTM":
        test_onnx.check(recurrent(kind, batch=4, taken=2), "nchw")


def test_resets_and_functions():
    test_onnx.check(recurrent("GRU", linear_before_reset=1))
    test_onnx.check(recurrent("GRU", "bidirectional", linear_before_reset=1, taken=1))
    test_onnx.check(recurrent("RNN", activations=["Tanh"]))
    assert recurrent("LSTM", moments=1).read().variables


@pytest.mark.parametrize(
    ("graph", "sentence"),
    [
        (recurrent("GRU", clip=3.0), "clips its sums"),
        (recurrent("GRU", activations=["Sigmoid", "Relu"]), "has the activations Sigmoid, Relu"),
        (recurrent("RNN", "reverse", moments=1), "a step of a stream"),
    ],
)
def test_refused(graph, sentence):
    with pytest.raises(GravenError, match=sentence):
        graph.read()
