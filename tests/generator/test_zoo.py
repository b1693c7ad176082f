"""The zoo's members, an epoch of few samples each: they train, quantize, judge, cost and report.
Skipped where what a member needs is not installed."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from graven.errors import GravenError
from zoo import (
    data,
    deepmetal,
    gestures,
    keywords,
    mnist,
    segmentation,
    sensor,
    topics,
    transfer,
    trial,
    watch,
)


def quick(tmp_path):
    return trial.Options(tmp_path, quick=True, targets=("cortex-m4",), page=False)


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
        assert set(result.costs) == {"cortex-m4"}
        assert all(each.instructions > 0 for each in result.costs.values())
        assert (own / "model.hpp").is_file() and (own / "float.tflite").is_file()
        with np.load(own / "samples.npz") as data:
            assert 0 < len(data["x"]) == len(data["y"]) <= result.samples
        with np.load(own / "calibration.npz") as data:
            assert len(data["x"]) > 0


def test_mnist_cnn(tmp_path):
    try:
        data.digits()
    except data.Missing as error:
        pytest.skip(str(error))
    found = mnist.results(replace(quick(tmp_path), page=True), ("cnn",))
    expect_kept(found, tmp_path)
    assert found[0].parameters == 9098
    assert "mnist_cnn" in (tmp_path / "mnist_cnn" / "report.html").read_text()


@pytest.mark.deep
def test_mnist_mlp(tmp_path):
    needs("torch")
    found = mnist.results(quick(tmp_path), ("mlp",))
    expect_kept(found, tmp_path)
    assert found[0].parameters == 109386


def test_deepmetal(tmp_path):
    needs("torch")
    expect_kept(deepmetal.results(quick(tmp_path), ["linear_nano"]), tmp_path)


@pytest.mark.parametrize(
    "member",
    [
        gestures,
        keywords,
        pytest.param(segmentation, marks=pytest.mark.deep),
        sensor,
        topics,
        transfer,
        watch,
    ],
    ids=lambda each: each.__name__.partition(".")[2],
)
def test_member(member, tmp_path):
    needs("torch", "sklearn")
    try:
        found = member.results(quick(tmp_path))
    except data.Missing as error:  # its data are not here
        pytest.skip(str(error))
    expect_kept(found, tmp_path)


def test_groups_are_never_on_both_sides():
    groups = np.random.default_rng(0).integers(0, 23, 400)
    judged = []
    for train, judge in data.folds(groups, 4):
        assert not set(groups[train]) & set(groups[judge])
        assert 70 <= len(judge) <= 130
        assert sorted([*train, *judge]) == list(range(400))
        judged += list(judge)
    assert sorted(judged) == list(range(400))
    with pytest.raises(GravenError, match="23 groups make no 24 folds"):
        next(data.folds(groups, 24))


def test_a_wearer_judges_what_others_have_taught():
    needs("torch")
    try:
        recordings = watch.recordings()
    except data.Missing as error:
        pytest.skip(str(error))
    assert len(recordings) == 140
    assert {person for _, _, person in recordings} == set(watch.PEOPLE)


def test_topics_are_words_that_are_there():
    some = [("a game of chess", 0, "chess"), ("plays sound files", 2, "player")]
    words = topics.telling(some)
    x = topics.vectors(some, words)
    assert x.sum() == 5 and not (x[0] * x[1]).any()


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
    except data.Missing as error:
        pytest.skip(str(error))
    assert len(test) >= 400 and len(train) >= 2 * len(test)
    seen = {each.tobytes() for each in train.x}
    assert sum(each.tobytes() in seen for each in test.x) <= len(test) // 500


@pytest.mark.parametrize(("given", "says"), [
    (("--epochs", "0"), "--epochs 0: is no number of rounds; take 1 or more."),
    (("--seed", "-1"), "--seed -1: is no seed; take 0 or more, below 2^32."),
])  # fmt: skip
def test_command_says_what_is_wrong(given, says, tmp_path):
    command = [sys.executable, "-m", "zoo.mnist", *given, "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == f"zoo: {says}\n"


def test_a_folder_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match="3"):
        trial.exit_with(lambda: (tmp_path / "file/inside").mkdir())
    assert capsys.readouterr().err.endswith("file/inside: Not a directory; name another --out.\n")


def test_missing_packages_are_named():
    with pytest.raises(data.Missing, match=r"^no_such_package: not installed.*pip install no_such"):
        data.require("no_such_package")


def test_a_float_model_is_not_judged(tmp_path):
    class Plain:
        exact = None

    some = trial.Trial(Plain(), np.zeros((1, 2)), np.zeros(1), np.zeros((1, 2)))
    with pytest.raises(GravenError, match="not quantized"):
        trial.judged("plain", "", [some], quick(tmp_path))
