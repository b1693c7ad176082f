"""Writes a network as one C++ header: parameters as the model has them, the network as a type.

The text depends on the model's bytes, the name and graven's version; plans that a search has found
depend on the targets' compilers as well. Whatever a target needs (multipliers, packed weights, the
plan) is computed from it by the compiler.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import numpy as np

from graven import __version__, ir, layers
from graven.cpp import Constant, Cpp, Hwc, hwc, is_namespace, real, shape
from graven.errors import GravenError
from graven.memory import bound_text
from graven.node import QUANTIZED, Node, node_of, shape_text
from graven.pixels import Pixels

COLUMNS = 100
MOST_EXTENT = 65535  # Shape in the kernels' tasks
TYPES = {
    "int8": "std::int8_t",
    "int16": "std::int16_t",
    "int32": "std::int32_t",
    "int64": "std::int64_t",
    "float32": "float",
    "bool": "bool",
}


LEAST_TEXT = 1024
"""int8 arrays of so many numbers are text: parsing numbers is what large headers cost most."""
MOST_TEXT = 65535
"""Characters of a string literal that compilers take without a warning."""

CHARACTERS = tuple(
    chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
    for byte in range(256)
)
"""Of a string literal, by byte; without question marks there are no trigraphs."""


@dataclass(frozen=True)
class Array:
    type: str
    name: str
    lines: tuple[str, ...]
    extent: str = "[]"
    overlong: bool = False


class _Arrays:
    """The arrays of a header: equal ones are one, to which several layers refer, by the name that
    the first of them gives it."""

    def __init__(self) -> None:
        self.found: list[Array] = []
        self._first: dict[tuple, str] = {}  # name by content
        self._names: dict[str, str] = {}

    def add(self, array: Array) -> None:
        content = (array.type, array.extent, array.lines)
        self._names[array.name] = self._first.setdefault(content, array.name)
        if self._names[array.name] == array.name:
            self.found.append(array)

    def __getitem__(self, name: str) -> str:
        return self._names[name]


@dataclass(frozen=True, eq=False)
class Layer:
    """An operator with all that the header says of it."""

    node: Node
    stem: str  # names it among the arrays and values
    cpp: Cpp
    reads: tuple[int, ...]  # tensor indices
    arrays: _Arrays  # of the header

    @property
    def label(self) -> str:
        return label(self.node.known_by)

    def array(self, name: str) -> str:
        """What the header calls an array of this layer."""
        return self.arrays[f"{self.stem}_{name}"]

    @property
    def values(self) -> dict[int, str]:
        """Its outputs as a Graph names them, by tensor index; also the variable that it reads."""
        if self.node.name == "READ_VARIABLE":
            return {self.node.input(0).index: self.stem, self.node.output.index: self.stem}
        if len(self.node.outputs) == 1:
            return {self.node.output.index: self.stem}
        outputs = enumerate(self.node.outputs)
        return {tensor.index: f"graven::Out<{self.stem}, {place}>" for place, tensor in outputs}


@dataclass(frozen=True)
class FoundPlan:
    """What search.cpp has found for an instruction set (policy.hpp, Found)."""

    isa: str
    row_input: bool
    from_top: bool
    steps: int
    arena: int  # bytes
    bound: int
    whole: tuple[int, ...]  # words of 64 values
    order: tuple[int, ...]


def header(
    network: ir.Network,
    sha256: str,
    plans: Sequence[FoundPlan] = (),
    pixels: Pixels | None = None,
) -> str:
    """The header's text; `sha256` is the file's, for the provenance."""
    found, arrays = _layers(network)
    inputs = [network.tensors[index] for index in network.inputs]
    chain = _is_chain(network, found)
    named = _by_name(plans)
    return render(
        "model.hpp.j2",
        provenance=_provenance(network, found, sha256),
        name=network.name,
        arrays=arrays,
        records=[
            *(line for tensor in inputs for line in _record(_input_fields(tensor), label(tensor))),
            *(
                line
                for position, layer in enumerate(found)
                for line in _record(_fields(layer), layer.label, _index(layer, position))
            ),
        ],
        network=_sequence(found) if chain else _graph(network, found),
        input=_input_shapes(network),
        pixels=_pixels(network, pixels),
        plan_values=[
            line for name, plan in named.items() for line in _plan_values(network.name, name, plan)
        ],
        plans=[line for name, plan in named.items() for line in _plan(network.name, name, plan)],
        model=_model(list(named)),
        checks=[
            line
            for position, layer in enumerate(found)
            for line in _check(network, layer, position)
        ],
    )


def _pixels(network: ir.Network, pixels: Pixels | None) -> list[str]:
    """from_pixel: a byte of a camera as the input takes it."""
    if pixels is None:
        return []
    tensor = network.tensors[network.inputs[0]]
    type, table = TYPES[tensor.element.value], pixels.table(tensor)
    head = "// A byte of a camera as the input takes it: (byte / 255 - mean) / std"
    if pixels.is_folded(tensor):
        return [
            f"{head}, which the input's scale and",
            "// zero point have in them.",
            f"constexpr {type} from_pixel(std::uint8_t byte) {{",
            f"  return static_cast<{type}>(byte - 128);",
            "}",
        ]
    text = real if tensor.element is ir.Element.FLOAT32 else str
    rows = [
        line
        for row in table.tolist()
        for line in wrapped(4, "{", [*(f"{text(each)}," for each in row[:-1]), text(row[-1])], "},")
    ]
    several = len(table) > 1
    channel, place = (", std::size_t channel", "channel") if several else ("", "0")
    return [
        f"{head}{', by channel' if several else ''}.",
        f"inline constexpr {type} pixels[{len(table)}][256] = {{",
        *indented(4, rows),
        "};",
        f"constexpr {type} from_pixel(std::uint8_t byte{channel}) {{",
        f"  return pixels[{place}][byte];",
        "}",
    ]


def macs(network: ir.Network) -> int:
    return sum(_layer(network, operator, _Arrays()).cpp.macs for operator in network.operators)


def check_name(name: str) -> str:
    """`name`, if it can be a namespace."""
    if not is_namespace(name):
        raise GravenError(
            f"--name '{name}': is no name for a C++ namespace; take letters, digits and single "
            "underscores, starting with a letter, and no word of C++ or of the C library."
        )
    return name


def render(template: str, **values: object) -> str:
    """A template of templates/ with its values; one that is missing is an error."""
    return _environment().get_template(template).render(**values)


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        line_statement_prefix="%%",
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def _extents(node: Node, tensor: ir.Tensor) -> Hwc:
    """Of an activation that has rows of its own."""
    found = hwc(node, tensor)
    if max(found) > MOST_EXTENT:
        raise node.error(
            f"has shape {shape_text(tensor.shape)}, but height, width and channels may be at most "
            f"{MOST_EXTENT} each.",
            tensor,
        )
    return found


def _layer(network: ir.Network, operator: ir.Operator, arrays: _Arrays) -> Layer:
    module = layers.modules()[operator.name]
    node = node_of(network, operator)
    cpp = module.cpp(operator.layer, node)
    stem = f"{cpp.stem or module.__name__.rpartition('.')[2]}_{operator.index}"
    reads = tuple(operator.inputs[position] for position in cpp.inputs)
    return Layer(node, stem, cpp, reads, arrays)


def _layers(network: ir.Network) -> tuple[list[Layer], list[Array]]:
    """And the header's arrays."""
    arrays = _Arrays()
    found = [_layer(network, operator, arrays) for operator in network.operators]
    for layer in found:
        for array in _arrays(layer):
            arrays.add(array)
    return found, arrays.found


def _is_chain(network: ir.Network, found: list[Layer]) -> bool:
    """One input, one output, and each layer reads what the one before it wrote."""
    values = [*network.inputs, *(layer.node.known_by.index for layer in found)]
    return (
        len(network.inputs) == 1
        and all(len(layer.node.outputs) == 1 for layer in found)
        and network.outputs == (values[-1],)
        and all(layer.reads == (before,) for layer, before in zip(found, values, strict=False))
    )


# -- names ----------------------------------------------------------------------------------------


def label(tensor: ir.Tensor) -> str:
    """A tensor's name; of the names that a converter joined with semicolons, the first."""
    return tensor.name.split(";", 1)[0]


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("??", "?\\?")
    return f'"{escaped}"'


def literals(text: str, room: int) -> list[str]:
    """String literals of at most `room` characters between their quotes, split between words."""
    pieces = [""]
    for word in re.findall(r"\S* ?", text):
        for at in range(0, len(word), room):
            part = word[at : at + room]
            if len(pieces[-1]) + len(part) > room:
                pieces.append("")
            pieces[-1] += part
    return [quoted(piece) for piece in pieces]


def commented(code: str, text: str) -> list[str]:
    """A line with a comment behind it or, where they are too long together, above it."""
    text = text.rstrip("\\ ").replace("??/", "?? /")  # no line may end in a backslash
    if len(f"    {code}  // {text}") <= COLUMNS:
        return [f"{code}  // {text}"]
    room = COLUMNS - len("    // ")
    above = f"// {text if len(text) <= room else text[: room - 3] + '...'}".rstrip()
    if len(f"    {code}") <= COLUMNS:
        return [above, code]
    *pieces, last = code.split(", ")
    first, *rest = wrapped(8, "", [*(f"{piece}," for piece in pieces), last])
    return [above, first, *indented(4, rest)]


def wrapped(indent: int, start: str, items: Iterable[str], end: str = "") -> list[str]:
    """start, items and end in lines that fit behind `indent` columns."""
    lines, line, hang = [], start, " " * len(start)
    for item in items:
        separator = "" if line in (start, hang) else " "
        if len(line) + len(separator) + len(item) + len(end) > COLUMNS - indent and separator:
            lines.append(line)
            line, separator = hang, ""
        line += separator + item
    return [*lines, line + end]


def indented(columns: int, lines: list[str]) -> list[str]:
    return [" " * columns + line for line in lines]


# -- provenance -----------------------------------------------------------------------------------


def _provenance(network: ir.Network, found: list[Layer], sha256: str) -> list[str]:
    def activations(indices: tuple[int, ...]) -> str:
        tensors = (network.tensors[index] for index in indices)
        return ", ".join(f"{tensor.element.value} {shape_text(tensor.shape)}" for tensor in tensors)

    total = sum(layer.cpp.macs for layer in found)
    source = f"{network.name}: written by graven {__version__} from {network.source}. Do not edit."
    what = f"{activations(network.inputs)} -> {activations(network.outputs)}"
    about = f": {network.description}" if network.description else ""
    facts = f"{len(found)} operators, {total} MACs, {what}{about}"
    return [
        line if len(line) <= COLUMNS - 3 else f"{line[: COLUMNS - 6]}..."
        for line in (source, f"sha256 {sha256}", facts.rstrip("\\ "))
    ]


# -- parameters -----------------------------------------------------------------------------------


FIELDS = ("filter", "bias", "scale")
"""Constants that are fields of a record themselves; others stand in a list, by name."""


def _arrays(layer: Layer) -> Iterable[Array]:
    cpp = layer.cpp
    for constant in cpp.constants:
        name = f"{layer.stem}_{constant.name}"
        yield _array(layer, name, constant.data)
        if constant.scale is not None:
            yield _array(layer, f"{name}_scale", constant.scale)
    if others := _others(layer):
        lines = tuple(f"{_constant(layer, each)}," for each in others)
        yield Array("graven::Constant", f"{layer.stem}_constants", lines)
    if len(stated := _outputs(layer)) > 1:
        lines = tuple(wrapped(4, "", [f"{each}," for each in stated]))
        yield Array("graven::Quant", f"{layer.stem}_outputs", lines)


def _others(layer: Layer) -> list[Constant]:
    return [each for each in layer.cpp.constants if each.name not in FIELDS]


def _outputs(layer: Layer) -> list[str]:
    """Scale and zero point of each output, where the record states them."""
    known_by = layer.node.known_by
    scaled = known_by.element is ir.Element.INT32 and known_by.quantization is not None
    if not layer.cpp.output or not (scaled or known_by.element in QUANTIZED):
        return []
    return [_quantization(tensor) for tensor in layer.node.outputs]


def _array(layer: Layer, name: str, values: np.ndarray) -> Array:
    if values.dtype == np.int8 and values.size >= LEAST_TEXT:
        type = f"graven::Int8Text<{values.size}>"
        return Array(type, name, byte_literals(values), extent="", overlong=values.size > MOST_TEXT)
    return Array(TYPES[values.dtype.name], name, _numbers(layer, values))


def byte_literals(values: np.ndarray) -> tuple[str, ...]:
    """String literals of at most COLUMNS with a margin of four, together the bytes of values."""
    room, lines, line = COLUMNS - len('    ""'), [], ""
    for byte in values.tobytes():
        piece = CHARACTERS[byte]
        if len(line) + len(piece) > room:
            lines.append(line)
            line = ""
        line += piece
    return tuple(f'"{each}"' for each in [*lines, line])


def _numbers(layer: Layer, values: np.ndarray) -> tuple[str, ...]:
    flat = values.reshape(-1)
    if flat.dtype == np.float32:
        if not np.isfinite(flat).all():
            raise layer.node.error("has a constant with an infinity or NaN; train it again.")
        texts = [real(value) for value in flat]
    else:
        texts = [_integer(int(value)) for value in flat.tolist()]
    return tuple(wrapped(4, "", [f"{text}," for text in texts]))


def _integer(value: int) -> str:
    return "-2147483647 - 1" if value == -(1 << 31) else str(value)


def _quantization(tensor: ir.Tensor) -> str:
    if tensor.quantization is None:  # integers of 16 bits that stand for themselves
        return "{1.0f, 0}"
    return f"{{{real(tensor.quantization.scale[0])}, {tensor.quantization.zero_point[0]}}}"


def _input_fields(tensor: ir.Tensor) -> list[str]:
    fields = [f".output = {_quantization(tensor)}"] if tensor.element in QUANTIZED else []
    inferred = tensor.element in (ir.Element.INT8, ir.Element.FLOAT32)
    return fields if inferred else [*fields, _element(tensor)]


def _element(tensor: ir.Tensor) -> str:
    name = "boolean" if tensor.element is ir.Element.BOOLEAN else tensor.element.value
    return f".element = graven::Element::{name}"


def _fields(layer: Layer) -> list[str]:
    cpp = layer.cpp
    fields = [
        f".{each.name} = {_stored(f'source::{layer.array(each.name)}', each)}"
        for each in cpp.constants
        if each.name in FIELDS
    ]
    if _others(layer):
        fields.append(f".constants = source::{layer.array('constants')}")
    stated = _outputs(layer)
    if len(stated) == 1:
        fields.append(f".output = {stated[0]}")
    elif stated:
        fields.append(f".outputs = source::{layer.array('outputs')}")
    if cpp.element:
        fields.append(_element(layer.node.known_by))
    return fields


def _stored(array: str, constant: Constant) -> str:
    if constant.nibbles:
        return f"graven::int4({array})"
    return f"graven::whole_array<{array}>" if constant.name == "filter" else array


def _constant(layer: Layer, constant: Constant) -> str:
    """A named constant: its array, scales and zero point."""
    about = [f'"{constant.name}"', layer.array(constant.name)]
    if constant.scale is not None:
        about += [layer.array(f"{constant.name}_scale"), str(constant.zero_point or 0)]
    return f"{{{', '.join(about)}}}"


def _index(layer: Layer, position: int) -> list[str]:
    """The operator's index in the file, where operators before it have been pruned away."""
    index = layer.node.index
    return [] if index == position else [f".index = {index}"]


def _record(fields: list[str], name: str, after: Iterable[str] = ()) -> list[str]:
    """One element of `params`, ending in the original name and what comes `after` it."""
    items = [f"{field}," for field in fields]
    first, *rest = literals(name, COLUMNS - len('     .name = ""},'))
    named = [f".name = {first}", *rest]
    if after:
        named[-1] += ","
    return wrapped(4, "{", [*items, *named, *after], "},")


def _input_shapes(network: ir.Network) -> str:
    shapes = []
    for index in network.inputs:
        tensor = network.tensors[index]
        node = Node(network.source, 0, "input", (), (tensor,), lambda name: 0)
        shapes.append(shape(_extents(node, tensor)))
    return shapes[0] if len(shapes) == 1 else f"graven::shapes({', '.join(shapes)})"


# -- plans ----------------------------------------------------------------------------------------


def _by_name(plans: Sequence[FoundPlan]) -> dict[str, FoundPlan]:
    """One for each instruction set and kind of input: the smallest."""
    found: dict[str, FoundPlan] = {}
    for plan in sorted(plans, key=lambda plan: -plan.arena):
        found[f"{plan.isa}_by_rows" if plan.row_input else plan.isa] = plan
    return dict(sorted(found.items()))


def _plan_values(model: str, name: str, plan: FoundPlan) -> list[str]:
    """What a plan is known by among those of all headers, and its order."""
    number = hashlib.sha256(f"{model} {plan}".encode()).hexdigest()[:15]
    items = [f"{item}," for item in plan.order]
    return [
        f"inline constexpr std::uint64_t {name} = 0x{number};",
        f"inline constexpr std::uint16_t {name}_order[] = {{",
        *indented(4, wrapped(4, "", items)),
        "};",
    ]


def _plan(model: str, name: str, plan: FoundPlan) -> list[str]:
    """The definition of a plan, outside of the model's namespace."""
    fed = ", input by rows" if plan.row_input else ""
    state = bound_text(plan.arena, plan.bound)
    whole = ", ".join(f"{word}u" for word in plan.whole)
    fields = [
        f'.isa = "{plan.isa}",',
        f".steps = {plan.steps},",
        f".arena = {plan.arena},",
        *([".row_input = true,"] * plan.row_input),
        *([".from_top = true,"] * plan.from_top),
        *([f".whole = {{{whole}}},"] * any(plan.whole)),
        f".order = {model}::plans::{name}_order,",
        f".count = {len(plan.order)}}};",
    ]
    return [
        f"// {plan.isa}{fed}: an arena of {plan.arena} bytes ({state})",
        "template <>",
        f"inline constexpr graven::plan::Found graven::plan::found<{model}::plans::{name}>{{",
        *indented(4, fields),
    ]


def _model(names: list[str]) -> list[str]:
    if not names:
        return ["using ModelFor = graven::Model<Network, input, params, Isa, policy>;"]
    # not by the alias graven::Model: g++ 12 cannot substitute a policy that is computed
    chosen = ["Isa", *(f"plans::{name}" for name in names)]
    choose = wrapped(
        4, "graven::plan::choose<", [f"{name}," for name in chosen[:-1]] + chosen[-1:], ">(policy),"
    )
    return [
        "using ModelFor = graven::BasicModel<",
        *indented(4, ["Network, input, params, Isa,", *choose, "true>;"]),
    ]


# -- the network ----------------------------------------------------------------------------------


# No alias: a compiler writes the whole list of layers into the name of all that depends on one,
# which for MobileNetV2 takes half of its time.
NETWORK = ["// A type of its own: keeps names of symbols, and the compiler's time, short."]


def _sequence(found: list[Layer]) -> list[str]:
    lines = []
    for layer in found:
        end = "> {};" if layer is found[-1] else ","
        lines += commented(layer.cpp.type + end, f"{layer.node.index} {layer.label}")
    return [*NETWORK, "struct Network : graven::Sequential<", *indented(4, lines)]


def _graph(network: ir.Network, found: list[Layer]) -> list[str]:
    names = {index: f"input_{position}" for position, index in enumerate(network.inputs)}
    for layer in found:
        names.update(layer.values)
    lines = []
    for layer in found:
        items = ", ".join([layer.cpp.type, *(names[index] for index in layer.reads)])
        lines += commented(f"graven::Node<{items}>,", f"{layer.node.index} {layer.label}")
    outputs = ", ".join(names[index] for index in network.outputs)
    nodes = [*(names[index] for index in network.inputs), *(layer.stem for layer in found)]
    values = wrapped(2, "", [f"{name}," for name in nodes])
    return [
        *("enum Value : int {", *indented(2, values), "};", ""),
        *NETWORK,
        "struct Network : graven::Graph<",
        *indented(4, [*lines, f"graven::Outputs<{outputs}>> {{}};"]),
    ]


def _check(network: ir.Network, layer: Layer, position: int) -> list[str]:
    """What the header asserts of a layer: the shape of its first output."""
    return _check_output(network, layer, layer.node.known_by, f"layers[{position}].shape")


def _check_output(network: ir.Network, layer: Layer, tensor: ir.Tensor, found: str) -> list[str]:
    flat = layer.cpp.type == "graven::Flatten"  # the rows are those of its input
    output = (hwc if flat else _extents)(layer.node, tensor)
    sentence = f"{network.source}: layer {layer.node.index} '{label(tensor)}' must yield "
    size = "x".join(str(extent) for extent in output)
    start = f"static_assert(Model::{found} == {shape(output)},"
    text = literals(sentence + size, COLUMNS - len('              "");'))
    if len(text) == 1 and len(start) + len(text[0]) + 3 <= COLUMNS:
        return [f"{start} {text[0]});"]
    return [start, *wrapped(0, " " * len("static_assert("), text, ");")]
