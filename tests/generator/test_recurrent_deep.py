"""What test_recurrent and test_layers_random do, a thousand times: LSTM by TensorFlow Lite Micro's
bits, all cells within 1e-5 of PyTorch's largest output.
"""

import numpy as np
import pytest
import random_models
import test_layers_random
from graven import reference

CASES = 1000


@pytest.mark.parametrize(
    "element", (random_models.INT8, random_models.INT16), ids=lambda each: each.value
)
def test_lstm_equals_tflm(element):
    for seed in range(CASES // 2):
        rng = np.random.default_rng([seed, 9])
        network = random_models.random_case(rng, "lstm", element)
        assert not test_layers_random.compare(network, rng), f"{element.value} seed {seed}"


def test_modules_equal_pytorch():
    pytest.importorskip("torch", reason="no package torch: pip install 'graven[torch]'")
    import test_recurrent

    for seed in range(CASES):
        module, x, _ = test_recurrent.random_module(10_000 + seed)
        network = test_recurrent.read(module, x)
        found = reference.run(network, [x.numpy()])[network.outputs[0]]
        error = test_recurrent.far(found, test_recurrent.expected_of(module, x))
        assert error <= test_recurrent.TOLERANCE, f"seed {seed}: {module}"
