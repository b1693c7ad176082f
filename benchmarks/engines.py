"""Engines that infer the same model on the same input, called from Python: ours and the peers."""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import figures
import numpy as np
import onnx_models
from figures import BenchError

NEAR = 24
"""Quantization steps of an output; engines that round otherwise drift apart layer by layer."""
PROGRAM = """#include <graven/graven.hpp>
#include "{name}.hpp"
#include <cstring>
static {name}::Model model;
static std::byte input[{name}::Model::arena_size];
extern "C" void load(const void* data) {{
  std::memcpy(input, data, model.input_bytes(0).size());
}}
extern "C" void infer() {{
  std::memcpy(model.input_bytes(0).data(), input, model.input_bytes(0).size());
  model.run();
}}
extern "C" void result(void* to) {{
  std::memcpy(to, model.output_bytes(0).data(), model.output_bytes(0).size());
}}
extern "C" const char* isa() {{ return {name}::Model::isa_name; }}
"""


@dataclass(frozen=True)
class Task:
    model: figures.Model
    content: bytes  # of the file, as all engines accept it
    values: np.ndarray
    expected: np.ndarray  # the output, as numpy computes it exactly
    folder: Path  # for what is converted


@dataclass(frozen=True)
class Engine:
    title: str
    infer: Callable[[], object]
    output: Callable[[], np.ndarray]  # after an inference, in the model's own type


def task_of(model: figures.Model, folder: Path) -> Task:
    """The golden input, or random bytes; in the model's own shape and type."""
    from graven import reference
    from graven.frontends import tflite

    network = tflite.load(model.path)
    given = network.tensors[network.inputs[0]]
    if len(network.inputs) != 1:
        raise BenchError(f"{model.path}: has several inputs; only one is compared here.", 2)
    if model.vector is not None:
        values = np.frombuffer(model.vector.read_bytes(), given.element.dtype)
    else:
        drawn = np.random.default_rng(0).integers(-128, 128, given.shape)
        values = drawn.astype(given.element.dtype)
    values = values.reshape(given.shape)
    expected = reference.run(network, [values])[network.outputs[0]]
    return Task(model, accepted(model.path), values, expected, folder)


def accepted(path: Path) -> bytes:
    """The file as every peer takes it: LiteRT and ONNX refuse what old converters wrote, a bias
    with the channel axis of its filter; its numbers stay as they are."""
    import tflite

    data = bytearray(path.read_bytes())
    graph = tflite.Model.GetRootAs(data, 0).Subgraphs(0)
    for tensor in map(graph.Tensors, range(graph.TensorsLength())):
        found = tensor.Quantization()
        if found is not None and tensor.ShapeLength() == 1 and found.QuantizedDimension() > 0:
            slot = found._tab.Offset(16)  # of the field quantized_dimension
            struct.pack_into("<i", data, found._tab.Pos + slot, 0)
    return bytes(data)


def distance(expected: np.ndarray, found: np.ndarray) -> int:
    """The largest, in steps of the outputs' quantization; float32: in 128ths of the largest."""
    if expected.size != found.size:
        sizes = f"{expected.size} numbers, got {found.size}"
        raise BenchError(f"an output cannot be compared: expected {sizes}.")
    step = 1.0 if expected.dtype.kind in "iu" else float(np.abs(expected).max()) / 128 or 1.0
    difference = expected.astype(np.float64).ravel() - found.astype(np.float64).ravel()
    return round(float(np.abs(difference).max()) / step)


def seconds_of(infer: Callable[[], object], count: int) -> float:
    """Of the processor, so that other programs' turns do not count."""
    start = time.process_time()
    for _ in range(count):
        infer()
    return max(time.process_time() - start, 1e-9) / count


def fastest(task: Task, forms: Sequence[Engine]) -> Engine:
    """The fastest form may saturate sums, so that the closest one has to show that the peer
    computes the same model."""
    times = []
    for engine in forms:
        count = max(1, int(0.01 / seconds_of(engine.infer, 3)))
        times.append(min(seconds_of(engine.infer, count) for _ in range(5)))
    closest = min(distance(task.expected, engine.output()) for engine in forms)
    if closest > NEAR:
        raise BenchError(
            f"{task.model.name}: {forms[0].title} differs from the exact output by {closest} "
            f"quantization steps, expected at most {NEAR}: it does not compute the same model, and "
            "its time means nothing."
        )
    return forms[times.index(min(times))]


# -- ours -----------------------------------------------------------------------------------------


def ours(task: Task, compiler: str) -> Engine:
    name = task.model.name
    figures.graven("compile", str(task.model.path), "-o", str(task.folder / f"{name}.hpp"),
                   "--name", name)  # fmt: skip
    source, library = task.folder / f"{name}.cpp", task.folder / f"{name}.so"
    source.write_text(PROGRAM.format(name=name))
    flags = ["-std=c++20", "-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC"]
    command = [compiler, *flags, f"-I{figures.ROOT / 'include'}", str(source), "-o", str(library)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise BenchError(f"{compiler} cannot compile {name}: {done.stderr[-500:]}")
    loaded = ctypes.CDLL(str(library))
    loaded.isa.restype = ctypes.c_char_p
    loaded.load.argtypes = loaded.result.argtypes = [ctypes.c_void_p]
    loaded.infer.restype = None
    data = np.ascontiguousarray(task.values)
    loaded.load(data.ctypes.data)

    def output() -> np.ndarray:
        found = np.empty_like(task.expected)
        loaded.result(found.ctypes.data)
        return found

    return Engine(f"graven ({loaded.isa().decode()})", loaded.infer, output)


# -- peers ----------------------------------------------------------------------------------------


def tflite_micro(task: Task) -> list[Engine]:
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(task.content, arena_size=1 << 22)
    interpreter.set_input(task.values, 0)

    def output() -> np.ndarray:
        interpreter.set_input(task.values, 0)  # an inference overwrites it
        interpreter.invoke()
        return interpreter.get_output(0)

    return [Engine("tflite-micro", interpreter.invoke, output)]


def litert(task: Task) -> list[Engine]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=task.content, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], task.values)
    place = interpreter.get_output_details()[0]["index"]
    return [Engine("LiteRT (XNNPACK)", interpreter.invoke, lambda: interpreter.get_tensor(place))]


def onnx_runtime(task: Task) -> list[Engine]:
    file = onnx_models.convert(task.model, task.content, task.folder)
    return [onnx_session(task, content) for content in onnx_models.forms(file)]


def onnx_session(task: Task, content: bytes) -> Engine:
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)  # without warnings
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
    binding = session.io_binding()  # spares most of a call's cost in Python
    given, made = session.get_inputs()[0], session.get_outputs()[0]
    moved = given.type == "tensor(uint8)"
    values = (task.values.astype(np.int16) + 128).astype(np.uint8) if moved else task.values
    binding.bind_cpu_input(given.name, np.ascontiguousarray(values))
    binding.bind_output(made.name)

    def output() -> np.ndarray:
        found = binding.copy_outputs_to_cpu()[0]
        return found.astype(np.int16) - 128 if moved and found.dtype == np.uint8 else found

    return Engine("ONNX Runtime", lambda: session.run_with_iobinding(binding), output)


@dataclass(frozen=True)
class Peer:
    title: str
    forms: Callable[[Task], list[Engine]]
    packages: dict[str, str]  # by module, as pip knows them

    def missing(self) -> str | None:
        """The sentence that says what to install."""
        absent = [
            package
            for module, package in self.packages.items()
            if importlib.util.find_spec(module) is None
        ]
        if not absent:
            return None
        command = f"{sys.executable} -m pip install {' '.join(absent)}"
        return f"{self.title} is not compared, for it is not installed: {command}"

    def versions(self) -> str:
        found = {package: importlib.metadata.version(package) for package in self.packages.values()}
        return ", ".join(f"{package} {version}" for package, version in found.items())


PEERS = (
    Peer("tflite-micro", tflite_micro, {"tflite_micro": "tflite-micro"}),
    Peer("LiteRT (XNNPACK)", litert, {"ai_edge_litert": "ai-edge-litert"}),
    Peer("ONNX Runtime", onnx_runtime,
         {"onnxruntime": "onnxruntime", "onnx": "onnx", "tf2onnx": "tf2onnx",
          "tensorflow": "tensorflow-cpu"}),
)  # fmt: skip
