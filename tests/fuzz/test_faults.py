"""The short form of ``make fuzz`` for faults at random moments and for long runs."""

import pytest
from fuzz.__main__ import run

FAULTS = ("interrupted", "daemon thread at exit", "forked", "rank killed", "full disk", "store hangs", "store killed")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_a_random_moment(fault):
    assert run("fuzz/faults.py", 5, 2, fault)[fault] == 2


def test_nothing_is_left_behind():
    found = run("fuzz/soak.py", 5, 30)
    assert found["epochs"]["runs"] == 30 and found["loaders"]["runs"] == 60
