"""Plans of the native core equal those of the re-implementation, in every bit of all five arrays."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_reimplementation import Key
from reimplementation import plan_arrays

from fastmix import Choice, CutMix, MixPlan, Mixup, Policy

ALPHAS = [5e-324, 1e-3, 0.2, 0.5, 1.0, 2.0, 8.0, 1e3]
PERS = ["batch", "pair", "sample"]
PAIRINGS = ["permutation", "neighbor", "flip"]
KEYS = [Key(), Key(2**63, 7, 12, 3, 64), Key(2**64 - 1, 2**32 - 1, 2**63 + 5, 2**32 - 1, 2**31), Key(3, 0, 2**32, 0, 1)]


def assert_exact(policy: Policy, batch: int, size: tuple[int, int], key: Key) -> MixPlan:
    plan = policy.plan(batch, size, seed=key.seed, epoch=key.epoch, step=key.step, rank=key.rank, offset=key.offset)
    for name, expected in plan_arrays(policy, batch, size, key).items():
        actual = getattr(plan, name)
        assert actual.dtype == torch.from_numpy(expected).dtype
        assert torch.equal(actual, torch.from_numpy(expected)), (name, policy, batch, size, key)
    return plan


@pytest.mark.parametrize(
    ("kind", "pairing", "per"),
    list(itertools.product((Mixup, CutMix), PAIRINGS, PERS)),
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_policy_on_a_grid(kind: type, pairing: str, per: str) -> None:
    sizes = itertools.cycle([(224, 224), (1, 1), (7, 33), (1, 64), (375, 500), (3, 2)])
    keys = itertools.cycle(KEYS)
    for batch, alpha in itertools.product([0, 1, 2, 3, 5, 64], ALPHAS):
        policy = kind(alpha, per=per, prob=0.75 if batch % 2 else 1.0, pairing=pairing)
        assert_exact(policy, batch, next(sizes), next(keys))


@pytest.mark.parametrize("pairing", PAIRINGS)
@pytest.mark.parametrize("kind", [Mixup, CutMix])
def test_a_large_batch(kind: type, pairing: str) -> None:
    plan = assert_exact(kind(0.4, per="pair", prob=0.9, pairing=pairing), 257, (31, 17), KEYS[1])
    assert plan.partner.sort().values.tolist() == list(range(257))


@pytest.mark.parametrize("size", [(3 * 2**29, 2**31 - 1), (2**31 - 1, 1)])
def test_huge_images(size: tuple[int, int]) -> None:
    # Sides where one word in four is refused by the uniform draw below a bound, and where int32 sums overflow.
    plan = assert_exact(CutMix(0.5, per="sample"), 64, size, Key(9))
    assert (plan.box[:, 2:] >= plan.box[:, :2]).all()


@pytest.mark.parametrize(("per", "inner"), list(itertools.product(PERS, PERS)))
def test_a_choice_on_a_grid(per: str, inner: str) -> None:
    policies = [Mixup(0.2, per=inner), CutMix(1.0, per=inner, prob=0.8), Mixup(8.0, per="sample", prob=0.5)]
    for p, batch, key in itertools.product([None, (0.2, 0.5, 0.3), (0.0, 1.0, 0.0)], [1, 2, 33], KEYS):
        assert_exact(Choice(policies, p=p, per=per), batch, (12, 19), key)


words64 = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2**32, 2**63, 2**64 - 1])
words32 = st.integers(0, 2**32 - 1) | st.sampled_from([0, 2**31, 2**32 - 1])
probabilities = st.floats(0, 1)


@st.composite
def any_policies(draw) -> Policy:
    pairing = draw(st.sampled_from(PAIRINGS))
    single = st.builds(
        lambda kind, alpha, per, prob: kind(alpha, per, prob, pairing),
        st.sampled_from([Mixup, CutMix]),
        st.floats(1e-4, 1e4) | st.floats(1e-320, 1e300),
        st.sampled_from(PERS),
        probabilities,
    )
    policies = draw(st.lists(single, min_size=1, max_size=4))
    if len(policies) == 1:
        return policies[0]
    shares = draw(st.lists(st.integers(0, 9), min_size=len(policies), max_size=len(policies)).filter(any))
    return Choice(policies, [share / sum(shares) for share in shares], draw(st.sampled_from(PERS)))


@settings(max_examples=600, deadline=None, derandomize=True)
@given(
    policy=any_policies(),
    batch=st.integers(0, 24),
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    key=st.builds(Key, words64, words32, words64, words32, st.integers(0, 2**32 - 25)),
)
def test_anything(policy: Policy, batch: int, size: tuple[int, int], key: Key) -> None:
    assert_exact(policy, batch, size, key)


def test_every_part_of_the_key_matters() -> None:
    policy = CutMix(per="sample")

    def drawn(**key: int) -> bytes:
        plan = policy.plan(16, (64, 64), **key)
        return plan.partner.numpy().tobytes() + plan.box.numpy().tobytes()

    keys = [{}] + [
        {name: value}
        for name, bits in {"seed": 64, "epoch": 32, "step": 64, "rank": 32, "offset": 31}.items()
        for value in (1, 2, 2 ** (bits - 1))
    ]
    keys += [{"seed": 2**32}, {"step": 2**32}]
    assert len({drawn(**key) for key in keys}) == len(keys)
    assert drawn(seed=5, epoch=3, step=2, rank=1, offset=8) == drawn(seed=5, epoch=3, step=2, rank=1, offset=8)


def test_other_policies_of_a_choice_do_not_move_a_policys_draws() -> None:
    alone = Mixup(0.3, per="sample").plan(32, seed=4)
    chosen = Choice([Mixup(0.3, per="sample"), CutMix()], p=[1.0, 0.0]).plan(32, (8, 8), seed=4)
    assert alone == chosen
    first, second = (Choice([Mixup(per="sample")] * 2, p=p).plan(32, seed=4) for p in ([1.0, 0.0], [0.0, 1.0]))
    assert torch.equal(first.partner, second.partner)
    assert not np.any(np.isclose(first.weight_out, second.weight_out))
