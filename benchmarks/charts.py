"""The charts beside the results, as small SVG files without fonts in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "fastmix", "font.size": 9})

from matplotlib import pyplot  # noqa: E402  (behind the choice of backend)
from matplotlib.axes import Axes  # noqa: E402

from benchmarks.tables import RESULTS, record  # noqa: E402


def loader_chart(name: str) -> Callable[[dict, Axes], None]:
    """Bars of images per second with the quartile distance."""

    def draw(results: dict, axes: Axes) -> None:
        found = results["sets"][name]
        figures = sorted(found["rivals"].values(), key=lambda one: one["images_per_second"]["median"])
        speeds = [one["images_per_second"] for one in figures]
        colors = ["tab:green" if one["label"].startswith("fastmix") else "tab:gray" for one in figures]
        widths = [speed["median"] for speed in speeds]
        axes.barh([one["label"] for one in figures], widths, xerr=[speed["iqr"] / 2 for speed in speeds], color=colors)
        job = found["job"]
        axes.set_xlabel(f"images/s, {name}, {job['cores']} cores, batches of {job['batch_size']}, {job['size']} pixels")

    return draw


def sweep_chart(setting: str) -> Callable[[dict, Axes], None]:
    """Lines of images per second over one numeric setting."""

    def draw(results: dict, axes: Axes) -> None:
        default = results["job"][setting]
        points = [point for point in results["points"] if point["changed"] in ("default", setting)]
        points.sort(key=lambda point: point.get(setting, default))
        for rival in results["points"][0]["images_per_second"]:
            known = [point for point in points if rival in point["images_per_second"]]
            speeds = [point["images_per_second"][rival]["median"] for point in known]
            axes.plot([point.get(setting, default) for point in known], speeds, marker="o", label=rival)
        axes.set_xscale("log", base=2)
        axes.set_xlabel(setting)
        axes.set_ylabel("images/s")
        axes.set_ylim(bottom=0)
        axes.legend()

    return draw


CHARTS: dict[str, tuple[str, Callable[[dict, Axes], None]]] = {
    "loader-imagenet": ("loader", loader_chart("imagenet")),
    "loader-large": ("loader", loader_chart("large")),
    "sweep-batch_size": ("sweep", sweep_chart("batch_size")),
    "sweep-size": ("sweep", sweep_chart("size")),
}


def draw() -> list[Path]:
    """Draw the charts whose results are there; returns their files."""
    paths = []
    for name, (file, chart) in CHARTS.items():
        found = record(file)
        if found is None:
            continue
        figure, axes = pyplot.subplots(figsize=(7, 3), layout="constrained")
        chart(found["results"], axes)
        path = RESULTS / f"{name}.svg"
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)
        paths.append(path)
    return paths
