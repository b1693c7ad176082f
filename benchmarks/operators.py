"""Which element types and instruction sets serve which operators: asks the code and the compilers.

    operators.py [--isa NAME ...] [--update] [--elements] [--page]

Random networks of one operator each are read, and lowered to graphs; the list of kernels of an
instruction set says which kernel serves each. What is found is compared with
generator/graven/operators.json, or taken into it (--update). --elements asks no compiler; --page
writes the table of `graven ops` into docs/operators.md and asks nobody. Exit codes: 1 something
differs from the record, 2 bad use, 3 a tool failed.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import itertools
import json
import re
import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import figures
import numpy as np
from graven import build, elf, emit, ir, layers, ops, passes, tools
from graven.errors import GravenError
from graven.facts import WORD
from graven.frontends import tflite, tflite_writer

sys.path.insert(0, str(figures.ROOT / "tests/generator"))
import random_models
import random_movements
import random_transformers

RECORD = figures.ROOT / "generator/graven/operators.json"
PAGE = figures.ROOT / "docs/operators.md"
BEGIN, END = "<!-- table: ops -->\n", "<!-- end -->"
SEEDS = 8  # random networks of a kind and an element that are tried
CASES = 8  # that are read of an operator and an element, as a rule
AT_ONCE = 400  # networks: one constant makes all answers, and compilers limit what that takes
TARGETS = {
    "armv6m": ("cortex-m0", ""),
    "armv7m": ("cortex-m3", ""),
    "armv7em": ("cortex-m4", ""),
    "mve": ("cortex-m55", ""),
    "rv32imc": ("riscv32", ""),
    **{isa: (build.HOST, flags) for isa, flags in build.ISA_FLAGS.items()},
}
"""Where an instruction set is asked about: a target, and flags of its compiler."""

Key = tuple[str, str]
"""An operator, and the element of its first activation."""

Known = dict[str, list[str]]
"""Operator -> elements of its first activation."""

NO_CASE = (
    TypeError, ValueError, LookupError, AttributeError, AssertionError, OverflowError,
)  # fmt: skip
"""What random models raise where they have none of an element."""

PROGRAM = """#include <{words}>
#include <array>
{headers}
namespace {{
using graven::core::detail::input_shapes;
using graven_words::Words;

// The kernel of each layer of a network; empty: it is free, or part of another.
template <class Network, auto inputs, const auto& params>
constexpr void put(Words& out, int layers) {{
  constexpr const auto& graph = graven::core::graph_of<Network, inputs, params, true>;
  for (int k = 0; k < layers; ++k) {{
    const int value = graph.layers[k].value;
    const bool free = graph.values[value].layer != k;
    out.put_text(free ? "" : graven::{isa}::kernels::name_in<graph>(value));
  }}
}}
constexpr std::size_t put_all(std::int64_t* to) {{
  Words out{{to}};
{puts}
  return out.count;
}}
[[gnu::section(".graven"), gnu::used]] constexpr auto words = [] {{
  std::array<std::int64_t, put_all(nullptr)> all{{}};
  put_all(all.data());
  return all;
}}();
}}  // namespace
"""
PUT = "  put<{name}::Network, input_shapes({name}::input), {name}::params>(out, {layers});"


@functools.cache
def networks(seeds: int = SEEDS, cases: int = CASES) -> tuple[tuple[ir.Network, ir.Network], ...]:
    """Random networks of a few operators: as they are read, and as they are written."""
    found, taken = [], Counter[Key]()
    kinds = (
        *random_models.KINDS,
        *random_models.BEYOND,
        *random_movements.MOVEMENTS,
        *random_transformers.KINDS,
    )
    for kind, element, tflm, seed in itertools.product(
        kinds, ir.Element, (True, False), range(seeds)
    ):
        try:
            network = random_network(np.random.default_rng(seed), kind, element, tflm)
        except NO_CASE:
            continue
        for each in (renamed(network, name) for name in names(network)):
            keys = keys_of(each)
            if all(taken[key] >= cases for key in keys):
                continue
            if both := read(each):
                taken.update(keys)
                found.append(both)
    return tuple(found)


def random_network(
    rng: np.random.Generator, kind: str | Callable, element: ir.Element, tflm: bool
) -> ir.Network:
    """Of one operator: a kind of random_models or random_transformers, or a function of
    random_movements."""
    if kind in random_transformers.KINDS:
        assert element in random_transformers.ELEMENTS[kind]
        return random_transformers.case(int(rng.integers(1 << 31)), kind, element)
    if isinstance(kind, str):
        return random_models.random_case(rng, kind, element, tflm)
    b = random_models.Builder(rng, tflm)
    outputs = kind(b, b.input((1, 2, 2, 2), element))
    return b.network(outputs if isinstance(outputs, list) else [outputs])


def keys_of(network: ir.Network) -> set[Key]:
    return {(each.name, element_of(network, each)) for each in network.operators}


def names(network: ir.Network) -> tuple[str, ...]:
    """What a lone operator may be called: the random ones are one of several, or lack some."""
    name = network.operators[0].name
    return layers.modules()[name].OPERATORS if len(network.operators) == 1 else (name,)


def renamed(network: ir.Network, name: str) -> ir.Network:
    first, *others = network.operators
    operators = (dataclasses.replace(first, name=name), *others)
    return dataclasses.replace(network, operators=operators)


def read(network: ir.Network) -> tuple[ir.Network, ir.Network] | None:
    """None where a front end, a layer or a pass refuses it."""
    try:
        network = tflite.parse(tflite_writer.to_bytes(network), "m.tflite", "m")
        written = passes.canonical(network)
        emit.header(written, "0" * 64)
    except (GravenError, *NO_CASE):
        return None
    return network, written


def element_of(network: ir.Network, operator: ir.Operator) -> str:
    """Of its first activation that is no condition, as SELECT's is."""
    given = [network.tensors[index].element for index in layers.activations(operator) if index >= 0]
    others = [element for element in given if element is not ir.Element.BOOLEAN]
    return (others or given)[0].value


def elements(seeds: int = SEEDS, cases: int = CASES) -> Known:
    """Of every operator that a random network has."""
    found = {key for network, _ in networks(seeds, cases) for key in keys_of(network)}
    order = [element.value for element in ir.Element]
    return {
        name: [element for element in order if (name, element) in found]
        for name in sorted({name for name, _ in found})
    }


def origins(network: ir.Network, written: ir.Network) -> list[Key | None]:
    """The operator of the file, and its element, of each layer: passes keep indices."""
    if len(network.operators) == 1:  # whatever passes make of it
        return [*keys_of(network)] * len(written.operators)
    stated = {each.index: (each.name, element_of(network, each)) for each in network.operators}
    return [stated.get(each.index) for each in written.operators]


def program(isa: str, networks: Sequence[ir.Network]) -> str:
    headers, puts = [], []
    for number, network in enumerate(networks):
        name = f"case_{number}"
        text = emit.header(dataclasses.replace(network, name=name), "0" * 64)
        headers.append(re.sub(r"^static_assert\(.*?\);\n", "", text, flags=re.M | re.S))
        puts.append(PUT.format(name=name, layers=len(network.operators)))
    words = Path(emit.__file__).parent / "templates/words.hpp"
    return PROGRAM.format(
        words=words, isa=isa, headers="\n".join(headers), puts="\n".join(puts)
    )  # fmt: skip


def kernels(isa: str, networks: Sequence[ir.Network]) -> list[str]:
    """What the compiler of an instruction set's target says, for each layer of each network."""
    target, flags = TARGETS[isa]
    with tempfile.TemporaryDirectory(prefix="graven-") as at:
        folder = Path(at)
        source = folder / "ask.cpp"
        source.write_text(program(isa, networks))
        command = compiler_of(target, folder)
        out = ["-c", str(source), "-o", str(folder / "ask.o"), "-O0", *shlex.split(flags)]
        tools.run([*command, *out], folder)
        data = elf.section((folder / "ask.o").read_bytes(), ".graven")
    at_each = range(0, len(data), WORD)
    text = "".join(chr(int.from_bytes(data[at : at + WORD], "little")) for at in at_each)
    return text.split("\0")[:-1]


def compiler_of(target: str, folder: Path) -> list[str]:
    """The command that compiles for a target, without files."""
    (folder / "none.hpp").write_text("")
    made = folder / "build"
    root = figures.ROOT
    command = [
        "cmake", "-S", str(root / "firmware/apps/run"), "-B", str(made), "-G", "Ninja",
        "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
        "-DGRAVEN_WARNINGS_AS_ERRORS=OFF", f"-DGRAVEN_MODEL_HEADER={folder / 'none.hpp'}",
        "-DGRAVEN_MODEL_NAMESPACE=none", "-DGRAVEN_MODEL_TYPE=none::Model",
    ]  # fmt: skip
    if target != build.HOST:
        command += ["--toolchain", str(root / f"toolchains/{target}.cmake")]
    tools.run(command, folder)
    commands = json.loads((made / "compile_commands.json").read_text())
    entry = next(each for each in commands if each["file"].endswith("apps/run/main.cpp"))
    words = shlex.split(entry["command"])
    place = words.index("-o")
    del words[place : place + 2]
    return [word for word in words if word not in ("-c", entry["file"])]


def ask(isa: str) -> Known:
    """Operators of which some case is served by a kernel other than scalar's, or all are free."""
    layers_of = [origin for both in networks() for origin in origins(*both)]
    written = [each for _, each in networks()]
    parts = (written[start : start + AT_ONCE] for start in range(0, len(written), AT_ONCE))
    answers = [answer for part in parts for answer in kernels(isa, part)]
    served: dict[Key, set[str]] = {}
    for origin, kernel in zip(layers_of, answers, strict=True):
        if origin is not None:
            served.setdefault(origin, set()).add(kernel.partition(".")[0])
    known: Known = {}
    for name, its in elements().items():
        own = [each for each in its if served.get((name, each), {"scalar"}) - {"scalar", ""}]
        free = [each for each in its if served.get((name, each)) == {""}]
        if own or free:
            known[name] = [each for each in its if each in (*own, *free)]
    return known


def write_page() -> None:
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}{ops.markdown()}{END}{rest.split(END)[1]}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--isa", action="append", choices=TARGETS, help="default: all of them")
    parser.add_argument("--update", action="store_true", help="take what is found into the record")
    parser.add_argument("--elements", action="store_true", help="ask no compiler")
    parser.add_argument("--page", action="store_true", help="write docs/operators.md, ask nobody")
    options = parser.parse_args(arguments)
    if options.page:
        write_page()
        return 0
    isas = () if options.elements else options.isa or tuple(TARGETS)
    try:
        found = {"elements": elements(), **{isa: ask(isa) for isa in isas}}
    except GravenError as error:
        print(f"operators.py: {error}", file=sys.stderr)
        return 3
    stored = ops.recorded()
    recorded = {"elements": stored["elements"], **stored["kernels"]}
    differ = [name for name, known in found.items() if recorded.get(name) != known]
    for name in differ:
        print(f"{name}: {changes(recorded.get(name, {}), found[name])}")
    if options.update:
        merged = {name: {**recorded, **found}.get(name, {}) for name in ("elements", *TARGETS)}
        write_record(merged.pop("elements"), merged)
        ops.recorded.cache_clear()
        write_page()
    elif differ:
        print("To take it into the record: benchmarks/operators.py --update")
    return 1 if differ and not options.update else 0


def write_record(elements: Known, kernels: dict[str, Known]) -> None:
    """A line per operator, so that edits of two branches meet rarely."""
    parts = [
        ",\n".join(f"   {json.dumps(name)}: {json.dumps(its)}" for name, its in known.items())
        for known in (elements, *kernels.values())
    ]
    blocks = [f'  "{isa}": {{\n{part}\n  }}' for isa, part in zip(kernels, parts[1:], strict=True)]
    first, rest = f' "elements": {{\n{parts[0]}\n }}', ",\n".join(blocks)
    text = f'{{\n{first},\n "kernels": {{\n{rest}\n }}\n}}\n'
    RECORD.write_text(text)


def changes(old: Known, new: Known) -> str:
    def pairs(known: Known) -> set[str]:
        return {f"{name} {element}" for name, elements in known.items() for element in elements}

    gone, come = pairs(old) - pairs(new), pairs(new) - pairs(old)
    return "; ".join(
        f"{what}: {', '.join(sorted(which))}"
        for what, which in (("new", come), ("gone", gone))
        if which
    )


if __name__ == "__main__":
    sys.exit(main())
