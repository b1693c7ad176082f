"""The committed records: complete, of the same programs, within what the project promises."""

from __future__ import annotations

import estimates
import figures
import peer_record
import pytest
import tables
from graven import mca

RECORD = figures.read_record(figures.RESULTS)
FASTEST = [row for row in RECORD.rows if (row.asked, row.plan) == ("native", "fastest")]
SMALLEST = [row for row in RECORD.rows if (row.asked, row.plan) == ("native", "smallest")]
OWN = [figures.load_model(path) for path in figures.OWN]
MODELS = sorted({*(model.name for model in OWN), *tables.PEERS["models"]})
ARENAS = {
    "kws_dscnn": 4200,
    "ic_resnet8": 12800,
    "person_detect": 14200,
    "nano_u": 18000,
    "ad_autoencoder": 800,
    "micro_speech": 2400,
}
"""Bytes, on a Cortex-M4 and M7."""
INSTRUCTIONS = {
    "cortex-m4": {
        "kws_dscnn": 2_700_000,
        "ic_resnet8": 9_500_000,
        "person_detect": 8_000_000,
        "ad_autoencoder": 250_000,
        "nano_u": 5_000_000,
        "micro_speech": 400_000,
        "hello_world": 1_100,
    },
    "cortex-m55": {
        "kws_dscnn": 800_000,
        "ic_resnet8": 2_300_000,
        "person_detect": 2_600_000,
        "ad_autoencoder": 50_000,
        "nano_u": 6_000_000,
        "micro_speech": 360_000,
        "hello_world": 1_100,
    },
}
RATIOS = {  # of TFLM with CMSIS-NN
    "cortex-m0": dict.fromkeys(tables.PEERS["models"], 0.5)
    | {"ad_autoencoder": 0.6, "hello_world": 0.6},
    "cortex-m3": dict.fromkeys(tables.PEERS["models"], 0.6),
}
SMALLEST_COSTS = 1.25  # times INSTRUCTIONS
DEPTHWISE = {
    "cortex-m0": 12.5,
    "cortex-m3": 7.2,
    "cortex-m4": 6.6,
    "cortex-m7": 6.8,
    "cortex-m33": 6.6,
    "cortex-m55": 3.5,
    "riscv32": 7.0,
}
"""Instructions per MAC of every depthwise layer of `shapes`."""
SHORT_FILTERS = {"depthwise_1x5": 1.25, "depthwise_5x1": 1.25}
"""Times DEPTHWISE: few products share the cost of a result."""


@pytest.mark.parametrize("target", ["cortex-m4", "cortex-m7"])
def test_fewer_instructions_are_fewer_cycles(target):
    """Winograd's scheme, which the smallest plan does not take."""
    found = {row.plan: row for row in estimates.read()
             if (row.model, row.target) == ("ic_resnet8", target)}  # fmt: skip
    assert found["fastest"].instructions < found["smallest"].instructions
    assert found["fastest"].cycles < found["smallest"].cycles


def test_every_model_on_every_target():
    expected = {(model, target) for model in MODELS for target in figures.ALL_TARGETS}
    assert {(row.model, row.target) for row in FASTEST} == expected
    expected = {(model, target) for model in MODELS for target in figures.SMALL_TARGETS}
    assert {(row.model, row.target) for row in SMALLEST} == expected
    assert set(RECORD.compilers) == set(figures.ALL_TARGETS)
    files = {(row.model, row.sha256) for row in RECORD.rows}
    assert len(files) == len(MODELS), "rows of one model are of different files"
    assert files >= {(model.name, model.sha256) for model in OWN}


@pytest.mark.parametrize("model", tables.LEAN_LIMITS)
def test_lean_code(model):
    lean, fastest = (
        tables.pick(RECORD.rows, model, tables.CODE_TARGET, plan=plan)
        for plan in ("lean", "fastest")
    )
    code, times = tables.LEAN_LIMITS[model]
    assert lean.code_bytes <= code
    assert lean.instructions <= times * fastest.instructions


@pytest.mark.parametrize("target", figures.CLANG_TARGETS)
def test_clang_costs_at_most_5_percent_more(target):
    by_gcc = {row.model: row for row in FASTEST if row.target == target.removesuffix("-clang")}
    ratios = {
        row.model: row.instructions / by_gcc[row.model].instructions
        for row in FASTEST
        if row.target == target
    }
    assert max(ratios.values()) <= 1.05, ratios


@pytest.mark.parametrize("row", FASTEST, ids=lambda row: f"{row.model}-{row.target}")
def test_layers_add_up_to_the_model(row):
    assert sum(layer.macs for layer in row.layers) == row.macs
    assert sum(layer.instructions for layer in row.layers) == pytest.approx(
        row.instructions, rel=0.001
    )


def test_estimates_are_of_the_recorded_programs():
    """If not, `make bench-cycles BENCH_FLAGS=--update`, which needs llvm-19."""
    found = {(row.model, row.target, row.plan): row for row in estimates.read()}
    measured = [row for row in (*FASTEST, *SMALLEST) if row.target in mca.CORES]
    recorded = {(row.model, row.target, row.plan): row for row in measured}
    assert found.keys() == recorded.keys()
    for key, row in recorded.items():
        assert (found[key].sha256, found[key].instructions) == (row.sha256, row.instructions), key
        assert found[key].counted == pytest.approx(row.instructions, rel=0.001, abs=2)


@pytest.mark.parametrize("row", FASTEST, ids=lambda row: f"{row.model}-{row.target}")
def test_instructions_that_are_promised(row):
    at_most = INSTRUCTIONS.get(row.target, {}).get(row.model)
    ratio = RATIOS.get(row.target, {}).get(row.model)
    if at_most is not None:
        assert row.instructions <= at_most
    if ratio is not None:
        found = tables.ratio(row, "cmsis_nn")
        assert found is not None, "tflm.json is of another file"
        assert found <= ratio
    if (row.model, row.target) == ("ic_resnet8", "riscv32"):
        assert row.per_mac <= 3.2


@pytest.mark.parametrize("target", figures.TARGETS)
def test_no_shape_of_a_depthwise_filter_is_slow(target):
    (row,) = (row for row in FASTEST if (row.model, row.target) == ("shapes", target))
    layers = [layer for layer in row.layers if layer.op == "DEPTHWISE_CONV_2D"]
    assert {layer.name for layer in layers} >= SHORT_FILTERS.keys()
    costs = {layer.name: layer.instructions / layer.macs for layer in layers}
    most = {name: SHORT_FILTERS.get(name, 1.0) * DEPTHWISE[target] for name in costs}
    assert {name: cost for name, cost in costs.items() if cost > most[name]} == {}


@pytest.mark.parametrize("row", SMALLEST, ids=lambda row: f"{row.model}-{row.target}")
def test_the_smallest_plan(row):
    """The Cortex-M7 takes the kernels of the Cortex-M4."""
    at_most = INSTRUCTIONS["cortex-m4"].get(row.model, row.instructions)
    assert row.arena_bytes <= ARENAS.get(row.model, row.arena_bytes)
    assert row.instructions <= SMALLEST_COSTS * at_most


def test_no_engine_is_faster_on_the_host():
    run = peer_record.read()
    assert set(run.models()) == set(MODELS)
    assert all(run.find(model, peer) for model in MODELS for peer in peer_record.PEERS)
    assert {(row.model, row.sha256) for row in run.rows} == {
        (row.model, row.sha256) for row in RECORD.rows
    }
    best = {model: run.best(model).ratio for model in run.models()}
    assert min(best.values()) > 1, best
    assert peer_record.mean(best.values()) >= 1.5
