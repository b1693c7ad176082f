"""Speed beside other engines: ratios, the record, and what is said of absent packages."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import engines
import figures
import numpy as np
import onnx_models
import peer_record
import peers
import pytest
import tables
import tflite as schema
from graven.frontends import tflite, tflite_writer

MODEL = figures.Model(Path("net.tflite"), "net", "1" * 64, None)


def row(model: str, engine: str, ratio: float) -> peer_record.Measured:
    return peer_record.Measured(model, "0" * 64, engine, ratio, ratio, ratio / 2, ratio * 2, 1)


def busy(seconds: float):
    def infer() -> None:
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass

    return infer


def fake(title: str, seconds: float, *numbers: int) -> engines.Engine:
    return engines.Engine(title, busy(seconds), lambda: np.array(numbers, np.int8))


def task(*numbers: int) -> engines.Task:
    none = np.zeros(1, np.int8)
    return engines.Task(MODEL, b"", none, np.array(numbers, np.int8), Path())


def test_a_ratio_is_of_the_same_round():
    found = peer_record.row_of(MODEL, "ONNX Runtime", [4e-6, 9e-6, 8e-6], [2e-6, 3e-6, 1e-6], 5)
    assert (found.microseconds, found.ratio, found.lowest, found.highest) == (8, 3, 2, 8)
    assert found.differs == 5 and not found.ours


def test_engines_are_measured_in_turn(monkeypatch):
    monkeypatch.setattr(peers, "SLICE", 0.002)
    pair = [fake("graven (x)", 2e-4, 1, 2), fake("ONNX Runtime", 6e-4, 1, -3)]
    own, peer = peers.compared(task(1, 2), pair, 3)
    assert own.ours and own.ratio == 1 and own.differs == 0
    assert peer.ratio == pytest.approx(3, rel=0.2) and peer.lowest <= peer.ratio <= peer.highest
    assert peer.differs == 5


def test_our_output_must_be_exact(monkeypatch):
    monkeypatch.setattr(peers, "SLICE", 0.0)
    with pytest.raises(figures.BenchError, match="net: our output is not the exact one"):
        peers.compared(task(1, 2), [fake("graven (x)", 0, 1, 3)], 1)


def test_the_fastest_form_of_a_peer_is_compared():
    forms = [fake("ONNX Runtime", 3e-4, 1, 2), fake("ONNX Runtime", 1e-4, 1, 90)]
    assert engines.fastest(task(1, 2), forms) is forms[1]


def test_a_peer_that_computes_another_model_is_refused():
    with pytest.raises(figures.BenchError, match=r"net: LiteRT differs .* by 88 quantization"):
        engines.fastest(task(1, 2), [fake("LiteRT", 0, 1, 90)])


def test_distances():
    def away(a, b) -> int:
        return engines.distance(np.array(a), np.array(b))

    assert away(np.array([-128, 5], np.int8), np.array([[127, 4]], np.int8)) == 255
    assert away([0.5, -2.0], [0.5, -2.0 + 1 / 64]) == 1
    assert away([0.0], [0.0]) == 0
    with pytest.raises(figures.BenchError, match="expected 2 numbers, got 1"):
        away([1, 2], [1])


def test_the_record_round_trips(tmp_path):
    run = peer_record.Run({"processor": "P µ"}, (row("b", "tflite-micro", 4.0), row("a", "g", 1.0)))
    peer_record.write(run, tmp_path / "peers.json")
    assert peer_record.read(tmp_path / "peers.json") == run
    assert peer_record.read(tmp_path / "none.json") == peer_record.Run()


def test_the_table_and_its_means():
    peers_of = {"a": (2.0, 8.0), "b": (8.0, 0.5)}
    rows = [row(model, "graven (x)", 1.0) for model in peers_of]
    for model, (litert, micro) in peers_of.items():
        rows += [row(model, "LiteRT (XNNPACK)", litert), row(model, "tflite-micro", micro)]
    run = peer_record.Run({}, tuple(rows))
    assert peer_record.cells_of(run) == [
        ["a", "1.00", "2.00 (1.00 - 4.00)", "", "8.00 (4.00 - 16.00)", "2.00"],
        ["b", "1.00", "8.00 (4.00 - 16.00)", "", "0.50 (0.25 - 1.00)", "0.50"],
        ["geometric mean", "", "4.00", "", "2.00", "1.00"],
    ]
    assert "| b | 1 |  | 1 |" in tables.peer_tables(run)["peers-distance"]
    assert peer_record.cells_of(peer_record.Run()) == []


def test_an_absent_package_is_named_with_the_command(monkeypatch, capsys):
    absent = engines.Peer("Nobody's", engines.litert, {"json": "json", "no_such_module": "no-such"})
    monkeypatch.setattr(engines, "PEERS", (absent,))
    assert peers.installed_peers(needs_all=False) == []
    said = capsys.readouterr().err
    assert "Nobody's is not compared" in said and said.endswith("-m pip install no-such\n")
    with pytest.raises(figures.BenchError, match="the record needs every peer; Nobody's"):
        peers.installed_peers(needs_all=True)


def test_a_part_of_the_models_does_not_replace_the_record(monkeypatch):
    monkeypatch.setattr("sys.argv", ["peers.py", "--update"])
    monkeypatch.setattr(figures, "default_models", lambda: [MODEL])
    with pytest.raises(figures.BenchError, match="the record needs the shared models too"):
        peers.main()


def test_the_channel_axis_of_a_bias_is_corrected(tmp_path):
    network = tflite.load(figures.DIGITS)
    tensors = tuple(
        dataclasses.replace(t, quantization=dataclasses.replace(t.quantization, axis=3))
        if t.quantization and len(t.shape) == 1
        else t
        for t in network.tensors
    )
    assert tensors != network.tensors
    tflite_writer.write(dataclasses.replace(network, tensors=tensors), tmp_path / "old.tflite")
    content = engines.accepted(tmp_path / "old.tflite")
    before = (tmp_path / "old.tflite").read_bytes()
    assert len(content) == len(before) and content != before
    assert {axis for axis, shape in axes(before) if len(shape) == 1} == {3}
    assert {axis for axis, shape in axes(content) if len(shape) == 1} == {0}
    assert [x for x in axes(content) if len(x[1]) > 1] == [x for x in axes(before) if len(x[1]) > 1]


def axes(content: bytes) -> list[tuple[int, list[int]]]:
    graph = schema.Model.GetRootAs(content, 0).Subgraphs(0)
    tensors = [graph.Tensors(at) for at in range(graph.TensorsLength())]
    return [
        (tensor.Quantization().QuantizedDimension(), list(tensor.ShapeAsNumpy()))
        for tensor in tensors
        if tensor.Quantization() is not None
    ]


def test_moving_to_uint8_changes_no_value(tmp_path):
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    def constant(name: str, data: np.ndarray):
        return numpy_helper.from_array(data, name)

    graph = helper.make_graph(
        [helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
         helper.make_node("DequantizeLinear", ["w", "scale", "zero"], ["y"])],
        "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor_value_info("q", TensorProto.INT8, [1, 2])],
        [constant("scale", np.float32(0.5)), constant("zero", np.int8(-128)),
         constant("w", np.array([-128, 127], np.int8))],
    )  # fmt: skip
    onnx.save(helper.make_model(graph), tmp_path / "m.onnx")
    made = [onnx.load_from_string(form).graph for form in onnx_models.forms(tmp_path / "m.onnx")]
    kinds = [(g.output[0].type.tensor_type.elem_type, *g.node[1].input[::2]) for g in made]
    plain, moved = ("w", "zero"), ("w_uint8", "zero_uint8")
    assert kinds == [(TensorProto.INT8, *plain), (TensorProto.INT8, *moved),
                     (TensorProto.UINT8, *plain), (TensorProto.UINT8, *moved)]  # fmt: skip
    data = {c.name: numpy_helper.to_array(c) for c in made[3].initializer}
    assert data["w_uint8"].tolist() == [0, 255] and data["zero_uint8"] == 0
    assert made[0].input[0].type.tensor_type.shape.dim[0].dim_value == 1
