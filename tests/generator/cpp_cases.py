"""Many generated headers in one C++ program: the engine's answers to random networks."""

from __future__ import annotations

import dataclasses
import io
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import random_models
from graven import emit, hybrid, ir, passes
from graven.frontends import tflite, tflite_writer
from graven.paths import data_root

INFERENCES = 10  # of every case: rare roundings need many values

# Every inference starts in an arena of garbage, between guards that nobody may write.
PROGRAM = """#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>
{includes}
void read(void* to, std::size_t size) {{
  if (std::fread(to, 1, size, stdin) != size) std::abort();
}}
template <class Owner> void run(int inferences) {{
  using Model = typename Owner::OnArena;
  constexpr std::size_t guard = 64;
  alignas(Model::alignment) static unsigned char memory[guard + Model::arena_size + guard];
  std::byte* const arena = reinterpret_cast<std::byte*>(memory + guard);
  static auto model = [&] {{
    if constexpr (Model::has_state) {{
      static typename Model::State state;
      return Model(state, graven::unchecked, arena);
    }} else {{
      return Model(graven::unchecked, arena);
    }}
  }}();
  while (inferences-- > 0) {{
    std::memset(memory, 0xa5 + inferences, sizeof(memory));
    const unsigned char garbage = memory[0];
    if constexpr (Model::row_input) {{
      model.begin();
      std::vector<std::byte> row(Model::row_size * graven::size_of(Model::input_element()));
      for (int r = 0; r < Model::row_count; ++r) {{
        read(row.data(), row.size());
        model.push_row_bytes(row.data());
      }}
    }} else {{
      for (int i = 0; i < Model::input_count; ++i)
        read(model.input_bytes(i).data(), model.input_bytes(i).size());
      model.run();
    }}
    for (std::size_t i = 0; i < guard; ++i)
      if (memory[i] != garbage || memory[sizeof(memory) - 1 - i] != garbage) std::abort();
    for (int i = 0; i < Model::output_count; ++i) {{
      const auto bytes = model.output_bytes(i);
      std::fwrite(bytes.data(), 1, bytes.size(), stdout);
    }}
  }}
}}
int main() {{
{runs}
}}
"""


@dataclass(frozen=True, eq=False)
class Case:
    label: str  # repeats it: the kind, the element type and the seed
    network: ir.Network  # as it is written
    stated: ir.Network  # as it is read
    model: bytes  # as a judge gets it
    header: str
    inputs: list[list[np.ndarray]]  # per inference


def make(label: str, position: int, network: ir.Network, rng: np.random.Generator) -> Case:
    """The network with random inputs; GravenError where it cannot be said in C++."""
    inputs = [random_models.random_inputs(rng, network) for _ in range(INFERENCES)]
    model = tflite_writer.to_bytes(network)
    stated = tflite.parse(model, f"{label}.tflite", f"case_{position}")
    parsed, model = passes.canonical(stated), hybrid.judged(stated, model)
    return Case(label, parsed, stated, model, emit.header(parsed, "0" * 64), inputs)


Outputs = dict[int, np.ndarray]  # by tensor index


def run(
    cases: list[Case], folder: Path, policies: Sequence[str] = ("graven::plan::fastest",)
) -> list[list[Outputs]]:
    """The model outputs of every case and inference, from one translation unit; the policies, C++
    values, take turns.
    """
    names = [case.network.name for case in cases]
    for case in cases:
        (folder / f"{case.network.name}.hpp").write_text(case.header)
    models = [
        f"{name}::ModelFor<graven::scalar, {policies[position % len(policies)]}>"
        for position, name in enumerate(names)
    ]
    source, binary = folder / "cases.cpp", folder / "cases"
    source.write_text(
        PROGRAM.format(
            includes="\n".join(f'#include "{name}.hpp"' for name in names),
            runs="\n".join(f"  run<{model}>({INFERENCES});" for model in models),
        )
    )
    command = [
        "g++", "-std=c++20", "-O1", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off",
        f"-I{data_root() / 'include'}", str(source), "-o", str(binary),
    ]  # fmt: skip
    compiled = subprocess.run(command, capture_output=True, text=True)
    if compiled.returncode:
        errors = [line for line in compiled.stderr.splitlines() if "error" in line]
        pytest.fail("the headers do not compile:\n" + "\n".join(errors[:20]), pytrace=False)
    given = b"".join(
        value.tobytes() for case in cases for inference in case.inputs for value in inference
    )
    stream = io.BytesIO(
        subprocess.run([binary], input=given, capture_output=True, check=True).stdout
    )
    found = [[_outputs(case.network, stream) for _ in case.inputs] for case in cases]
    assert not stream.read()
    return found


def _outputs(network: ir.Network, stream: io.BytesIO) -> Outputs:
    values = {}
    for index in network.outputs:
        tensor = network.tensors[index]
        size = int(np.prod(tensor.shape)) * tensor.element.dtype.itemsize
        value = np.frombuffer(stream.read(size), dtype=tensor.element.dtype)
        values[index] = value.reshape(tensor.shape)
    return values


def only_outputs(network: ir.Network) -> ir.Network:
    """The network as far as its outputs are concerned, for comparing these alone."""
    kept = tuple(op for op in network.operators if op.known_by in network.outputs)
    return dataclasses.replace(network, operators=kept)
