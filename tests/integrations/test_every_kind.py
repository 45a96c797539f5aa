"""What has to hold for every kind of mixing, whatever it cuts, blends, masks or resizes."""

import pytest
import torch
from defects import KINDS, SIZES, mixed_share

import fastmix as fm

CLASSES = 5


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("policy", KINDS, ids=str)
def test_label_weight_is_the_share_of_own_pixels_for_every_kind(policy: fm.Policy, size: tuple[int, int]) -> None:
    shares, weights = mixed_share(policy, size)
    torch.testing.assert_close(weights.double(), shares, rtol=0, atol=2**-24)
    # Were nothing mixed, all of this would hold too.
    assert len(weights.unique()) > 4 and (weights < 1).sum() > 25


@pytest.mark.parametrize("policy", KINDS, ids=str)
def test_rows_sum_to_one_for_every_kind(policy: fm.Policy) -> None:
    labels = torch.randint(0, CLASSES, (64,), generator=torch.Generator().manual_seed(1))
    for step in range(10):
        plan = policy.plan(64, (9, 13), step=step)
        for smoothing in (0.0, 0.1):
            total = fm.mix_labels(labels, plan, CLASSES, smoothing).double().sum(1)
            assert (total - 1).abs().max() < CLASSES * 2**-24


@pytest.mark.parametrize("policy", KINDS, ids=str)
def test_pairs_of_the_same_class_get_all_of_it_for_every_kind(policy: fm.Policy) -> None:
    labels = torch.tensor([0, 1, 2, 3]).repeat(8)
    plan = policy.plan(32, (9, 13), seed=2, groups=labels, partner=torch.arange(32).roll(4))
    assert (plan.label_weight < 1).any()
    assert torch.equal(fm.mix_labels(labels, plan, CLASSES), torch.eye(CLASSES)[labels])
    twice = policy.with_pairing("same_class").plan(32, (9, 13), seed=2, groups=labels)
    assert torch.equal(fm.mix_labels(labels, twice, CLASSES), torch.eye(CLASSES)[labels])


@pytest.mark.parametrize("policy", KINDS, ids=str)
def test_identical_uint8_pictures_stay_identical_for_every_kind(policy: fm.Policy) -> None:
    pixels = torch.arange(9 * 13 * 3).remainder(256).to(torch.uint8).reshape(3, 9, 13)
    pictures = [*(torch.full_like(pixels, value) for value in range(0, 256, 5)), pixels]
    for step, picture in enumerate(pictures):
        plan = policy.plan(4, (9, 13), step=step, partner=[1, 2, 3, 0])
        x = picture.expand(4, -1, -1, -1).contiguous()
        assert torch.equal(fm.mix(x, plan), x)
