"""What lasts from run to run: how it is read from a file, and carried by the reference."""

import dataclasses

import numpy as np
import pytest
import random_models
from graven import cli, ir, reference
from graven.checked import Stated
from graven.errors import GravenError
from graven.frontends import tflite, tflite_writer
from graven.layers.add import Add
from graven.layers.relu import ReLU
from graven.variables import settled


def counting(initial: int) -> ir.Network:
    """Each output is the sum of all inputs so far, as integers of scale 1."""
    b = random_models.Builder(np.random.default_rng(0))
    like = b.tensor((1, 2), ir.Element.INT8, ir.Quantization((1.0,), (0,)))
    data = b.like(like, (1, 2))
    b.inputs.append(data)
    kept = b.variable(like)
    b.tensors[kept] = dataclasses.replace(
        b.tensors[kept], initial=np.full((1, 2), initial, dtype=np.int8)
    )
    content = b.add("ADD", Add("NONE"), [b.read(kept), data], b.like(like, (1, 2)))
    b.assign(kept, content)
    return b.network([content])


def sums(network: ir.Network, state: reference.State) -> list[int]:
    found = []
    for step in range(3):
        values = reference.run(network, [np.array([[1, step]], dtype=np.int8)], state)
        found.append(values[network.outputs[0]].tolist()[0])
    return found


@pytest.mark.parametrize("initial", [0, 7])
def test_a_sequence_goes_on_until_a_reset(initial):
    network = tflite.parse(tflite_writer.to_bytes(counting(initial)), "m.tflite", "m")
    (variable,) = network.variables
    assert variable.initial.tolist() == [[initial, initial]]
    expected = [[initial + 1, initial], [initial + 2, initial + 1], [initial + 3, initial + 3]]
    state = reference.reset(network)
    assert sums(network, state) == expected
    assert sums(network, state) != expected
    assert sums(network, reference.reset(network)) == expected
    assert variable.initial.tolist() == [[initial, initial]]  # nothing writes into the network


def operator(name: str, inputs: tuple[int, ...], outputs: tuple[int, ...], index: int) -> Stated:
    return Stated(name, inputs, outputs, lambda name: 0, index)


def test_a_variable_is_read_once_and_assigned_once():
    found = settled(
        [
            operator("READ_VARIABLE", (0,), (1,), 0),
            operator("RELU", (1,), (2,), 1),
            operator("ASSIGN_VARIABLE", (0, 1), (), 2),  # in vain
            operator("READ_VARIABLE", (0,), (3,), 3),  # the same as tensor 1
            operator("RELU", (3,), (4,), 4),
            operator("ASSIGN_VARIABLE", (0, 2), (), 5),
            operator("READ_VARIABLE", (0,), (5,), 6),  # the same as tensor 2
            operator("ASSIGN_VARIABLE", (6, 2), (), 7),  # which nobody reads
        ],
        (5, 4),
    )
    assert [(each.index, each.inputs) for each in found.operators] == [
        (0, (0,)),
        (1, (1,)),
        (4, (1,)),
        (5, (0, 2)),
    ]
    assert found.outputs == (2, 4)


def refused(network: ir.Network) -> str:
    with pytest.raises(GravenError) as caught:
        tflite.parse(tflite_writer.to_bytes(network), "model.tflite", "model")
    return str(caught.value)


def test_a_variable_where_none_is_expected():
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 4))
    kept = b.state((1, 4), ir.Element.INT8, b.tensors[data].quantization)
    output = b.add("RELU", ReLU(), [kept], b.like(data, (1, 4)))
    assert "lasts from run to run, which this operator does not expect" in refused(
        b.network([output])
    )


def test_subgraphs_that_no_call_once_names(monkeypatch):
    monkeypatch.setattr(
        tflite_writer._File,
        "call_once",
        lambda self, subgraph: self.plain(
            "CALL_ONCE", (), (), "CallOnceOptions", InitSubgraphIndex=7
        ),
    )
    assert "has 2 subgraphs, expected 1" in refused(counting(3))


def test_a_subgraph_that_computes(monkeypatch):
    monkeypatch.setattr(
        tflite_writer._File,
        "var_handle",
        lambda self, variable, handle: self.plain("RELU", (0,), (handle,)),
    )
    assert "which no VAR_HANDLE makes" in refused(counting(0))
    assert "has the operator RELU, expected ASSIGN_VARIABLE of constants" in refused(counting(3))


def test_it_is_a_stream_by_itself(tmp_path, capsys):
    path = tmp_path / "counting.tflite"
    tflite_writer.write(counting(1), path)
    assert cli.main(["run", str(path), "--stream"]) != 0
    assert "so it is a stream by itself" in capsys.readouterr().err


def test_a_variable_that_nothing_fills_is_a_sentence():
    """As TensorFlow's converter writes weights that it was not told of."""
    b = random_models.Builder(np.random.default_rng(0))
    like = b.tensor((1, 2), ir.Element.INT8, ir.Quantization((1.0,), (0,)))
    data = b.like(like, (1, 2))
    b.inputs.append(data)
    content = b.add("ADD", Add("NONE"), [b.read(b.variable(like)), data], b.like(like, (1, 2)))
    with pytest.raises(GravenError, match="neither holds nor assigns its value: the converter has"):
        tflite.parse(tflite_writer.to_bytes(b.network([content])), "m.tflite", "m")
