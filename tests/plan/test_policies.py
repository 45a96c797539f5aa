"""What a plan promises whatever was drawn: label weights, units, slices of ranks, errors, no global state."""

import itertools
import random

import numpy as np
import pytest
import torch

from fastmix import Choice, CutMix, MixPlan, Mixup, Policy

BITS = {"batch_size": 29, "seed": 64, "epoch": 32, "step": 64, "rank": 32, "offset": 32}
NAN, INF = float("nan"), float("inf")
POLICIES = [
    Mixup(0.4, per="sample", prob=0.7),
    CutMix(1.0, per="sample", prob=0.7),
    CutMix(0.3, per="pair", pairing="neighbor"),
    Choice([Mixup(0.2, per="pair"), CutMix(prob=0.5)], p=[0.3, 0.7], per="sample"),
]


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (33, 1), (7, 13), (64, 64), (97, 31)])
@pytest.mark.parametrize("policy", POLICIES)
def test_label_weight_is_the_share_of_own_pixels(policy: Policy, size: tuple[int, int]) -> None:
    height, width = size
    plan = policy.plan(64, size, seed=6)
    for i in range(64):
        y0, x0, y1, x1 = plan.box[i].tolist()
        assert 0 <= y0 <= y1 <= height and 0 <= x0 <= x1 <= width
        own = np.full(size, plan.weight_out[i].item())
        own[y0:y1, x0:x1] = plan.weight_in[i].item()
        if (y1 - y0) * (x1 - x0):
            assert plan.label_weight[i].item() == np.float32(1 - np.count_nonzero(own == 0) / own.size)
            assert plan.label_weight[i].item() == np.float32(1 - (y1 - y0) * (x1 - x0) / (height * width))
        else:
            # Without a box there is one weight, and the box is zeros.
            assert (own == plan.label_weight[i].item()).all()
            assert (y0, x0, y1, x1) == (0, 0, 0, 0) and plan.weight_in[i] == plan.weight_out[i]


@pytest.mark.parametrize("per", ["batch", "pair", "sample"])
@pytest.mark.parametrize("kind", [Mixup, CutMix])
def test_what_is_not_mixed_is_left_as_it_is(kind: type, per: str) -> None:
    never = kind(0.5, per=per, prob=0.0, pairing="neighbor").plan(9, (8, 8), seed=2)
    assert never.partner.tolist() == [1, 0, 3, 2, 5, 4, 7, 6, 8]
    assert MixPlan.from_arrays(torch.arange(9, dtype=torch.int32), *astuple(never)[1:]) == MixPlan.identity(9)
    some = kind(0.5, per=per, prob=0.5).plan(400, (8, 8), seed=2)
    left = (some.weight_in == 1) & (some.weight_out == 1)
    assert (some.label_weight[left] == 1).all() and (some.box[left] == 0).all()
    assert per == "batch" or 100 < int(left.sum()) < 300


def astuple(plan: MixPlan) -> tuple[torch.Tensor, ...]:
    return plan.partner, plan.weight_in, plan.weight_out, plan.box, plan.label_weight


@pytest.mark.parametrize("kind", [Mixup, CutMix])
@pytest.mark.parametrize("pairing", ["neighbor", "flip"])
def test_what_shares_a_draw(kind: type, pairing: str) -> None:
    def drawn(per: str) -> torch.Tensor:
        plan = kind(per=per, pairing=pairing).plan(8, (32, 32), seed=1)
        return torch.cat([plan.weight_out[:, None], plan.box], 1)

    assert [len(drawn(per).unique(dim=0)) for per in ("batch", "pair", "sample")] == [1, 4, 8]
    partner = kind(pairing=pairing).plan(8, (32, 32)).partner.long()
    assert torch.equal(drawn("pair"), drawn("pair")[partner])


def test_pairings() -> None:
    for batch in (0, 1, 2, 7, 8):
        order = torch.arange(batch, dtype=torch.int32)
        assert torch.equal(Mixup(pairing="flip").plan(batch).partner, order.flip(0))
        neighbor = torch.where(order ^ 1 < batch, order ^ 1, order)
        assert torch.equal(Mixup(pairing="neighbor").plan(batch).partner, neighbor)
        assert torch.equal(Mixup().plan(batch).partner.sort().values, order)


@pytest.mark.parametrize("per", ["batch", "pair", "sample"])
@pytest.mark.parametrize(("world", "batch"), [(1, 6), (2, 4), (3, 2), (4, 64)])
def test_ranks_draw_slices_of_the_global_plan(per: str, world: int, batch: int) -> None:
    single = [Mixup(0.2, per=per, pairing="neighbor"), CutMix(per=per, prob=0.6, pairing="neighbor")]
    for policy in (*single, Choice(single, per=per)):
        whole = policy.plan(world * batch, (21, 34), seed=5, epoch=2, step=9)
        slices = [
            policy.plan(batch, (21, 34), seed=5, epoch=2, step=9, rank=0, offset=rank * batch) for rank in range(world)
        ]
        for rank, part in enumerate(slices):
            part.partner.add_(rank * batch)
        assert MixPlan.from_arrays(*map(torch.cat, zip(*map(astuple, slices), strict=True))) == whole


def test_ranks_draw_independent_plans_by_rank() -> None:
    plans = [Mixup(per="sample").plan(16, rank=rank) for rank in range(4)]
    for a, b in itertools.combinations(plans, 2):
        assert not torch.equal(a.partner, b.partner) and not (a.weight_out == b.weight_out).any()


def test_equal_arguments_give_equal_plans_whatever_came_before() -> None:
    key = {"seed": 2**63, "epoch": 3, "step": 2**40, "rank": 1, "offset": 4}
    for policy in POLICIES:
        before = policy.plan(12, (9, 9), **key)
        policy.plan(5, (4, 4), seed=1)
        assert policy.plan(12, (9, 9), **key) == before
        assert policy.plan(np.int64(12), np.array([9, 9]), **{k: np.uint64(v) for k, v in key.items()}) == before


def test_plans_neither_change_nor_read_the_global_generators() -> None:
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    plans = []
    try:
        for seed in (1, 2):
            random.seed(seed)
            np.random.seed(seed)
            torch.manual_seed(seed)
            expected = random.Random(seed).random(), np.random.RandomState(seed).rand()
            plans.append([policy.plan(32, (16, 16), seed=1) for policy in POLICIES])
            assert (random.random(), np.random.rand()) == expected
            assert torch.rand(3).equal(torch.rand(3, generator=torch.Generator().manual_seed(seed)))
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])
    assert plans[0] == plans[1]


def test_policies_are_values() -> None:
    assert Mixup(0.2) == Mixup(0.2) != Mixup(0.3)
    assert Mixup() != CutMix()
    assert Choice([Mixup(), CutMix()]) == Choice((Mixup(), CutMix()))
    assert Choice(policy for policy in (Mixup(), CutMix())) == Choice([Mixup(), CutMix()])
    assert Choice([Mixup(), CutMix()], p=np.array([0.25, 0.75])).p == (0.25, 0.75)
    assert len({Mixup(), Mixup(), CutMix(), Choice([Mixup()]), Choice([Mixup()])}) == 3
    assert repr(CutMix(0.5)) == "CutMix(alpha=0.5, per='batch', prob=1.0, pairing='permutation')"
    with pytest.raises(AttributeError):
        Mixup().alpha = 2.0


@pytest.mark.parametrize("kind", [Mixup, CutMix])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": 0}, r"finite alpha > 0, got 0; to switch mixing off use prob=0"),
        ({"alpha": -1.0}, r"finite alpha > 0, got -1"),
        ({"alpha": NAN}, r"finite alpha > 0, got nan"),
        ({"alpha": INF}, r"finite alpha > 0, got inf"),
        ({"prob": -0.1}, r"prob in \[0, 1\], got -0.1"),
        ({"prob": 1.1}, r"prob in \[0, 1\], got 1.1"),
        ({"prob": NAN}, r"prob in \[0, 1\], got nan"),
        ({"per": "image"}, r"per: expected one of batch, pair, sample; got 'image'"),
        ({"per": None}, r"per: expected one of batch, pair, sample; got None"),
        ({"pairing": "same"}, r"pairing: expected one of permutation, neighbor, .*different_class; got 'same'"),
    ],
)
def test_bad_parameters_are_refused_when_the_policy_is_made(kind: type, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind(**arguments)


@pytest.mark.parametrize(
    ("policies", "arguments", "message"),
    [
        ([], {}, "expected at least one policy, got none"),
        ([Mixup(), Choice([Mixup(), CutMix()])], {}, "expected policies such as Mixup or CutMix, got Choice"),
        ([Mixup(), "cutmix"], {}, "expected policies such as Mixup or CutMix, got str"),
        ([Mixup(), CutMix(pairing="flip")], {}, "policies with the same pairing, got flip, permutation"),
        ([Mixup(), CutMix()], {"p": []}, r"one probability per policy \(2\), got 0"),
        ([Mixup(), CutMix()], {"p": [1.0]}, r"one probability per policy \(2\), got 1"),
        ([Mixup(), CutMix()], {"p": [0.5, 0.6]}, "sum to 1, got a sum of 1.1"),
        ([Mixup(), CutMix()], {"p": [0.5, 0.4999]}, "sum to 1, got a sum of 0.9999"),
        ([Mixup(), CutMix()], {"p": [1.5, -0.5]}, r"choice probability in \[0, 1\], got 1.5"),
        ([Mixup(), CutMix()], {"p": [NAN, 1.0]}, r"choice probability in \[0, 1\], got nan"),
        ([Mixup(), CutMix()], {"p": ["a", 1.0]}, "could not convert string to float"),
        ([Mixup(), CutMix()], {"per": "epoch"}, "per: expected one of batch, pair, sample; got 'epoch'"),
    ],
)
def test_bad_choices_are_refused(policies: list, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Choice(policies, **arguments)


@pytest.mark.parametrize("size", [None, (0, 8), (8, 0)])
@pytest.mark.parametrize("policy", [CutMix(), CutMix(prob=0.0), Choice([Mixup(), CutMix()], p=[1.0, 0.0])])
def test_cutmix_needs_an_image_size(policy: Policy, size: tuple[int, int] | None) -> None:
    with pytest.raises(ValueError, match=r"image_size=\(height, width\) with both > 0 for CutMix"):
        policy.plan(4, size)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        *(({name: -1}, rf"expected {name} in \[0, 2\*\*{bits}\), got -1") for name, bits in BITS.items()),
        *(({name: 2**bits}, rf"expected {name} in \[0, 2\*\*{bits}\), got {2**bits}") for name, bits in BITS.items()),
        ({"offset": 2**32 - 4}, r"expected offset \+ batch_size below 2\^32, got 4294967292 \+ 4"),
        ({"image_size": (8, -8)}, r"expected width in \[0, 2\*\*31\), got -8"),
        ({"image_size": (2**31, 8)}, r"expected height in \[0, 2\*\*31\), got 2147483648"),
        ({"image_size": 224}, r"expected image_size=\(height, width\) or \(frames, height, width\), got 224"),
        ({"image_size": (1, 3, 224, 224)}, r"or \(frames, height, width\), got \(1, 3, 224, 224\)"),
    ],
)
def test_arguments_of_plan_out_of_range_are_refused(arguments: dict, message: str) -> None:
    for policy in (Mixup(), CutMix()):
        with pytest.raises(ValueError, match=message):
            policy.plan(**{"batch_size": 4, "image_size": (8, 8), **arguments})


@pytest.mark.parametrize("name", list(BITS))
@pytest.mark.parametrize("value", [1.0, "1", None])
def test_arguments_of_plan_are_integers(name: str, value: object) -> None:
    with pytest.raises(TypeError):
        Mixup().plan(**{"batch_size": 4, name: value})


def test_the_last_key_of_each_range_is_taken() -> None:
    key = {"seed": 2**64 - 1, "epoch": 2**32 - 1, "step": 2**64 - 1, "rank": 2**32 - 1, "offset": 2**32 - 5}
    assert len(Mixup(per="sample").plan(4, **key)) == 4
