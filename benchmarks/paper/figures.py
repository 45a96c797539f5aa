"""The pictures: bars with the paper's beside ours, and curves with a band of one standard deviation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.paper.report import Report

OURS, PAPER = "#1f6f8b", "#c9c9c9"
COLORS = ("#444444", "#1f6f8b", "#d1495b", "#edae49", "#66a182", "#8d5a97")


def panels(count: int, width: float = 4.6, height: float = 3.6) -> tuple[Figure, list[Axes]]:
    """A figure of ``count`` panels side by side."""
    figure = Figure(figsize=(width * count, height), layout="constrained")
    return figure, list(figure.subplots(1, count, squeeze=False)[0])


def save(figure: Figure, folder: Path, name: str) -> Path:
    """Write ``<name>.png``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    # No date or version in it: the same results give the same file.
    figure.savefig(path, dpi=80, metadata={"Software": None})
    return path


def bars(axis: Axes, report: Report, rows: Sequence[str], metric: str, title: str, names: Sequence[str] = ()) -> None:
    """One bar per row with one standard deviation, and thin beside it the paper's, where there is one."""
    places = np.arange(len(rows))
    shown = [row for row in rows if metric in report.rows.get(row, {})]
    at = [places[rows.index(row)] for row in shown]
    means = [report.mean(row, metric) for row in shown]
    spreads = [report.deviation(row, metric) for row in shown]
    axis.barh(at, means, xerr=spreads, height=0.5, color=OURS, label="here", error_kw={"lw": 0.8})
    quoted = [
        (place, report.paper[row][metric]) for place, row in enumerate(rows) if metric in report.paper.get(row, {})
    ]
    if quoted:
        axis.barh([p + 0.36 for p, _ in quoted], [v for _, v in quoted], height=0.18, color=PAPER, label="paper")
        axis.legend(fontsize=8, frameon=False)
    axis.set_yticks(places, list(names) or list(rows), fontsize=8)
    axis.invert_yaxis()
    axis.set_title(title, fontsize=10)
    axis.set_xlabel(f"{metric} ({report.metrics[metric]})" if report.metrics[metric] else metric, fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)


def curves(
    axis: Axes, x: Sequence[float], values: Mapping[str, Sequence[Sequence[float]]], xlabel: str, ylabel: str
) -> None:
    """One line per name: the mean over the seeds, with a band of one standard deviation."""
    for color, (name, runs) in zip(COLORS, values.items(), strict=False):
        array = np.asarray(runs, dtype=float)
        mean, spread = array.mean(0), array.std(0, ddof=1) if len(array) > 1 else np.zeros(array.shape[1])
        axis.plot(x, mean, color=color, label=name, lw=1.5)
        axis.fill_between(x, mean - spread, mean + spread, color=color, alpha=0.2, lw=0)
    axis.set_xlabel(xlabel, fontsize=9)
    axis.set_ylabel(ylabel, fontsize=9)
    axis.legend(fontsize=8, frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
