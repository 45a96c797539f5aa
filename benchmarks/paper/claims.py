"""Claims of the paper, and how results judge them: by differences that are paired over seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

# How many standard errors a difference has to have, in the direction of the claim, and over how many seeds.
STANDARD_ERRORS = 3.0
LEAST_SEEDS = 3

REPRODUCED, NOT_REPRODUCED, NOT_TESTED = "reproduced", "not reproduced here", "not tested"

Rows = Mapping[str, Mapping[str, Sequence[float]]]


@dataclass(frozen=True)
class Claim:
    """One statement of the paper.

    Attributes:
        text: The statement.
        paper: The paper's figures for it; † marks those that could not be checked against a copy of it.
        metric: What is compared.
        baseline: The row that the treatment is compared with.
        treatment: The row that the claim is about.
        expected: What the treatment's metric is: ``"lower"`` or ``"higher"`` than the baseline's, ``"no higher"``, or
            ``"both above"`` the bound, in every run.
        bound: For ``"both above"``.
        stands_in: The data here only stand in for what the claim is about: figures are shown and not judged.
        ours: Not in the paper, but what the small form was found to show.
    """

    text: str
    paper: str
    metric: str
    baseline: str
    treatment: str
    expected: Literal["lower", "higher", "no higher", "both above"] = "lower"
    bound: float = 0.0
    stands_in: bool = False
    ours: bool = False


class Paired(NamedTuple):
    """The mean difference of pairs and its standard error (NaN for one pair)."""

    difference: float
    error: float

    @property
    def score(self) -> float:
        """The difference in standard errors."""
        if self.error == 0.0:
            return math.copysign(math.inf, self.difference) if self.difference else 0.0
        return self.difference / self.error


def paired(baseline: Sequence[float], treatment: Sequence[float]) -> Paired:
    """Treatment minus baseline, seed by seed."""
    differences = [b - a for a, b in zip(baseline, treatment, strict=True)]
    error = statistics.stdev(differences) / math.sqrt(len(differences)) if len(differences) > 1 else math.nan
    return Paired(statistics.fmean(differences), error)


def judge(claim: Claim, rows: Rows) -> dict[str, Any]:
    """The claim with our figures and its verdict, as JSON holds it."""
    record: dict[str, Any] = asdict(claim)
    if any(claim.metric not in rows.get(row, {}) for row in (claim.baseline, claim.treatment)):
        return {**record, "verdict": NOT_TESTED}
    baseline, treatment = rows[claim.baseline][claim.metric], rows[claim.treatment][claim.metric]
    difference = paired(baseline, treatment)
    record |= {
        "baseline_mean": statistics.fmean(baseline),
        "treatment_mean": statistics.fmean(treatment),
        "difference": difference.difference,
        "standard_error": None if math.isnan(difference.error) else difference.error,
        "seeds": len(baseline),
    }
    if claim.stands_in or len(baseline) < LEAST_SEEDS:
        return {**record, "verdict": NOT_TESTED}
    holds = {
        "lower": difference.score <= -STANDARD_ERRORS,
        "higher": difference.score >= STANDARD_ERRORS,
        "no higher": difference.score < STANDARD_ERRORS,
        "both above": min(*baseline, *treatment) > claim.bound,
    }[claim.expected]
    return {**record, "verdict": REPRODUCED if holds else NOT_REPRODUCED}
