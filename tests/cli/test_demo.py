import json

import pytest
from typer.testing import CliRunner

# Imported here since its import draws from the global generators, which the tests watch.
pytest.importorskip("sklearn.datasets", reason="the demo's photographs come with scikit-learn")

KEYS = {"images", "seconds", "images_per_second", "device", "naive_ms", "fastmix_ms", "speedup"}


def test_demo_writes_its_picture_and_figures(tmp_path):
    from matplotlib.image import imread

    from fastmix.cli import app

    arguments = ["demo", "--out", str(tmp_path), "--count", "24", "--batch-size", "10", "--size", "64"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary.keys() == KEYS
    assert summary["images"] == 24
    grid = imread(tmp_path / "grid.png")
    coloured = (grid[..., :3].max(axis=-1) - grid[..., :3].min(axis=-1)) > 0.1
    assert coloured.mean() > 0.2  # photographs, not an empty page
