"""Keys of samples, the operations that plans hold, and comparisons of what was drawn with its law."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from scipy import stats

from fastmix.augment import SampleKeys, SamplePlan, SamplePolicy
from fastmix.augment.operations import NAMES

LEAST_P = 1e-3
SIZE = (224, 160)

# (name, value), value None for operations without one; float32 values as Python floats.
Step = tuple[str, float | None]

VALUELESS = ("Identity", "Invert", "Grayscale", "AutoContrast", "Equalize")


def keys(count: int, seed: int = 1, epoch: int = 0, occurrence: int = 0, view: int = 0) -> SampleKeys:
    return SampleKeys(seed, epoch, np.arange(count), occurrence, view)


def drawn(policy: SamplePolicy, count: int, size: tuple[int, int] | None = SIZE, **key: int) -> SamplePlan:
    return policy.plan(keys(count, **key), size)


def step(name: str, value: float) -> Step:
    return name, None if name in VALUELESS else float(np.float32(value)) + 0.0


def sequences(plan: SamplePlan) -> Counter[tuple[Step, ...]]:
    """How often each sequence of operations occurs."""
    codes, values = (plan.operation_words & 255).tolist(), plan.parameters[:, :, 0].tolist()
    counted: Counter[tuple[Step, ...]] = Counter()
    for count, names, row in zip(plan.counts.tolist(), codes, values, strict=True):
        counted[tuple(step(NAMES[names[k]], row[k]) for k in range(count))] += 1
    return counted


def one_after_another(*layers: Mapping[Step, float]) -> dict[tuple[Step, ...], float]:
    """The law of independent operations in a row; Identity leaves no trace."""
    law: dict[tuple[Step, ...], float] = {(): 1.0}
    for layer in layers:
        grown: Counter[tuple[Step, ...]] = Counter()
        for before, p in law.items():
            for operation, q in layer.items():
                grown[before if operation[0] == "Identity" else (*before, operation)] += p * q
        law = dict(grown)
    return law


def assert_law(observed: Mapping[Hashable, int], law: Mapping[Hashable, float]) -> None:
    """Refuse outcomes that the law excludes, and a chi-square p value below LEAST_P."""
    assert abs(sum(law.values()) - 1) < 1e-9
    possible = {outcome for outcome, p in law.items() if p > 0}
    assert set(observed) <= possible, sorted(map(str, set(observed) - possible))[:3]
    total = sum(observed.values())
    rare = [outcome for outcome in possible if law[outcome] * total < 5]
    common = sorted(possible - set(rare), key=str)
    expected = [law[outcome] * total for outcome in common]
    counted = [observed.get(outcome, 0) for outcome in common]
    rest = sum(law[outcome] for outcome in rare) * total
    if rest >= 5:
        expected.append(rest)
        counted.append(sum(observed.get(outcome, 0) for outcome in rare))
    # Outcomes too rare to be tested are left out of both.
    scale = sum(counted) / sum(expected)
    assert len(counted) == 1 or stats.chisquare(counted, np.array(expected) * scale).pvalue > LEAST_P


def assert_share(hits: int, count: int, probability: float) -> None:
    assert stats.binomtest(int(hits), count, probability).pvalue > LEAST_P


def assert_uniform(values: Sequence[float] | np.ndarray, low: float, high: float) -> None:
    assert stats.kstest(np.asarray(values, np.float64), stats.uniform(low, high - low).cdf).pvalue > LEAST_P
