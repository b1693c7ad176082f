"""Steps of all optimizers, with batches, weight decay and clipping, against PyTorch in float64."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graven.paths import data_root

torch = pytest.importorskip("torch", reason="no package torch")

STEPS, INPUTS, HIDDEN, OUTPUTS = 24, 6, 5, 3
SHAPES = [(HIDDEN, INPUTS), (HIDDEN,), (OUTPUTS, HIDDEN), (OUTPUTS,)]
WITHIN = 1e-5  # of the largest weight
RATE = 0.05

Make = Callable[[list], Any]
CASES: dict[str, tuple[Make, dict[str, float]]] = {
    "optimizer::sgd(0.05f)": (lambda p: torch.optim.SGD(p, RATE), {}),
    "optimizer::sgd(0.05f, 0.1f)": (lambda p: torch.optim.SGD(p, RATE, weight_decay=0.1), {}),
    "optimizer::momentum(0.05f, 0.8f, 0.02f)": (
        lambda p: torch.optim.SGD(p, RATE, momentum=0.8, weight_decay=0.02), {},
    ),
    "optimizer::nesterov(0.05f, 0.9f, 0.01f)": (
        lambda p: torch.optim.SGD(p, RATE, momentum=0.9, nesterov=True, weight_decay=0.01), {},
    ),
    "optimizer::rmsprop(0.01f, 0.95f)": (lambda p: torch.optim.RMSprop(p, 0.01, 0.95), {}),
    "optimizer::adam(0.01f)": (lambda p: torch.optim.Adam(p, 0.01), {}),
    "optimizer::adamw(0.01f, 0.3f, 0.8f, 0.99f)": (
        lambda p: torch.optim.AdamW(p, 0.01, (0.8, 0.99), weight_decay=0.3), {},
    ),
    "optimizer::sgd(0.05f), .clip = {.norm = 0.3f}": (
        lambda p: torch.optim.SGD(p, RATE), {"norm": 0.3},
    ),
    "optimizer::sgd(0.05f), .clip = {.value = 0.1f}": (
        lambda p: torch.optim.SGD(p, RATE), {"value": 0.1},
    ),
    "optimizer::adamw(0.01f), .clip = {.norm = 0.3f}, .batch = 4": (
        lambda p: torch.optim.AdamW(p, 0.01), {"norm": 0.3, "batch": 4},
    ),
}  # fmt: skip

PROGRAM = """#include <cstdio>
#include <cstdlib>
#include <graven/graven.hpp>
#include <graven/train.hpp>
using namespace graven;
using Net = Sequential<Dense<6, 5, relu>, Dense<5, 3>>;
constexpr Parameters params[3]{};
template <class Span> void read(Span to) {
  if (std::fread(to.data(), 4, to.size(), stdin) != to.size()) std::abort();
}
template <class T> void run() {
  static typename T::State state;
  alignas(T::alignment) static std::byte memory[T::arena_size];
  T trainer(state, memory);
  [&]<int... k>(std::integer_sequence<int, k...>) {
    (read(trainer.template weights<k>()), ...);
    for (int n = 0; n < 24; ++n) {
      float x[6], wanted[3];
      read(std::span(x));
      read(std::span(wanted));
      trainer.step(x, wanted);
    }
    (std::fwrite(trainer.template weights<k>().data(), 4, trainer.template weights<k>().size(),
                 stdout), ...);
  }(std::make_integer_sequence<int, T::array_count>());
}
int main() {
"""


def data(seed: int) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0.0, 0.5, shape).astype(np.float32) for shape in SHAPES]
    x, wanted = (rng.normal(0.0, 1.0, (STEPS, n)).astype(np.float32) for n in (INPUTS, OUTPUTS))
    return weights, x, wanted


def by_torch(seed: int, make: Make, how: dict[str, float]) -> np.ndarray:
    weights, x, wanted = data(seed)
    params = [torch.tensor(each.astype(np.float64), requires_grad=True) for each in weights]
    optimizer, batch = make(params), int(how.get("batch", 1))
    for first in range(0, STEPS, batch):
        given, right = (torch.tensor(each[first : first + batch].astype(np.float64))
                        for each in (x, wanted))  # fmt: skip
        optimizer.zero_grad()
        hidden = torch.relu(given @ params[0].T + params[1])
        ((hidden @ params[2].T + params[3] - right) ** 2).mean().backward()
        if "norm" in how:
            torch.nn.utils.clip_grad_norm_(params, how["norm"])
        if "value" in how:
            torch.nn.utils.clip_grad_value_(params, how["value"])
        optimizer.step()
    return np.concatenate([each.detach().numpy().reshape(-1) for each in params])


def test_steps_are_those_of_pytorch(tmp_path: Path) -> None:
    runs = "".join(
        f"  run<Trainer<Net, Shape{{1, 1, 6}}, params, TrainPolicy{{.loss = loss::mse, "
        f".optimizer = {each}}}>>();\n"
        for each in CASES
    )
    source, program = tmp_path / "optimizers.cpp", tmp_path / "optimizers"
    source.write_text(f"{PROGRAM}{runs}}}\n")
    command = ["g++", "-std=c++20", "-O0", "-I", str(data_root() / "include"), str(source)]
    subprocess.run([*command, "-o", str(program)], check=True, capture_output=True, text=True)
    said = b""
    for seed in range(len(CASES)):
        weights, x, wanted = data(seed)
        said += b"".join(each.tobytes() for each in weights)
        said += b"".join(a.tobytes() + b.tobytes() for a, b in zip(x, wanted, strict=True))
    found = np.frombuffer(
        subprocess.run([program], input=said, check=True, capture_output=True).stdout, np.float32
    ).reshape(len(CASES), -1)
    for seed, (name, (make, how)) in enumerate(CASES.items()):
        expected, start = (
            by_torch(seed, make, how),
            np.concatenate([each.reshape(-1) for each in data(seed)[0]]),
        )
        assert np.abs(expected - start).max() > 0.01, f"{name} learns nothing"
        worst = np.abs(found[seed] - expected).max() / np.abs(expected).max()
        assert worst < WITHIN, f"{name}: {worst:.2e}"
