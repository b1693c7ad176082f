"""`graven sweep`: all combinations once, whatever dies; a file that can be resumed; the front."""

import json
import os
import signal
import time

import graven
import pytest
from graven import sweep
from graven.errors import GravenError, ToolError
from graven.frontends import tflite_writer
from graven.paths import data_root
from test_cli import refused, run
from test_quantize import small

pytest.importorskip("distributed", reason="no package distributed: pip install 'graven[sweep]'")
DIGITS = data_root() / "firmware/models/digits"
MODEL = DIGITS / "digits.tflite"


def wanted(count):
    return sweep.trials([MODEL], ["none"], ["host"], [f"within:{k + 1}" for k in range(count)])


def test_a_killed_worker_loses_nothing(tmp_path):
    folder = str(tmp_path)

    def work(trial):
        """The first that runs the third trial is killed in the midst of it."""
        mark = os.path.join(folder, "killed")
        if trial.plan == "within:3" and not os.path.exists(mark):
            open(mark, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.05)
        return {"score": None, "error": None, "flash": int(trial.plan.split(":")[1])}

    file = tmp_path / "sweep.jsonl"
    results = sweep.run(wanted(6), file, workers=2, work=work)
    assert (tmp_path / "killed").exists()
    assert [each["flash"] for each in results] == [1, 2, 3, 4, 5, 6]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert len({line["key"] for line in lines}) == len(lines) == 6


def test_what_is_done_is_not_done_again(tmp_path):
    file = tmp_path / "sweep.jsonl"

    def work(trial):
        return {"flash": 7, "error": None}

    sweep.run(wanted(3), file, workers=1, work=work)
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])  # what a killed sweep leaves

    def other(trial):
        return {"flash": 8, "error": None}

    results = sweep.run(wanted(4), file, workers=1, work=other)
    assert sorted(each["flash"] for each in results) == [7, 7, 8, 8]
    assert len(file.read_text().splitlines()) == 4

    def never(trial):
        raise AssertionError

    assert sweep.run(wanted(4), file, work=never) == results  # without any process


def test_a_trial_that_cannot_be(tmp_path):
    """A sentence in its place; the others go on."""

    def work(trial):
        if trial.plan == "within:1":
            raise ValueError("no")
        return {"error": None}

    results = sweep.run(wanted(2), tmp_path / "s.jsonl", workers=1, work=work)
    assert [each["error"] for each in results] == ["ValueError: no", None]
    file = tmp_path / "net.tflite"
    tflite_writer.write(small(), file)
    trial = sweep.Trial(str(MODEL), "int8", "host", "fastest", (str(MODEL),))
    assert "numpy can read" in sweep.run_trial(trial)["error"]


def test_a_trial():
    trial = sweep.Trial(
        str(MODEL), "none", "cortex-m4", "fastest", data=str(DIGITS / "digits_test.npz")
    )
    found = sweep.run_trial(trial)
    model = graven.compile(MODEL, target="cortex-m4")
    assert found["error"] is None and found["measure"] == "accuracy"
    assert found["arena"] == model.memory().arena and found["flash"] == model.memory().flash
    assert found["instructions"] > 100_000 and found["score"] == pytest.approx(357 / 360)


def result(ram, score, measure="accuracy"):
    return {"ram": ram, "score": score, "measure": measure, "error": None, "title": f"{ram}",
            "target": "cortex-m4"}  # fmt: skip


def test_front():
    found = [result(10, 0.9), result(20, 0.9), result(20, 0.95), result(30, 0.8), result(5, 0.1)]
    assert [each["title"] for each in sweep.front(found, "ram")] == ["10", "20", "5"]
    errors = [result(10, 2.0, "RMSE"), result(20, 1.0, "RMSE"), result(30, 1.5, "RMSE")]
    assert [each["title"] for each in sweep.front(errors, "ram")] == ["10", "20"]
    bare = [result(10, None), result(20, None)]
    assert [each["title"] for each in sweep.front(bare, "ram")] == ["10"]


def test_a_section_of_the_report():
    pytest.importorskip("matplotlib", reason="no package matplotlib")
    found = sweep.section([result(10, 0.9), result(20, 0.95)])
    assert found["rows"][0][:3] == ["10", "cortex-m4", "accuracy 0.9"]
    assert found["rows"][1][3] == "20 *"
    ((target, plot),) = found["plots"]
    assert target == "cortex-m4" and plot.startswith("<svg") and "RAM, bytes" in plot


def test_keys_follow_the_files(tmp_path):
    one, other = tmp_path / "a.tflite", tmp_path / "b.tflite"
    one.write_bytes(b"1"), other.write_bytes(b"2")
    first, second, third = (
        sweep.Trial(str(file), "none", "host", plan).key
        for file, plan in ((one, "fastest"), (other, "fastest"), (one, "smallest"))
    )
    assert len({first, second, third}) == 3


def test_command(tmp_path, capsys):
    file = tmp_path / "s.jsonl"
    code, out, _ = run(capsys, "sweep", MODEL, "--target", "host", "--workers", "1", "-o", file)
    assert code == 0 and "digits, fastest" in out and len(file.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--quantize", "int8"], "needs samples of what the models will see"),
        (["--target", "z80"], "'z80': is unknown"),
        (["--plan", "fast"], "'fast': is no plan"),
        (["--quantize", "int8,int9", "--calibrate", MODEL], "quantize 'int9': expected one of"),
        (["--quantize", "mixed", "--calibrate", MODEL], "mixed is for a budget in bytes"),
    ],
)
def test_misuse(arguments, sentence, tmp_path, capsys):
    refused(capsys, sentence, "sweep", MODEL, *arguments, "-o", tmp_path / "s.jsonl")


@pytest.mark.parametrize("text", ["notes without an end of line", '{"other": 1', "two\nlines"])
def test_other_files_stay_as_they_are(text, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text(text)
    for act in (lambda: sweep.run(wanted(1), file), lambda: sweep.load(file)):
        with pytest.raises(GravenError, match=r"line 1 is no result of graven sweep"):
            act()
    assert file.read_text() == text


def test_a_report_leaves_a_running_sweep_alone(tmp_path):
    file = tmp_path / "s.jsonl"
    file.write_text('{"key": "a", "score": 1}\n{"key": "b", "sco')  # its last line is being written
    assert sweep.load(file) == [{"key": "a", "score": 1}]
    assert file.read_text().endswith('"sco')


def test_no_scheduler_and_no_folder(tmp_path):
    with pytest.raises(ToolError, match="nowhere: no Dask scheduler answers there"):
        sweep.run(wanted(1), tmp_path / "s.jsonl", address="nowhere")
    with pytest.raises(GravenError, match=r"cannot be written: .*no does not exist"):
        sweep.run(wanted(1), str(tmp_path / "no" / "s.jsonl"))


def test_a_file_of_something_else(tmp_path):
    file = tmp_path / "s.jsonl"
    file.write_text('{"a": 1}\n')
    with pytest.raises(GravenError, match=r"line 1 is no result of graven sweep"):
        sweep.run(wanted(1), file)
    with pytest.raises(GravenError, match="no such file"):
        sweep.load(tmp_path / "no.jsonl")


def test_folders_are_known_by_what_lies_in_them(tmp_path):
    """Images to calibrate by, a SavedModel."""
    keys = []
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name / "deeper").mkdir(parents=True)
        (tmp_path / name / "deeper" / "image.png").write_bytes(content)
        folder = (str(tmp_path / name),)
        keys.append(sweep.Trial(str(MODEL), "int8", "host", "fastest", folder).key)
    assert keys[0] == keys[1] != keys[2]
