"""Writes this folder's README from the committed results: ``python -m benchmarks.paper.summary``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.paper.claims import LEAST_SEEDS, NOT_REPRODUCED, NOT_TESTED, REPRODUCED, STANDARD_ERRORS
from benchmarks.paper.command_line import RESULTS
from benchmarks.paper.report import Report

README = RESULTS.parent / "README.md"
EXPERIMENTS = {
    "imagenet": "3.1",
    "cifar": "3.2",
    "commands": "3.3",
    "corrupt_labels": "3.4",
    "adversarial": "3.5",
    "uci": "3.6",
    "gan": "3.7",
    "ablation": "3.8",
    "manifold": "figure 2",
}
_INTRODUCTION = f"""# The paper's experiments

The claims of *mixup: Beyond Empirical Risk Minimization* (Zhang, Cisse, Dauphin, Lopez-Paz, ICLR 2018), one script per
experiment, each training with fastmix and comparing ERM with mixup:

```bash
python -m benchmarks.paper.NAME                # small form: real data that come with scikit-learn, minutes on a laptop
python -m benchmarks.paper.NAME --data PATH    # full size, with the paper's settings
python -m benchmarks.paper.NAME --quick        # does it run
```

`--seeds K` sets the number of runs, `--out FOLDER` where JSON, figure and checkpoints go (`build/paper`). Training that
was interrupted goes on from its checkpoint to the identical losses. `gan` needs no data and has `--full` instead.

| script | section | `--data` | what it takes |
| --- | --- | --- | --- |
| `imagenet` | 3.1 | `train` and `val` folders | `fastmix.DataLoader`; DDP by torchrun |
| `cifar` | 3.2 | the binary version's files | `fastmix.normalize_mix` on pixels in memory |
| `commands` | 3.3 | the folder of speech commands | DALI's audio decoder, then `fn.fastmix.mix` on spectrograms |
| `corrupt_labels`, `ablation`, `manifold` | 3.4, 3.8, figure 2 | the binary version's files of CIFAR | `mix_`, `mix` |
| `adversarial` | 3.5 | as `imagenet`, with its checkpoints | FGSM and I-FGSM |
| `uci` | 3.6 | UCI's files | `mix_` |
| `gan` | 3.7 | | `mix_`, `mix_loss` |

## Verdicts

Everything below was run in the small form: other data and far smaller networks than the paper's. A verdict says whether
the claim's *direction* shows here: a difference, paired over seeds (same data, same initial weights, same order), of at
least {STANDARD_ERRORS:g} standard errors over at least {LEAST_SEEDS} seeds. "{NOT_TESTED}": its data set is not here;
figures beside it, if any, are those of a stand-in and only show that the script runs. Figures are means over seeds.

The paper's figures come from public transcriptions and the authors' repositories. Those marked † were written down from
memory and could not be checked against a copy of it; in the long tables these are most top-5 errors of section 3.1, the
validation errors and LeNet of 3.3, the training errors of 3.4, all of 3.6, and all of 3.8 but ERM and mixup.
"""


def claims_table(claims: Iterable[dict[str, Any]]) -> list[str]:
    """One line per claim."""
    lines = ["| claim | paper | here | difference ± SE | verdict |", "| --- | --- | --- | --- | --- |"]
    for claim in claims:
        paper = "not in the paper" if claim["ours"] else claim["paper"] or "-"
        here = difference = "-"
        if "difference" in claim:
            here = f"{claim['baseline_mean']:.3g} → {claim['treatment_mean']:.3g}"
            difference = f"{claim['difference']:+.3g}"
            if claim["standard_error"] is not None:
                difference += f" ± {claim['standard_error']:.2g}"
        verdict = claim["verdict"] if claim["verdict"] == NOT_TESTED else f"**{claim['verdict']}**"
        lines.append(f"| {claim['text']} | {paper} | {here} | {difference} | {verdict} |")
    return lines


def counts(claims: Sequence[dict[str, Any]]) -> str:
    """``3 reproduced, 1 not reproduced here``; claims of our own are left out."""
    verdicts = [claim["verdict"] for claim in claims if not claim["ours"]]
    found = [(verdicts.count(verdict), verdict) for verdict in (REPRODUCED, NOT_REPRODUCED, NOT_TESTED)]
    return ", ".join(f"{count} {verdict}" for count, verdict in found if count)


def section(report: Report, claims: Sequence[dict[str, Any]], where: str, folder: str) -> list[str]:
    """One experiment: its data, claims, figure and table."""
    header, *rows = report.table()
    seeds = f"{len(report.seeds)} seed{'s' if len(report.seeds) > 1 else ''}"
    lines = [f"## {report.title}", "", f"`{report.experiment}`, {where}; {report.form} form, {report.data}, {seeds}."]
    if report.notes:
        lines += [" ".join(report.notes)]
    lines += ["", *claims_table(claims), "", f"![{report.title}]({folder}/{report.experiment}.png)", ""]
    lines += ["<details><summary>All figures (mean ± standard deviation over seeds)</summary>", ""]
    lines += [f"| {' | '.join(header)} |", f"| {' | '.join(['---'] + ['---:'] * (len(header) - 1))} |"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    settings = "; ".join(f"{name}: {_plain(value)}" for name, value in report.settings.items())
    return [*lines, "", f"Settings: `{settings}`", "", "</details>", ""]


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def render(folder: Path) -> str:
    """The page of all results in the folder.

    Raises:
        FileNotFoundError: An experiment has none.
    """
    loaded = {name: Report.load(folder / f"{name}.json") for name in EXPERIMENTS}
    lines = [_INTRODUCTION, "| experiment | section | verdicts |", "| --- | --- | --- |"]
    for name, where in EXPERIMENTS.items():
        report, claims = loaded[name]
        anchor = "".join(c for c in report.title.lower().replace(" ", "-") if c.isalnum() or c == "-")
        lines.append(f"| [{report.title}](#{anchor}) | {where} | {counts(claims)} |")
    lines.append("")
    for name, where in EXPERIMENTS.items():
        prefix = "" if where.startswith("figure") else "section "
        lines += section(*loaded[name], prefix + where, folder.name)
    lines.append("This page is written by `python -m benchmarks.paper.summary` from the JSON files in `results`.")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--out", type=Path, default=README)
    arguments = parser.parse_args(argv)
    arguments.out.write_text(render(arguments.results))
    print(f"written: {arguments.out}")


if __name__ == "__main__":
    main()
