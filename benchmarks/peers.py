"""Speed on this machine beside other engines: one run, interleaved, one thread.

    peers.py [MODEL.tflite ...] [--rounds 11] [--onnx FOLDER]

Ours is the model's header compiled with -O3 -march=native and called through ctypes; LiteRT (with
XNNPACK), tflite-micro and ONNX Runtime are called from Python as well, each if its package
(ai-edge-litert, tflite-micro, onnxruntime) is installed; ONNX Runtime takes FOLDER/<model>.onnx.
In every round each engine infers for a while on the same input; a ratio is a peer's time over ours
of the same round. Printed: medians, and the ratio's extremes. Exit codes as qemu.py's.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import figures
import numpy as np
from figures import BenchError
from rich.console import Console
from rich.table import Table

SLICE = 0.03  # seconds of one engine in one round
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
extern "C" const char* isa() {{ return {name}::Model::isa_name; }}
"""


@dataclass(frozen=True)
class Engine:
    title: str
    infer: Callable[[], object]


# -- engines --------------------------------------------------------------------------------------


def ours(model: figures.Model, values: np.ndarray, compiler: str, folder: Path) -> Engine:
    figures.graven("compile", str(model.path), "-o", str(folder / f"{model.name}.hpp"),
                   "--name", model.name)  # fmt: skip
    source, library = folder / f"{model.name}.cpp", folder / f"{model.name}.so"
    source.write_text(PROGRAM.format(name=model.name))
    flags = ["-std=c++20", "-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC"]
    command = [compiler, *flags, f"-I{figures.ROOT / 'include'}", str(source), "-o", str(library)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise BenchError(f"{compiler} cannot compile {model.name}: {done.stderr[-500:]}")
    loaded = ctypes.CDLL(str(library))
    loaded.isa.restype = ctypes.c_char_p
    loaded.load.argtypes, loaded.infer.restype = [ctypes.c_void_p], None
    data = np.ascontiguousarray(values)
    loaded.load(data.ctypes.data)
    return Engine(f"graven ({loaded.isa().decode()})", loaded.infer)


def tflite_micro(model: figures.Model, values: np.ndarray) -> Engine | None:
    try:
        from tflite_micro import runtime
    except ImportError:
        return None
    interpreter = runtime.Interpreter.from_file(str(model.path), arena_size=1 << 22)
    interpreter.set_input(values, 0)
    return Engine("tflite-micro", interpreter.invoke)


def litert(model: figures.Model, values: np.ndarray) -> Engine | None:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        return None
    interpreter = Interpreter(model_path=str(model.path), num_threads=1)
    try:
        interpreter.allocate_tensors()
    except RuntimeError as error:
        print(f"LiteRT refuses {model.name}: {str(error).splitlines()[0]}", file=sys.stderr)
        return None
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    return Engine("LiteRT (XNNPACK)", interpreter.invoke)


def onnx_runtime(model: figures.Model, values: np.ndarray, folder: Path | None) -> Engine | None:
    try:
        import onnxruntime
    except ImportError:
        return None
    file = (folder or model.path.parent) / f"{model.name}.onnx"
    if not file.exists():
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, ["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    element = {"tensor(int8)": np.int8, "tensor(uint8)": np.uint8}.get(given.type, np.float32)
    shape = [extent if isinstance(extent, int) else 1 for extent in given.shape]
    feed = {given.name: values.view(np.int8).astype(element).reshape(shape)}
    return Engine("ONNX Runtime", lambda: session.run(None, feed))


def input_of(model: figures.Model) -> np.ndarray:
    """The golden input, or random bytes; in the model's own shape and type."""
    from graven.frontends import tflite

    network = tflite.load(model.path)
    tensor = network.tensors[network.inputs[0]]
    if len(network.inputs) != 1:
        raise BenchError(f"{model.path}: has several inputs; only one is compared here.", 2)
    if model.vector is not None:
        data = np.frombuffer(model.vector.read_bytes(), tensor.element.dtype)
        return data.reshape(tensor.shape)
    drawn = np.random.default_rng(0).integers(-128, 128, tensor.shape)
    return drawn.astype(tensor.element.dtype)


# -- measuring ------------------------------------------------------------------------------------


def seconds_of(infer: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        infer()
    return (time.perf_counter() - start) / count


def measure(engines: list[Engine], rounds: int) -> list[list[float]]:
    """Seconds per inference, by round and engine; the first round only warms up."""
    counts = [max(1, int(SLICE / seconds_of(engine.infer, 3))) for engine in engines]
    gc.disable()
    measured = [
        [seconds_of(engine.infer, count) for engine, count in zip(engines, counts, strict=True)]
        for _ in range(rounds + 1)
    ]
    gc.enable()
    return measured[1:]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--compiler", default="clang++" if shutil.which("clang++") else "g++")
    parser.add_argument("--onnx", type=Path, metavar="FOLDER", help="where <model>.onnx are")
    return parser.parse_args()


def main() -> int:
    options = parse_arguments()
    models = [figures.load_model(path) for path in options.models] or figures.default_models()
    table = Table(title=f"one inference, one thread, median of {options.rounds} rounds",
                  title_justify="left")  # fmt: skip
    for title in ("model", "engine"):
        table.add_column(title, no_wrap=True)
    for title in ("microseconds", "times ours", "from", "to"):
        table.add_column(title, justify="right", no_wrap=True)
    with tempfile.TemporaryDirectory() as folder:
        for model in models:
            values = input_of(model)
            peers = (tflite_micro(model, values), litert(model, values),
                     onnx_runtime(model, values, options.onnx))  # fmt: skip
            engines = [ours(model, values, options.compiler, Path(folder)), *filter(None, peers)]
            rounds = measure(engines, options.rounds)
            for at, engine in enumerate(engines):
                ratios = sorted(times[at] / times[0] for times in rounds)
                median = statistics.median(times[at] for times in rounds)
                table.add_row(
                    model.name if at == 0 else "", engine.title, f"{median * 1e6:,.2f}",
                    *(f"{x:.2f}" if at else "" for x in (statistics.median(ratios), ratios[0],
                                                         ratios[-1])),
                )  # fmt: skip
            table.add_section()
    Console(width=None if sys.stdout.isatty() else 100).print(table)
    return 0


if __name__ == "__main__":
    figures.exit_with(main)
