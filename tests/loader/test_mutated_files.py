"""The short form of ``make fuzz``: mutated files of every format through the loader, in processes of their own."""

import runpy
from pathlib import Path

import pytest

FUZZ = runpy.run_path(str(Path(__file__).parents[1] / "fuzz" / "__main__.py"), run_name="fuzz")


@pytest.mark.parametrize("group", FUZZ["GROUPS"])
def test_mutated_files(group, tmp_path):
    found = FUZZ["run"]("fuzz/load_mutated.py", 7, 200, group, str(tmp_path))
    assert found["good"] >= (0 if group == "jp2" else 50)
    assert found["judged_bad"] >= 200 - found["good"] > 20
