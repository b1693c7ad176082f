"""The command: exit codes, one sentence on stderr, nothing left behind, JSON as documented."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from damage import damaged
from graven import cli
from graven.frontends import files
from graven.paths import data_root

GOLDEN = Path(__file__).parent / "golden"
MODEL, SEVERAL = GOLDEN / "sequence.tflite", GOLDEN / "branches.tflite"
TWO_INPUTS = GOLDEN / "floats.tflite"
INSPECTED = ["model", "source", "description", "target", "isa", "plan", "row_input", "interface",
             "arena_bytes", "arena_bound_bytes", "input_bytes", "flash_bytes", "macs", "pruned",
             "layers", "rows", "row_owners"]  # fmt: skip
MEASURED = ["model", "source", "description", "target", "isa", "plan", "row_input", "arena_bytes",
            "arena_bound_bytes", "input_bytes", "ram_bytes", "flash_bytes", "stack_bytes", "macs",
            "instructions", "pruned", "layers", "rows", "row_owners", "outputs"]  # fmt: skip


def run(capsys, *arguments):
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def refused(capsys, expected, *arguments, code=2):
    """The command fails with this exit code and one sentence that contains `expected`."""
    got, out, err = run(capsys, *arguments)
    assert (got, out) == (code, ""), err
    assert err.startswith("graven: ") and err.count("\n") == 1 and "Traceback" not in err
    assert re.search(expected, err), err


def test_compile_writes_the_header(capsys, tmp_path):
    output = tmp_path / "model.hpp"
    assert run(capsys, "compile", MODEL, "-o", output, "--name", "mine") == (0, "", "")
    assert "namespace mine {" in output.read_text()
    assert run(capsys, "compile", MODEL, "-o", output)[0] == 0
    assert output.read_text() == (GOLDEN / "sequence.hpp").read_text()
    assert sorted(tmp_path.iterdir()) == [output]
    assert output.stat().st_mode & 0o444 == 0o444 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_the_namespace_is_the_file_s_name_without_int8():
    assert files.default_name(Path("a/kws_dscnn_int8.tflite")) == "kws_dscnn"
    assert files.default_name(Path("hello_float32.tflite")) == "hello_float32"
    assert files.default_name(Path("3-d.tflite")) == "model_3_d"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["compile", "none.tflite", "-o", "{tmp}/m.hpp"], "none.tflite: cannot be read"),
        (["compile", "{model}"], "required: -o/--output"),
        (["compile", "{model}", "-o", "{tmp}/no/m.hpp"], "no/m.hpp: cannot be written"),
        (["compile", "{model}", "-o", "{tmp}/m.hpp", "--name", "class"], "'class': is no name"),
        (["compile", __file__, "-o", "{tmp}/m.hpp"], r"test_cli.py: "),
        ([], "required: VERB"),
        (["eat", "{model}"], "invalid choice"),
        (["run", "{model}", "--target", "z80"], "--target 'z80': is unknown; take one of host, "),
        (["run", "{model}", "--isa", "avx9"], "--isa 'avx9': is unknown; take one of native, "),
        (["run", "{model}", "--plan", "best"], "--plan 'best': is no plan"),
        (["run", "{model}", "--plan", "within:-1"], "is no plan"),
        (["run", "{model}", "--plan", "inspectable"], "is no plan"),
        (["run", "{model}", "--input", "{tmp}/none.bin"], "none.bin: cannot be read"),
        (["run", "{model}", "--input", "{model}"], "bytes, but the model's input"),
        (["run", "{model}", "--seed", "-1"], "-1 is below 0"),
        (["verify", "{model}", "--random", "0"], "0 is not between"),
        (["verify", "{model}", "--random", "many"], "'many' is no whole number; see"),
        (["run", "{model}", "--seed", "abc"], "'abc' is no whole number; see"),
        (
            ["run", "{model}", "--plan", "within:9999999999"],
            "--plan within:9999999999: takes at most 2147483647 bytes",
        ),
    ],
)
def test_bad_use(capsys, tmp_path, arguments, expected):
    refused(capsys, expected, *(text.format(model=MODEL, tmp=tmp_path) for text in arguments))
    assert not list(tmp_path.iterdir())


def test_a_damaged_model_leaves_the_old_header(capsys, tmp_path):
    output, model = tmp_path / "m.hpp", tmp_path / "m.tflite"
    output.write_text("old")
    model.write_bytes(MODEL.read_bytes()[:-700])
    refused(capsys, "m.tflite: ", "compile", model, "-o", output)
    assert output.read_text() == "old" and len(list(tmp_path.iterdir())) == 2


def test_damaged_models_give_a_sentence_or_a_header(capsys, tmp_path):
    """From the file to the header, in which nobody may believe what the file says."""
    rng = np.random.default_rng(20261121)
    sources = [MODEL, SEVERAL, TWO_INPUTS, data_root() / "firmware/models/digits/digits.tflite"]
    output, model = tmp_path / "m.hpp", tmp_path / "m.tflite"
    codes = []
    for number in range(400):
        data = sources[number % len(sources)].read_bytes()
        cut = number % 5 == 0
        model.write_bytes(data[: rng.integers(len(data))] if cut else damaged(rng, data))
        output.unlink(missing_ok=True)
        started = time.process_time()
        code, out, err = run(capsys, "compile", model, "-o", output)
        assert time.process_time() - started < 20.0, number
        codes.append(code)
        assert out == "" and set(tmp_path.iterdir()) == ({model} if code else {model, output})
        if code:
            assert code == 2 and err.startswith("graven: ") and err.count("\n") == 1, number
    assert 0 < codes.count(0) < 320


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"x": np.zeros((2, 5), np.float32)}, "has no array 'tensor_0' or 'input_0'"),
        ({"input_0": np.zeros((2, 5), np.int8)}, "is int8, but the model's input 'tensor_0' is"),
        ({"input_0": np.zeros((2, 4), np.float32)}, "has shape 2x4, expected a leading axis"),
        ({"input_0": np.zeros((2, 5), np.float32),
          "input_1": np.zeros((3, 6), np.float32)}, r"have \[2, 3\] samples"),
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit(capsys, tmp_path, arrays, expected):
    from graven.frontends import tflite

    network = tflite.load(TWO_INPUTS)
    second = network.tensors[network.inputs[1]].shape
    if "input_1" in arrays:
        arrays["input_1"] = np.zeros((3, *second), np.float32)
    elif arrays.keys() == {"input_0"}:
        arrays["input_1"] = np.zeros((2, *second), np.float32)
    np.savez(tmp_path / "x.npz", **arrays)
    refused(capsys, expected, "run", TWO_INPUTS, "--input", tmp_path / "x.npz")


def test_the_only_array_that_fits_is_the_input(capsys, tmp_path):
    from graven import inputs
    from graven.frontends import tflite

    network = tflite.load(MODEL)
    (given,) = inputs.random(network, 3, 1)
    np.savez(tmp_path / "x.npz", images=given, labels=np.zeros(3, np.int64))
    (found,) = inputs.load(network, [tmp_path / "x.npz"])
    np.testing.assert_array_equal(found, given)
    np.savez(tmp_path / "y.npz", labels=np.zeros(3, np.int64))
    refused(capsys, "it has labels", "run", MODEL, "--input", tmp_path / "y.npz")


def test_files_of_mixed_kinds(capsys, tmp_path):
    refused(capsys, "take one .npz", "run", MODEL, "--input", "a.npz", "--input", "b.bin")
    (tmp_path / "x.npz").write_bytes(b"PK\3\4 is no archive")
    refused(capsys, "is no array", "run", MODEL, "--input", tmp_path / "x.npz")
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object))
    refused(capsys, "is no array", "run", MODEL, "--input", tmp_path / "x.npy")
    one = ["--input", MODEL]
    refused(capsys, "got 3 files, expected a multiple of 2", "run", TWO_INPUTS, *one, *one, *one)


def test_json_of_inspect(capsys):
    code, out, err = run(capsys, "inspect", MODEL, "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    found = json.loads(out)
    assert list(found) == INSPECTED
    assert (found["model"], found["source"]) == ("sequence", "sequence.tflite")
    assert (found["target"], found["plan"]) == ("host", "fastest")
    assert found["input_bytes"] == 7 * 6 * 2 and found["flash_bytes"]["code"] is None
    assert sum(layer["macs"] for layer in found["layers"]) == found["macs"] > 0
    weights = sum(layer["weight_bytes"] for layer in found["layers"])
    assert weights == found["flash_bytes"]["weights"] > 0
    first = found["layers"][0]
    names = ["index", "name", "op", "kernel", "output_shape", "macs", "weight_bytes",
             "expanded_bytes"]  # fmt: skip
    assert list(first) == names
    assert (first["index"], first["op"], len(first["output_shape"])) == (0, "CONV_2D", 3)
    assert first["kernel"].endswith("conv")
    check_rows(found)


def check_rows(found):
    """No byte belongs to two rows at once, the arena holds them all, and the bound is their sum."""
    rows = found["rows"]
    assert max(offset + size for offset, size, _, _ in rows) <= found["arena_bytes"]
    for k, (offset, size, first, last) in enumerate(rows):
        for at, other, start, end in rows[:k]:
            apart = at + other <= offset or offset + size <= at
            assert apart or end < first or last < start
    steps = range(max(last for *_, last in rows) + 1)
    alive = (sum(size for _, size, first, last in rows if first <= t <= last) for t in steps)
    assert max(alive) == found["arena_bound_bytes"] <= found["arena_bytes"]
    owners = found["row_owners"]
    assert len(owners) == len(rows)
    assert {layer for layer, _ in owners} <= set(range(-1, len(found["layers"])))
    assert [-1, 0] in owners


def test_json_of_run_on_the_host(capsys, tmp_path):
    code, out, err = run(capsys, "run", SEVERAL, "--json", "--output-dir", tmp_path / "y")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert list(found) == MEASURED
    assert found["instructions"] is None and found["ram_bytes"] is None
    assert found["stack_bytes"] > 0
    assert found["outputs"] == ["y_0_0.bin", "y_0_1.bin", "y_0_2.bin"]
    assert sorted(file.name for file in (tmp_path / "y").iterdir()) == found["outputs"]
    names = ["index", "name", "op", "kernel", "output_shape", "macs", "instructions",
             "weight_bytes", "expanded_bytes"]  # fmt: skip
    assert list(found["layers"][0]) == names


def test_without_an_output_folder_nothing_is_written(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = json.loads(run(capsys, "run", MODEL, "--json")[1])
    assert found["outputs"] == [] and not list(tmp_path.iterdir())


def test_tables(capsys):
    code, out, _ = run(capsys, "inspect", MODEL)
    assert code == 0 and "CONV_2D" in out and "arena" in out
    code, out, _ = run(capsys, "run", MODEL)
    assert code == 0 and "stack" in out


def test_a_budget_that_does_not_hold(capsys):
    sentence = (
        r"^graven: --plan within:20: the arena needs [1-9]\d+ bytes at least; raise the limit or "
        r"shrink the network\.$"
    )
    for verb in ("run", "inspect"):
        refused(capsys, sentence, verb, MODEL, "--plan", "within:20", code=1)
    arena = json.loads(run(capsys, "inspect", MODEL, "--json", "--plan", "smallest")[1])
    limit = f"within:{arena['arena_bytes']}"
    found = json.loads(run(capsys, "inspect", MODEL, "--json", "--plan", limit)[1])
    assert found["plan"] == limit and found["arena_bytes"] <= arena["arena_bytes"]


def test_a_limit_of_the_flash(capsys):
    found = json.loads(run(capsys, "inspect", MODEL, "--json")[1])
    flash = found["flash_bytes"]["counted"]
    assert flash > found["flash_bytes"]["weights"]
    within = json.loads(run(capsys, "inspect", MODEL, "--json", "--flash", str(flash))[1])
    assert within["flash_bytes"] == found["flash_bytes"]
    sentence = rf"--flash {flash - 1}: the network needs {flash} bytes at least; raise the limit"
    refused(capsys, sentence, "inspect", MODEL, "--flash", str(flash - 1), code=1)


@pytest.mark.deep
def test_a_limit_of_the_flash_counts_code(capsys):
    """Kernels for speed where they fit, else those of the least code."""

    def inspect(*options):
        report = run(capsys, "inspect", MODEL, "--target", "cortex-m4", "--json", *options)[1]
        return json.loads(report)

    fastest, lean = inspect()["flash_bytes"], inspect("--plan", "lean")["flash_bytes"]
    for each in (fastest, lean):
        assert each["counted"] == pytest.approx(each["weights"] + each["code"], rel=0.15)
    assert lean["counted"] < fastest["counted"] - 1000
    assert inspect("--flash", str(fastest["counted"] + 8))["flash_bytes"] == fastest
    assert inspect("--flash", str(fastest["counted"] - 1000))["flash_bytes"] == lean
    limit = lean["counted"] - 1
    refused(capsys, f"--flash {limit}: the network needs {lean['counted']} bytes at least",
            "inspect", MODEL, "--target", "cortex-m4", "--flash", str(limit), code=1)  # fmt: skip


@pytest.mark.deep
def test_weights_are_expanded_for_speed_as_far_as_flash_allows(capsys, shared):
    model = shared / "models" / "ic_resnet8_int8.tflite"
    found = []
    for flash in (None, 130_000, 112_000):
        limit = ["--flash", str(flash)] if flash else []
        report = run(capsys, "inspect", model, "--target", "cortex-m4", "--json", *limit)[1]
        layers = json.loads(report)["layers"]
        found.append([layer["index"] for layer in layers if layer["expanded_bytes"] > 0])
        assert not flash or json.loads(report)["flash_bytes"]["counted"] <= flash
    assert found == [[1, 2, 5], [1, 2], []]
    _, text, _ = run(capsys, "inspect", model, "--target", "cortex-m4")
    assert "(35,560 expanded)" in text


def test_verify(capsys):
    pytest.importorskip("tflite_micro")
    for model in (MODEL, SEVERAL, TWO_INPUTS):
        code, out, err = run(capsys, "verify", model, "--random", "3", "--seed", "5")
        assert (code, err) == (0, ""), err
        assert "equal TensorFlow Lite Micro and the numpy reference on 3 inferences" in out


def test_verify_finds_a_wrong_element(capsys, monkeypatch):
    from graven import judge

    opinions = judge.opinions

    def wrong(engine, model, network, values):
        found = opinions(engine, model, network, values)
        found[0][network.operators[1].output].reshape(-1)[3] ^= 1
        return found

    pytest.importorskip("tflite_micro")
    monkeypatch.setattr(judge, "opinions", wrong)
    sentence = r"sequence.tflite: layer 1 \(MAX_POOL_2D\) 'tensor_\d+' differs from TensorFlow"
    refused(capsys, sentence + r".* at \[0, 0, 0, 3\]: -?\d+, expected", "verify", MODEL, code=1)


def test_missing_cross_compiler(capsys, tmp_path, monkeypatch):
    tools = tmp_path / "bin"
    tools.mkdir()
    for folder in os.get_exec_path():
        for file in Path(folder).glob("*"):
            link = tools / file.name
            if not file.name.startswith("arm-none-eabi") and not os.path.lexists(link):
                link.symlink_to(file)
    monkeypatch.setenv("GRAVEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tools))
    sentence = "arm-none-eabi-g.*: is not installed.*apt-get install gcc-arm-none-eabi"
    refused(capsys, sentence, "inspect", MODEL, "--target", "cortex-m4", code=3)


def test_as_a_module():
    command = [sys.executable, "-m", "graven", "--version"]
    environment = {**os.environ, "PYTHONPATH": str(data_root() / "generator")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("graven 0")


@pytest.mark.parametrize(
    ("isa", "machine", "hint"),
    [
        ("armv7em", "host", "take --target cortex-m4 or cortex-m7 or cortex-m33, or --isa native"),
        ("avx512vnni", "host", "say CXXFLAGS='-mavx512vnni -mavx512bw -mavx512vl' in the env"),
        ("avx2", "cortex-m4", "take --target host, or --isa native or scalar"),
    ],
)
def test_an_instruction_set_of_another_target(capsys, isa, machine, hint):
    expected = f"--isa '{isa}': is not for target {machine} as its compiler is called; {hint}"
    refused(capsys, expected, "inspect", MODEL, "--isa", isa, "--target", machine)


def test_every_instruction_set_is_of_a_target_or_has_flags():
    from graven import build

    for isa in build.isas():
        assert (isa in build.ISA_FLAGS) != bool(build.targets_of(isa)) or isa in (
            "native",
            "scalar",
        )


def test_names_are_whole_where_nobody_looks(capsys):
    digits = data_root() / "firmware/models/digits/digits.tflite"
    _, out, _ = run(capsys, "inspect", digits, "--target", "cortex-m4", "--name", 90 * "n")
    assert "armv7em.planar_depthwise" in out and f"{90 * 'n'} (digits.tflite)" in out


def test_junk_that_is_called_npy(capsys, tmp_path):
    (tmp_path / "x.npy").write_bytes(b"junk" * 20)
    expected = "x.npy: is no array of numbers that numpy can read; write it with numpy.save"
    refused(capsys, expected, "run", MODEL, "--input", tmp_path / "x.npy")


def test_an_instruction_set_that_is_not_the_targets_own(capsys):
    assert run(capsys, "inspect", MODEL, "--target", "cortex-m55", "--isa", "armv7em")[0] == 0


def test_a_reader_that_goes_away():
    command = [sys.executable, "-m", "graven", "inspect", str(MODEL)]
    environment = {**os.environ, "PYTHONPATH": str(data_root() / "generator")}
    piped = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    piped.stdout.close()
    assert piped.wait() == 0


@pytest.mark.parametrize(
    ("expected", "arguments"),
    [
        ("quantize 'int9': expected one of", "sweep M --quantize int8,int9 --calibrate S -o O"),
        ("mixed is for a budget in bytes", "sweep M --quantize mixed --calibrate S -o O"),
        ("quantize 'int9': expected one of", "compile M --quantize int9 --calibrate S -o O"),
        ("method 'median': expected one of",
         "compile M --quantize int8 --calibrate S --calibrate-method median -o O"),
        ("needs a budget", "compile M --quantize mixed --calibrate S -o O"),
        ("no.npz: cannot be read", "compile M --quantize int8 --calibrate no.npz -o O"),
        ("no.npz: cannot be read", "run M --input no.npz"),
        ("no.npz: cannot be read", "verify M --against numpy --inputs no.npz"),
        ("no.npz: cannot be read", "verify M --against numpy --data no.npz"),
        ("no.npz: cannot be read", "evaluate M no.npz"),
        ("no.onnx: cannot be read", "evaluate M S --float no.onnx"),
        ("nowhere does not exist", "evaluate M S -o nowhere/o.npz"),
        ("no.npz: cannot be read", "report M --data no.npz -o O"),
        ("no.jsonl: cannot be read", "report M --sweep no.jsonl -o O"),
        ("no.npz: cannot be read", "compare M M --data no.npz"),
        ("'quickest'", "compare M --plan fastest,quickest"),
        ("quantize 'int9': expected one of", "prune M --quantize int9 --calibrate S --data S"),
        ("no.npz: cannot be read", "prune M --calibrate S --data no.npz"),
        ("'quickest'", "prune M --calibrate S --data S --plan quickest"),
    ],
)  # fmt: skip
def test_arguments_are_refused_before_a_model_is_read(
    capsys, tmp_path, monkeypatch, expected, arguments
):
    def never(*_):
        raise AssertionError("a model was read")

    monkeypatch.setattr(files, "read", never)
    pytest.importorskip("matplotlib" if arguments.startswith("report") else "graven")
    np.savez(tmp_path / "samples.npz", x=np.zeros(3, np.float32))
    known = {"M": MODEL, "S": tmp_path / "samples.npz", "O": tmp_path / "o"}
    refused(capsys, expected, *(known.get(word, word) for word in arguments.split()))
