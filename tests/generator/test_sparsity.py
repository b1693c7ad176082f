"""Constants that a .tflite file stores sparsely: expanded as LiteRT's DENSIFY does."""

import numpy as np
import pytest
import random_models
import tflite
import tflm
from graven import engines, ir, reference
from graven.errors import GravenError
from graven.frontends import tflite as reader
from graven.frontends import tflite_writer
from graven.layers.add import Add
from graven.layers.densify import Densify

DENSE, CSR = tflite.DimensionType.DENSE, tflite.DimensionType.SPARSE_CSR
VECTORS = {np.uint8: "Uint8Vector", np.uint16: "Uint16Vector", np.int32: "Int32Vector"}


def compressed(values: np.ndarray, order, blocked, sides, formats):
    """Levels and values of the walk: a level is a size, or segments and indices; what a compressed
    level leaves out is all 0."""
    shape = list(values.shape)
    cut = []
    for axis, extent in enumerate(shape):
        inner = sides[blocked.index(axis)] if axis in blocked else 1
        cut += [extent // inner, inner]
    rank = len(shape)
    axes = [2 * each if each < rank else 2 * blocked[each - rank] + 1 for each in order]
    rest = [axis for axis in range(2 * rank) if axis not in axes]  # of one element
    array = values.reshape(cut).transpose([*axes, *rest]).reshape([cut[axis] for axis in axes])
    levels = [([0], []) if form == CSR else size
              for form, size in zip(formats, array.shape, strict=True)]  # fmt: skip
    kept = []

    def walk(part, level):
        if level == len(levels):
            kept.append(part)
            return
        for place, inner in enumerate(part):
            if formats[level] == CSR and not np.any(inner):
                continue
            if formats[level] == CSR:
                levels[level][1].append(place)
            walk(inner, level + 1)
        if formats[level] == CSR:
            levels[level][0].append(len(levels[level][1]))

    walk(array, 0)
    return levels, np.array(kept, dtype=values.dtype)


def sparsity_table(builder, order, blocked, levels, dtype):
    def vector(values):
        builder.StartVector(np.dtype(dtype).itemsize, len(values), 4)
        put = getattr(builder, f"Prepend{np.dtype(dtype).name.capitalize()}")
        for value in reversed(values):
            put(value)
        values = builder.EndVector()
        return tflite_writer._table(builder, VECTORS[dtype], Values=values)

    kind = getattr(tflite.SparseIndexVector, VECTORS[dtype])
    tables = []
    for level in levels:
        if isinstance(level, int):
            fields = {"Format": DENSE, "DenseSize": level}
        else:
            segments, indices = (vector(each) for each in level)
            fields = {"Format": CSR, "ArraySegmentsType": kind, "ArraySegments": segments,
                      "ArrayIndicesType": kind, "ArrayIndices": indices}  # fmt: skip
        tables.append(tflite_writer._table(builder, "DimensionMetadata", **fields))
    fields = {
        "TraversalOrder": tflite_writer._integers(builder, order),
        "DimMetadata": tflite_writer._offsets(builder, tables),
    }
    if blocked:
        fields["BlockMap"] = tflite_writer._integers(builder, blocked)
    return tflite_writer._table(builder, "SparsityParameters", **fields)


def file_of(network, index, parameters, dtype, monkeypatch, change=lambda *stored: stored):
    """The network, whose constant `index` is stored sparsely by `parameters`."""
    values = network.tensors[index].data
    order, blocked, sides, formats = parameters
    levels, kept = change(*compressed(values, order, blocked, sides, formats))
    whole = tflite_writer._tensor
    stored = tflite_writer._buffer

    def tensor(builder, each, buffer, is_variable):
        if each.index != index:
            return whole(builder, each, buffer, is_variable)
        fields = {
            "Shape": tflite_writer._integers(builder, each.shape),
            "Type": tflite_writer.TENSOR_TYPES[each.element],
            "Buffer": buffer,
            "Name": builder.CreateString(each.name),
            "Sparsity": sparsity_table(builder, order, blocked, levels, dtype),
        }
        if each.quantization is not None:
            fields["Quantization"] = tflite_writer._quantization(builder, each.quantization)
        return tflite_writer._table(builder, "Tensor", **fields)

    def buffer(builder, data):
        return stored(builder, kept if data is values else data)

    with monkeypatch.context() as patch:
        patch.setattr(tflite_writer, "_tensor", tensor)
        patch.setattr(tflite_writer, "_buffer", buffer)
        return tflite_writer.to_bytes(network), len(kept)


FORMS = {  # traversal order, blocked axes, sides of blocks, levels
    "rows": ([0, 1], [], [], [DENSE, CSR]),
    "columns": ([1, 0], [], [], [DENSE, CSR]),
    "both": ([0, 1], [], [], [CSR, CSR]),
    "blocks of columns": ([0, 1, 2], [1], [4], [DENSE, CSR, DENSE]),
    "blocks of both": ([0, 1, 2, 3], [0, 1], [2, 4], [DENSE, CSR, DENSE, DENSE]),
    "blocks, transposed": ([1, 0, 3, 2], [0, 1], [2, 4], [CSR, CSR, DENSE, DENSE]),
}


def sum_with_sparse(element, seed=0):
    """A float input plus DENSIFY of a constant of 6x8, most of which is 0."""
    b = random_models.Builder(np.random.default_rng(seed))
    data = b.input((6, 8), element)
    values = b.rng.integers(-90, 90, (6, 8)) * (b.rng.random((6, 8)) < 0.3)
    values[2:4] = 0
    stored = b.quantization(0.05, element) if element is ir.Element.INT8 else None
    constant = b.tensor((6, 8), element, stored, values.astype(element.dtype))
    dense = b.tensor((6, 8), element, stored)
    b.add("DENSIFY", Densify(), [constant], dense)
    return b.network([b.add("ADD", Add(), [data, dense], b.result(data, (6, 8), 9.0))]), constant


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("element", [ir.Element.FLOAT32, ir.Element.INT8], ids=lambda e: e.value)
def test_sparse_constants_are_expanded(form, element, monkeypatch):
    network, index = sum_with_sparse(element)
    for dtype in VECTORS:
        data, count = file_of(network, index, FORMS[form], dtype, monkeypatch)
        assert count < 48
        read = reader.parse(data, "sparse.tflite", "sparse")
        assert [each.name for each in read.operators] == ["ADD"]
        found = [each.data for each in read.tensors if each.data is not None]
        assert any(np.array_equal(each, network.tensors[index].data) for each in found)
        inputs = random_models.random_inputs(np.random.default_rng(1), network)
        ours = reference.run(read, inputs)[read.outputs[0]]
        dense = reference.run(network, inputs)[network.outputs[0]]
        np.testing.assert_array_equal(ours, dense)


@pytest.mark.parametrize("form", FORMS)
def test_densify_equals_litert(form, monkeypatch):
    pytest.importorskip("ai_edge_litert.interpreter", reason="no package ai-edge-litert")
    for element in (ir.Element.FLOAT32, ir.Element.INT8):
        network, index = sum_with_sparse(element, seed=2)
        data, _ = file_of(network, index, FORMS[form], np.int32, monkeypatch)
        read = reader.parse(data, "sparse.tflite", "sparse")
        inputs = random_models.random_inputs(np.random.default_rng(3), network)
        theirs = engines.litert(data, read)(inputs)
        assert not tflm.differences(read, reference.run(read, inputs), theirs)


def refused(parameters, change, monkeypatch):
    network, index = sum_with_sparse(ir.Element.FLOAT32)
    data, _ = file_of(network, index, parameters, np.int32, monkeypatch, change)
    with pytest.raises(GravenError) as error:
        reader.parse(data, "sparse.tflite", "sparse")
    return str(error.value)


def test_a_damaged_record_is_told(monkeypatch):
    def less(levels, kept):
        return levels, kept[:-1]

    assert "values; the file is damaged" in refused(FORMS["rows"], less, monkeypatch)

    def outside(levels, kept):
        levels[1][1][0] = 8
        return levels, kept

    assert "outside of an extent of 8" in refused(FORMS["rows"], outside, monkeypatch)

    def short(levels, kept):
        levels[1] = (levels[1][0][:-1], levels[1][1])
        return levels, kept

    assert "fewer than its lines" in refused(FORMS["rows"], short, monkeypatch)

    def falling(levels, kept):
        levels[1][0][1] = 99
        return levels, kept

    assert "do not lie in its indices" in refused(FORMS["rows"], falling, monkeypatch)

    def larger(levels, kept):
        levels[2] = 3
        return levels, kept

    assert "blocks of 3 do not divide axis 1" in refused(
        FORMS["blocks of columns"], larger, monkeypatch
    )
