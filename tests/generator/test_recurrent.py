"""Recurrent modules against PyTorch: what is read, float32, by numpy and in C++; step by step; what
is refused. Skipped where torch is not installed.
"""

import cpp_cases
import numpy as np
import pytest
from graven import api, reference
from graven.errors import GravenError
from graven.frontends import torch as frontend

torch = pytest.importorskip("torch", reason="no package torch: pip install 'graven[torch]'")
from torch import nn  # noqa: E402

CASES = 40
CPP_CASES = 20  # programs that compilers take have so many
TOLERANCE = 1e-5  # of the largest output
KINDS = (nn.LSTM, nn.GRU, nn.RNN)


class Sequence(nn.Module):
    """A stack of cells, of which the outputs, the last one, or the last hidden states are taken."""

    def __init__(self, layer, taken):
        super().__init__()
        self.layer, self.taken = layer, taken

    def forward(self, x):
        found, states = self.layer(x)
        if self.taken == "last":
            return found[:, -1] if self.layer.batch_first else found[-1]
        if self.taken == "hidden":
            return states[0] if isinstance(self.layer, nn.LSTM) else states
        return found


def pick(rng, *choices):
    return choices[rng.integers(len(choices))]


def random_module(seed):
    """With weights as they are trained: sums of a few units."""
    rng = np.random.default_rng([seed, 14])
    torch.manual_seed(seed)
    kind, inputs, units = pick(rng, *KINDS), int(rng.integers(1, 24)), int(rng.integers(1, 24))
    options = dict(
        num_layers=pick(rng, 1, 1, 2),
        bidirectional=bool(rng.random() < 0.3),
        batch_first=bool(rng.random() < 0.6),
        bias=bool(rng.random() < 0.8),
    )
    if kind is nn.RNN:
        options["nonlinearity"] = pick(rng, "tanh", "relu")
    layer = kind(inputs, units, **options)
    for weights in layer.parameters():
        nn.init.normal_(weights, 0, 1.0 / np.sqrt(max(weights.shape[-1], 2)))
    module = Sequence(layer, pick(rng, "all", "all", "last", "hidden")).eval()
    moments = int(rng.integers(2, 9))
    shape = (1, moments, inputs) if layer.batch_first else (moments, 1, inputs)
    return module, torch.randn(shape), rng


def read(module, x):
    return frontend.from_module(module, (x,), layout="nchw")


def expected_of(module, x):
    with torch.no_grad():
        return module(x).numpy()


def far(found, expected):
    return np.max(np.abs(found - expected)) / max(np.max(np.abs(expected)), 1e-30)


def test_modules_equal_pytorch():
    for seed in range(CASES):
        module, x, _ = random_module(seed)
        network = read(module, x)
        state = reference.reset(network)
        for _ in range(2):  # every run begins with zeros
            found = reference.run(network, [x.numpy()], state)[network.outputs[0]]
            expected = expected_of(module, x)
            assert found.shape == expected.shape
            assert far(found, expected) <= TOLERANCE, f"seed {seed}: {module}"


def test_modules_in_cpp_equal_pytorch(tmp_path):
    cases, modules = [], []
    for seed in range(CPP_CASES):
        module, x, rng = random_module(seed)
        cases.append(cpp_cases.make(f"{module.layer} {seed}", seed, read(module, x), rng))
        modules.append(module)
    answers = cpp_cases.run(cases, tmp_path)
    for case, module, inferences in zip(cases, modules, answers, strict=True):
        for (value,), found in zip(case.inputs, inferences, strict=True):
            expected = expected_of(module, torch.from_numpy(value))
            (ours,) = found.values() if isinstance(found, dict) else found
            assert far(np.reshape(ours, expected.shape), expected) <= TOLERANCE, case.label


@pytest.mark.parametrize("kind", KINDS)
def test_step_by_step_is_the_whole_sequence(kind):
    """A sequence of one moment keeps its state."""
    torch.manual_seed(1)
    module = Sequence(kind(5, 7, num_layers=2, batch_first=True), "all").eval()
    x = torch.randn(1, 6, 5)
    whole, step = read(module, x), read(module, x[:, :1])
    assert not whole.variables and step.variables
    expected = reference.run(whole, [x.numpy()])[whole.outputs[0]]
    state = reference.reset(step)
    for t in range(6):
        found = reference.run(step, [x[:, t : t + 1].numpy()], state)[step.outputs[0]]
        np.testing.assert_array_equal(found[0, 0], expected[0, t])


class Stated(nn.Module):
    def __init__(self, begin=0.0, cell=False):
        super().__init__()
        self.layer, self.begin, self.cell = nn.LSTM(4, 3), begin, cell

    def forward(self, x):
        begin = torch.full((1, 1, 3), self.begin)
        found, (_, cell) = self.layer(x, (begin, begin))
        return cell + 1 if self.cell else found


class States(nn.Module):
    """Takes its states and gives them back, as people write streams."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, *states):
        found, after = self.layer(x, states if isinstance(self.layer, nn.LSTM) else states[0])
        return found, *(after if isinstance(after, tuple) else (after,))


@pytest.mark.parametrize("kind", KINDS)
def test_states_that_are_given_and_shown(kind):
    torch.manual_seed(3)
    module = States(kind(4, 3, num_layers=2, batch_first=True, bidirectional=True)).eval()
    states = [torch.randn(4, 1, 3) for _ in range(2 if kind is nn.LSTM else 1)]
    given = (torch.randn(1, 3, 4), *states)
    network = frontend.from_module(module, given, layout="nchw")
    assert not network.variables
    found = reference.run(network, [each.numpy() for each in given])
    for index, wanted in zip(network.outputs, module(*given), strict=True):
        assert far(found[index], wanted.detach().numpy()) <= TOLERANCE


@pytest.mark.parametrize("module", [Stated(cell=True), Stated(begin=0.5)])
def test_a_state_that_is_constant_or_shown(module):
    x = torch.randn(5, 1, 4)
    network = read(module.eval(), x)
    found = reference.run(network, [x.numpy()])[network.outputs[0]]
    assert far(found, expected_of(module, x)) <= TOLERANCE


@pytest.mark.parametrize("cell", [nn.LSTMCell, nn.GRUCell, nn.RNNCell])
def test_cells_of_one_moment(cell):
    torch.manual_seed(3)
    module, x, h = cell(4, 3).eval(), torch.randn(1, 4), torch.randn(1, 3)
    given = (x, (h, h)) if cell is nn.LSTMCell else (x, h)
    network = frontend.from_module(module, given, layout="nchw")
    values = [x.numpy()] + [h.numpy()] * (len(network.inputs) - 1)
    found = reference.run(network, values)[network.outputs[0]]
    wanted = module(*given)
    wanted = wanted[0] if isinstance(wanted, tuple) else wanted
    assert far(found, wanted.detach().numpy()) <= TOLERANCE


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_first", [False, True])
def test_several_sequences_at_once(kind, batch_first):
    """As networks of two paths have them, along time and along frequency."""
    torch.manual_seed(3)
    layer = kind(4, 3, num_layers=2, bidirectional=True, batch_first=batch_first)
    x = torch.randn(5, 6, 4)
    for taken in ("all", "last", "hidden"):
        module = Sequence(layer, taken).eval()
        network = frontend.from_module(module, (x,), layout="nchw")
        found = reference.run(network, [x.numpy()])[network.outputs[0]]
        assert far(found, module(x).detach().numpy()) <= TOLERANCE
    module = States(kind(4, 3, batch_first=batch_first)).eval()
    x = x[:, :1] if batch_first else x[:1]
    states = [torch.randn(1, max(x.shape[:2]), 3) for _ in range(2 if kind is nn.LSTM else 1)]
    network = frontend.from_module(module, (x, *states), layout="nchw")
    found = reference.run(network, [each.numpy() for each in (x, *states)])
    for index, wanted in zip(network.outputs, module(x, *states), strict=True):
        assert far(found[index], wanted.detach().numpy()) <= TOLERANCE


@pytest.mark.parametrize(
    ("module", "shape", "sentence"),
    [
        (Sequence(nn.LSTM(4, 3, proj_size=2), "all"), (5, 1, 4), "proj_size"),
        (Sequence(nn.GRU(4, 3, bidirectional=True), "all"), (1, 1, 4), "a step of a stream"),
    ],
)
def test_refused(module, shape, sentence):
    with pytest.raises(GravenError, match=sentence):
        frontend.from_module(module.eval(), (torch.zeros(*shape),))


def test_packed_sequences_are_a_sentence():
    class Packed(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.LSTM(4, 3, bidirectional=True, batch_first=True)

        def forward(self, x):
            packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([5]), batch_first=True)
            return nn.utils.rnn.pad_packed_sequence(self.body(packed)[0], batch_first=True)[0]

    with pytest.raises(GravenError, match=r"packs its sequences \(pack_padded_sequence\)"):
        frontend.from_module(Packed().eval(), (torch.zeros(1, 5, 4),))


@pytest.mark.parametrize(
    ("cell", "kind", "most"), [(nn.GRU, "int8", 0.03), (nn.LSTM, "int16x8", 0.01)]
)
def test_a_step_in_integers_over_a_sequence(cell, kind, most):
    """Compiled by sequences, it answers step by step close to what PyTorch says of the whole, and
    C++ says the same as numpy."""
    torch.manual_seed(0)
    layer = cell(8, 16, batch_first=True)
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(12, 15, 1, 1, 8)).astype(np.float32)
    steps = rng.normal(size=(100, 1, 1, 8)).astype(np.float32)
    model = api.compile(
        Sequence(layer, "all").eval(), example=torch.zeros(1, 1, 8), calibrate=samples,
        quantize=kind,
    )  # fmt: skip
    found = model(steps).reshape(100, 16)
    with torch.no_grad():
        wanted = layer(torch.from_numpy(steps.reshape(1, 100, 8)))[0][0].numpy()
    error = np.sqrt(np.mean((found - wanted) ** 2) / np.mean(wanted**2))
    print(cell.__name__, kind, f"{error:.4f}")
    assert error < most
    np.testing.assert_array_equal(model.native()(steps).reshape(100, 16), found)
