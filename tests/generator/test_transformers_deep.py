"""The layers of transformers on many random cases: 1,000 of each kind against PyTorch, if it is
installed, and more C++ against numpy."""

import pytest
import random_transformers as transformers
from test_transformers import compare_cpp, compare_with_torch


@pytest.mark.parametrize("kind", transformers.KINDS)
def test_a_thousand_cases_equal_torch(kind):
    compare_with_torch(kind, 1000)


@pytest.mark.parametrize("kind", transformers.KINDS)
def test_many_cases_of_cpp_equal_numpy(kind, tmp_path):
    compare_cpp(kind, 40, tmp_path)
