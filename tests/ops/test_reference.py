"""The oracle of the other tests is checked against NumPy and against exact arithmetic."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fastmix.ops.reference import round_once


@given(st.lists(st.floats(width=64), min_size=1, max_size=64))
@settings(max_examples=300, deadline=None)
def test_reference_rounds_half_once(values):
    with np.errstate(over="ignore"):
        expected = np.array(values).astype(np.float16)  # NumPy converts float64 to float16 directly
    rounded = round_once(torch.tensor(values, dtype=torch.float64), torch.float16)
    np.testing.assert_array_equal(rounded.numpy(), expected)


def test_reference_where_rounding_twice_differs():
    above_the_middle = torch.tensor([1 + 2.0**-11 + 2.0**-40], dtype=torch.float64)
    assert above_the_middle.to(torch.float16).item() == 1.0
    assert round_once(above_the_middle, torch.float16).item() == 1.0 + 2.0**-10
    above_the_middle = torch.tensor([1 + 2.0**-8 + 2.0**-40, -1 - 2.0**-8 - 2.0**-40], dtype=torch.float64)
    assert above_the_middle.to(torch.bfloat16).tolist() == [1.0, -1.0]
    assert round_once(above_the_middle, torch.bfloat16).tolist() == [1.0 + 2.0**-7, -1.0 - 2.0**-7]


@given(st.floats(min_value=-3e38, max_value=3e38, width=64))
@settings(max_examples=500, deadline=None)
def test_reference_rounds_bfloat16_once(value):
    rounded = round_once(torch.tensor([value], dtype=torch.float64), torch.bfloat16)
    bits = rounded.view(torch.int16)
    for step in (-1, 1):
        neighbor = (bits + step).view(torch.bfloat16).double().item()
        distance, other = abs(rounded.double().item() - value), abs(neighbor - value)
        assert not distance > other
        assert distance != other or bits.item() % 2 == 0
