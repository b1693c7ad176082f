"""What int8 loses on a network that is trained here: MNIST, the first 6,000 of the shared digits
for training and calibration, the last 2,000 for judging. Five seeds; needs torch and the digits.
"""

import graven
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="no package torch: pip install 'graven[torch]'")
from torch import nn  # noqa: E402

SEEDS, EPOCHS, BATCH, TRAINED = 5, 12, 128, 6000


def network():
    """9,098 parameters, the batch normalization apart."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(784, 10),
    )  # fmt: skip


def trained(x, y, seed):
    """Adam, one cycle of the learning rate, images moved by up to two pixels."""
    torch.manual_seed(seed)
    net = network()
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    steps = EPOCHS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=steps)
    for _ in range(EPOCHS):
        for part in torch.randperm(len(x)).split(BATCH):
            shift = tuple(int(each) for each in torch.randint(-2, 3, (2,)))
            scores = net(torch.roll(x[part], shift, (2, 3)))
            loss = nn.functional.cross_entropy(scores, y[part], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return net.eval()


def test_int8_loses_a_tenth_of_a_point(shared):
    file = shared / "data" / "mnist_8000.npz"
    if not file.is_file():
        pytest.skip(f"no {file}")
    with np.load(file) as data:
        x, y = (data["x"][:, None] / 255.0).astype(np.float32), data["y"].astype(np.int64)
    real, whole = [], []
    for seed in range(SEEDS):
        net = trained(torch.tensor(x[:TRAINED]), torch.tensor(y[:TRAINED]), seed)
        with torch.no_grad():
            scores = net(torch.tensor(x[TRAINED:]))
        real.append(float((scores.argmax(1).numpy() == y[TRAINED:]).mean()))
        model = graven.compile(net, calibrate=x[:TRAINED], quantize="int8")
        whole.append(model.evaluate(x[TRAINED:], y[TRAINED:]))
    print("float", real, "int8", whole)
    assert np.mean(whole) >= 0.983
    assert np.mean(whole) >= np.mean(real) - 0.001
