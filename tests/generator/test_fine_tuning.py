"""A pruned network as a torch.nn.Module, trained by a function of the user's, and back. Skipped
where torch is not installed.
"""

import floats
import numpy as np
import pytest
import random_models
from graven import cli, ir
from graven.errors import GravenError
from graven.pruning import structured, trainable
from graven.pruning.groups import groups
from graven.quantize.batches import Batches
from test_structured import images, labels, outputs, residual, samples, saved

torch = pytest.importorskip("torch", reason="no package torch: pip install 'graven[torch]'")
import graven  # noqa: E402
from torch import nn  # noqa: E402


def trained(module, seed=3, steps=60):
    """To say what the whole network says."""
    network, x = residual(), images(256, seed)
    wanted = torch.tensor(labels(network, x))
    optimizer = torch.optim.Adam(module.parameters(), lr=3e-3)
    for _ in range(steps):
        loss = nn.functional.cross_entropy(module(torch.tensor(x)), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def agreement(network, other, x):
    return (labels(network, x) == labels(other, x)).mean()


def test_the_module_is_the_network():
    network = residual()
    module = trainable.module(network)
    found = module(torch.tensor(images())).detach().numpy()
    np.testing.assert_allclose(found, outputs(network, images()), atol=1e-5)
    first = module(torch.tensor(np.moveaxis(images(), -1, 1).copy())).detach().numpy()
    np.testing.assert_array_equal(first, found)  # channels in front


def test_random_graphs_are_as_numpy_has_them():
    known, count = trainable.by_operator(), 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        network = floats.dequantized(random_models.random_graph(rng))
        computed = [network.tensors[k] for each in network.operators for k in each.outputs]
        if any(each.name not in known for each in network.operators) or any(
            tensor.shape[:1] != (1,) for tensor in computed
        ):
            continue
        given = random_models.random_inputs(rng, network)
        wanted = Batches(network).run(given)
        try:
            found = trainable.module(network)(*map(torch.tensor, given))
        except GravenError as error:  # not all ways to enlarge an image
            assert "can be trained where" in str(error)
            continue
        found = found if isinstance(found, tuple) else (found,)
        for index, value in zip(network.outputs, found, strict=True):
            np.testing.assert_allclose(
                value.detach().numpy(), wanted[index].reshape(value.shape), rtol=1e-3, atol=1e-3
            )
        count += 1
    assert count >= 10


def test_fine_tuning_gains_and_its_weights_come_back():
    network, x = residual(), images(256, 9)
    share = {each.name: 0.25 for each in groups(network)}
    fitted = structured.prune(network, [samples(256)], share)
    tuned = structured.prune(network, [samples(256)], share, fine_tune=trained)
    assert tuned.report.tuned and not fitted.report.tuned
    assert [each.shape for each in tuned.network.tensors] == [
        each.shape for each in fitted.network.tensors
    ]
    before, after = (agreement(network, each.network, x) for each in (fitted, tuned))
    print("fitted", before, "tuned", after)
    assert after > before


def test_a_module_of_pytorch_is_pruned_tuned_and_quantized():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 16, 4),
    ).eval()  # fmt: skip
    x = torch.randn(128, 1, 8, 8)
    wanted = net(x).argmax(dim=1)
    seen = []

    def tune(module):
        seen.append(module)
        optimizer = torch.optim.Adam(module.parameters(), lr=3e-3)
        for _ in range(80):
            loss = nn.functional.cross_entropy(module(x), wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return module

    smaller = graven.prune(net, x, keep=0.5, fine_tune=tune)
    assert len(seen) == 1 and smaller.slimmed.tuned
    np.testing.assert_allclose(smaller(x), seen[0](x).detach().numpy().reshape(128, -1), atol=1e-4)
    whole = graven.compile(smaller, quantize="int8", calibrate=x)
    assert whole.evaluate(x, wanted.numpy()) > 0.9


def test_a_function_by_its_name(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.py").write_text(
        "def tune(module):\n    for each in module.parameters():\n        each.data.zero_()\n"
    )
    monkeypatch.chdir(tmp_path)
    np.savez("c.npz", x=images())
    model = str(saved(residual(), tmp_path))
    given = ["compile", model, "--calibrate", "c.npz", "--keep", "0.5", "-o", "net.hpp"]
    assert cli.main([*given, "--fine-tune", "mine:tune"]) == 0
    assert cli.main([*given, "--fine-tune", "mine:other"]) == 2
    assert "--fine-tune 'mine:other': cannot be loaded" in capsys.readouterr().err
    (tmp_path / "bad.py").write_text("number = 3\n\ndef tune(module):\n    1 / 0\n")
    for name, says in (
        ("bad:tune", "--fine-tune 'bad:tune': has failed: ZeroDivisionError: division by zero.\n"),
        ("bad:number", "--fine-tune: is a int; give a function"),
    ):
        assert cli.main([*given, "--fine-tune", name]) == 2
        assert says in capsys.readouterr().err


def broken(module):
    next(module.parameters()).data.fill_(float("nan"))


@pytest.mark.parametrize(("tune", "says"), [
    (broken, "NaN or infinite"),
    (lambda module: 3, "has returned a int; return the module that it was given"),
])  # fmt: skip
def test_what_a_function_may_not_leave(tune, says):
    with pytest.raises(GravenError, match=says):
        structured.prune(residual(), [samples(32)], 0.5, fine_tune=tune)


def test_an_operator_that_cannot_be_trained_is_named():
    rng = np.random.default_rng(0)
    network = random_models.random_case(rng, "l2_normalization", element=ir.Element.FLOAT32)
    with pytest.raises(GravenError, match=r"L2_NORM.* has no form here that can be trained"):
        trainable.module(network)
