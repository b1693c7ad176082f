"""The zoo's members, an epoch of few samples each: they train, quantize, judge, cost and report.
Skipped where what a member needs is not installed."""

import json
import subprocess
import sys

import numpy as np
import pytest
from graven.errors import GravenError, ToolError
from zoo import data, deepmetal, mnist, trial


def quick(tmp_path):
    return trial.Options(out=tmp_path, quick=True)


def needs(*packages):
    for package in packages:
        pytest.importorskip(package, reason=f"no package {package}")


def expect_kept(results, folder):
    """What a member says is what it has written."""
    assert results
    for result in results:
        own = folder / result.name
        read = trial.Result.of(json.loads((own / "result.json").read_text()))
        assert read == result
        assert 0 <= result.score <= 1 and 0 <= result.exact <= 1 and result.samples > 0
        assert set(result.costs) == set(trial.QUICK_TARGETS)
        assert all(each.instructions > 0 for each in result.costs.values())
        assert result.name in (own / "report.html").read_text()
        assert (own / "model.hpp").is_file() and (own / "float.tflite").is_file()


def test_mnist_cnn(tmp_path):
    try:
        data.digits()
    except ToolError as error:
        pytest.skip(str(error))
    found = mnist.results(quick(tmp_path), ("cnn",))
    expect_kept(found, tmp_path)
    assert found[0].parameters == 9098


def test_mnist_mlp(tmp_path):
    needs("torch")
    found = mnist.results(quick(tmp_path), ("mlp",))
    expect_kept(found, tmp_path)
    assert found[0].parameters == 109386


@pytest.mark.parametrize("name", ["linear_nano", "conv_nano", "hybrid_nano"])
def test_deepmetal(name, tmp_path):
    needs("torch")
    expect_kept(deepmetal.results(quick(tmp_path), [name]), tmp_path)


def test_deepmetals_sizes():
    """As its model maker has them."""
    needs("torch")
    count = {name: sum(each.numel() for each in deepmetal.module(name).parameters())
             for name in deepmetal.NAMES}  # fmt: skip
    assert len(count) == 21
    assert count["linear_nano"] == 784 * 4 + 4 + 4 * 2 + 2 + 2 * 10 + 10
    assert count["conv_nano"] == 4950
    assert count["hybrid_large"] == 40 + 296 + 8 * 196 * 64 + 64 + 64 * 16 + 16 + 170


def test_who_judges_has_not_been_trained_with():
    try:
        train, test = data.digits()
    except ToolError as error:
        pytest.skip(str(error))
    assert len(test) >= 400 and len(train) >= 2 * len(test)
    seen = {each.tobytes() for each in train.x}
    assert sum(each.tobytes() in seen for each in test.x) <= len(test) // 500


def test_command_says_what_is_wrong(tmp_path):
    command = [sys.executable, "-m", "zoo.mnist", "--epochs", "0", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "zoo: --epochs 0: is no number of rounds; take 1 or more.\n"


def test_missing_packages_are_named():
    with pytest.raises(ToolError, match=r"^no_such_package: not installed.*pip install no_such"):
        data.require("no_such_package")


def test_a_float_model_is_not_judged(tmp_path):
    class Plain:
        exact = None

    some = trial.Trial(Plain(), np.zeros((1, 2)), np.zeros(1))
    with pytest.raises(GravenError, match="not quantized"):
        trial.judged("plain", "", [some], quick(tmp_path))
