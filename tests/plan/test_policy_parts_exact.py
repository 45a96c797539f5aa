"""Weights, box rules, kinds and pairings of the native core equal the re-implementation, in every bit."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_reimplementation import Key
from reimplementation import plan_arrays, weighted_partners

import fastmix as fm
from fastmix import pairings
from fastmix.plan.boxes import BoxRule, Clipped, Coverage, FixedBox, Inside, MinMax
from fastmix.plan.weights import Weight

KEYS = [Key(), Key(2**63, 7, 12, 3, 64), Key(2**64 - 1, 2**32 - 1, 2**63 + 5, 2**32 - 1, 2**31)]
SIZES = [(1, 1), (1, 9), (7, 33), (224, 224), (3 * 2**29, 2**31 - 1)]
WEIGHTS = [
    fm.Beta(20, 5),
    fm.Beta(0.2, fold="max"),
    fm.Beta(1e-3, fold="min", clamp=(0.1, 0.4)),
    fm.Uniform(0.2, 0.8),
    fm.UniformSide(0.1, 0.8),
    fm.Uniform(0.5, 0.5),
    fm.Fixed(0.3),
    fm.Fixed(0.0),
    fm.Fixed(1.0),
]
RULES = [Clipped(), Coverage(), Inside(), MinMax(0.2, 0.8), MinMax(0.5, 0.5), MinMax(0, 1), FixedBox(0, 0, 1, 1)]
PAIRINGS = ["roll", "derangement", "matching", "same_class", "different_class"]


def assert_exact(policy: fm.Policy, batch: int, size: tuple[int, int], key: Key, groups=None) -> fm.MixPlan:
    named = {"seed": key.seed, "epoch": key.epoch, "step": key.step, "rank": key.rank, "offset": key.offset}
    plan = policy.plan(batch, size, groups=groups, **named)
    for name, expected in plan_arrays(policy, batch, size, key, [] if groups is None else list(groups)).items():
        assert torch.equal(getattr(plan, name), torch.from_numpy(expected)), (name, policy, batch, size, key)
    return plan


@pytest.mark.parametrize("weight", WEIGHTS, ids=str)
@pytest.mark.parametrize("kind", [fm.Mixup, fm.CutMix, fm.HMix])
def test_weights(kind: type, weight: Weight) -> None:
    for per, size, key in itertools.product(["batch", "pair", "sample"], SIZES, KEYS):
        assert_exact(kind(per=per, prob=0.9, weight=weight), 9, size, key)


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("inside", [None, fm.Fixed(0.25), fm.Beta(0.4)], ids=str)
def test_box_rules(rule: BoxRule, inside: Weight | None) -> None:
    for alpha, size, key in itertools.product([1e-3, 0.5, 1.0, 1e3], SIZES, KEYS):
        assert_exact(fm.CutMix(alpha, per="sample", box=rule, inside=inside), 9, size, key)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("rule", [Clipped(), Coverage(), Inside()], ids=str)
def test_hmix(rule: BoxRule, share: float) -> None:
    for alpha, size, key in itertools.product([1e-3, 0.5, 1.0, 1e3], SIZES, KEYS):
        assert_exact(fm.HMix(alpha, per="sample", box_share=share, box=rule), 9, size, key)


@pytest.mark.parametrize("pairing", PAIRINGS)
def test_pairings(pairing: str) -> None:
    generator = np.random.default_rng(3)
    for batch, classes, key, per in itertools.product([0, 1, 2, 3, 5, 64], [1, 2, 3, 40], KEYS, ["pair", "sample"]):
        groups = generator.integers(0, classes, batch)
        plan = assert_exact(fm.CutMix(per=per, pairing=pairing), batch, (12, 19), key, groups)
        assert plan.is_permutation()


laws = (
    st.builds(fm.Beta, st.floats(1e-4, 1e4), st.floats(1e-4, 1e4), fold=st.sampled_from([None, "max", "min"]))
    | st.builds(lambda bounds: fm.Uniform(*sorted(bounds)), st.tuples(st.floats(0, 1), st.floats(0, 1)))
    | st.builds(
        lambda w, clamp: fm.Fixed(w, clamp=sorted(clamp)), st.floats(0, 1), st.tuples(st.floats(0, 1), st.floats(0, 1))
    )
)
rules = st.sampled_from([Clipped(), Coverage(), Inside()]) | st.builds(
    lambda sides: MinMax(*sorted(sides)), st.tuples(st.floats(0, 1), st.floats(0, 1))
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.data(),
    st.integers(0, 12),
    st.tuples(st.integers(1, 600), st.integers(1, 600)),
    st.builds(Key, *[st.integers(0, 2**bits - 1) for bits in (64, 32, 64, 32, 31)]),
)
def test_any_policy(data, batch: int, size: tuple[int, int], key: Key) -> None:
    pairing = data.draw(st.sampled_from(PAIRINGS))
    common = {"pairing": st.just(pairing), "per": st.sampled_from(["batch", "pair", "sample"]), "prob": st.floats(0, 1)}
    policy = st.one_of(
        st.builds(fm.Mixup, weight=laws, **common),
        st.builds(fm.CutMix, weight=laws, box=rules, inside=st.none() | laws, **common),
        st.builds(
            fm.HMix,
            weight=laws,
            box=rules.filter(lambda r: not isinstance(r, MinMax)),
            box_share=st.floats(0, 1),
            **common,
        ),
    )
    policies = data.draw(st.lists(policy, min_size=1, max_size=3))
    chosen = fm.Choice(policies, per="sample") if len(policies) > 1 else policies[0]
    groups = data.draw(st.lists(st.integers(0, 3), min_size=batch, max_size=batch))
    assert_exact(chosen, batch, size, key, groups)


def test_weighted_partners() -> None:
    generator = np.random.default_rng(4)
    for batch, key in itertools.product([0, 1, 2, 7, 40], KEYS):
        weights = generator.random((batch, batch)) * (generator.random((batch, batch)) < 0.3)
        drawn = pairings.weighted_partners(torch.from_numpy(weights), fm.DrawKey(**dataclasses.asdict(key)))
        assert drawn.tolist() == weighted_partners(weights.tolist(), key)
