"""What an experiment found: figures per row, metric and seed, as JSON and as a table beside the paper's."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.paper.claims import Claim, judge
from benchmarks.timing import write_json


@dataclass
class Report:
    """The results of one run of a script.

    Attributes:
        experiment: The script's name.
        title: Of the table and the section.
        form: ``"quick"`` (does it run), ``"small"`` (real data that fit a laptop) or ``"full"``.
        data: What was trained and tested on.
        settings: All there is to know to do it again.
        seeds: One training run each, for every row.
        metrics: Their names, with units.
        paper: The paper's figures by row and metric, for other data.
        notes: What a reader has to know.
        rows: Our figures by row and metric, one per seed.
    """

    experiment: str
    title: str
    form: str
    data: str
    settings: dict[str, Any]
    seeds: Sequence[int]
    metrics: Mapping[str, str]
    paper: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    notes: Sequence[str] = field(default_factory=list)
    rows: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, row: str, **values: float) -> None:
        """The figures of the next seed."""
        unknown = values.keys() - self.metrics.keys()
        if unknown:
            raise ValueError(f"Report: expected metrics {', '.join(self.metrics)}; got {', '.join(sorted(unknown))}")
        for metric, value in values.items():
            self.rows.setdefault(row, {}).setdefault(metric, []).append(float(value))

    def mean(self, row: str, metric: str) -> float:
        """Over the seeds."""
        return statistics.fmean(self.rows[row][metric])

    def deviation(self, row: str, metric: str) -> float:
        """The standard deviation over the seeds, 0 for one seed."""
        values = self.rows[row][metric]
        return statistics.stdev(values) if len(values) > 1 else 0.0

    def cell(self, row: str, metric: str) -> str:
        """``mean ± standard deviation``; empty where nothing was measured."""
        if metric not in self.rows.get(row, {}):
            return ""
        spread = f" ± {self.deviation(row, metric):.2f}" if len(self.rows[row][metric]) > 1 else ""
        return f"{self.mean(row, metric):.2f}{spread}"

    def table(self) -> list[list[str]]:
        """A header and a line per row with the paper's figures beside ours; by metric where there are many of them."""
        if len(self.metrics) > len(self.rows) + 2:
            lines = [[metric, *(self.cell(row, metric) for row in self.rows)] for metric in self.metrics]
            return [["", *self.rows], *lines]
        quoted = {metric for row in self.paper.values() for metric in row}
        header = [""]
        for metric, unit in self.metrics.items():
            header += [f"{metric} ({unit})" if unit else metric, *(["paper"] if metric in quoted else [])]
        lines = []
        for row in self.rows:
            line = [row]
            for metric in self.metrics:
                value = self.paper.get(row, {}).get(metric)
                line += [self.cell(row, metric), *(["" if value is None else f"{value:g}"] if metric in quoted else [])]
            lines.append(line)
        return [header, *lines]

    def save(self, folder: Path, claims: Iterable[Claim]) -> Path:
        """Write ``<experiment>.json`` with the rows and the judged claims."""
        path = folder / f"{self.experiment}.json"
        results = {f.name: getattr(self, f.name) for f in fields(self)}
        write_json(path, {**results, "claims": [judge(claim, self.rows) for claim in claims]})
        return path

    @classmethod
    def load(cls, path: Path) -> tuple[Report, list[dict[str, Any]]]:
        """What ``save`` wrote: the report and its judged claims."""
        results = json.loads(path.read_text())["results"]
        claims = results.pop("claims")
        return cls(**results), claims

    def print(self, claims: Iterable[Claim]) -> None:
        """The table, and under it what became of the claims."""
        console = Console(file=sys.stdout, width=max(120, Console().width))
        seeds = f"{len(self.seeds)} seed{'s' if len(self.seeds) > 1 else ''}"
        table = Table(title=f"{self.title}: {self.form} form, {self.data}, {seeds}")
        header, *lines = self.table()
        for number, name in enumerate(header):
            table.add_column(name, justify="right" if number else "left", style="dim" if name == "paper" else "")
        for line in lines:
            table.add_row(*line)
        console.print(table)
        for claim in claims:
            judged = judge(claim, self.rows)
            if "difference" in judged:
                error = judged["standard_error"]
                found = f"{judged['difference']:+.3g}" + ("" if error is None else f" ± {error:.2g}")
                console.print(f"{judged['verdict']}: {claim.text} ({claim.metric} {found})")
