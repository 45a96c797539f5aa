"""What every mixing library gets wrong sooner or later."""

import pytest
import torch
import torch.nn.functional as F
from defects import KINDS

import fastmix as fm


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_weights_zero_and_one_leave_bytes_as_they_are(weight: float) -> None:
    x = torch.tensor([float("nan"), float("inf"), -0.0, 1.0])[:, None].repeat(1, 3)
    plan = fm.Mixup(weight=fm.Fixed(weight), pairing="flip").plan(4)
    expected = x if weight else x.flip(0)
    assert torch.equal(fm.mix(x, plan).view(torch.int32), expected.view(torch.int32))


@pytest.mark.parametrize(
    "pairing", ["flip", "roll", "permutation", "derangement", "matching", "same_class", "different_class"]
)
def test_every_pairing_is_mixed_in_place_as_out_of_place(pairing: str) -> None:
    generator = torch.Generator().manual_seed(1)
    for policy in KINDS:
        for batch in (1, 2, 3, 9, 16):
            plan = policy.with_pairing(pairing).plan(batch, (6, 7), groups=[i % 3 for i in range(batch)])
            plan.check_in_place((6, 7))
            x = torch.randn(batch, 2, 6, 7, generator=generator)
            expected = fm.mix(x, plan)
            fm.mix_(x, plan)
            assert torch.equal(x, expected)


def test_segmentation_with_ignore_index() -> None:
    # vision#9222: ids outside the classes, which mean "do not count", pass through and do not count.
    masks = torch.randint(0, 3, (4, 8, 8), generator=torch.Generator().manual_seed(1))
    masks[:, :2] = 255
    plan = fm.CutMix(per="sample").plan(4, (8, 8))
    logits = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    loss = F.cross_entropy(logits, fm.mix_segmentation(masks, plan), ignore_index=255)
    assert torch.isfinite(loss)
    soft = fm.mix_segmentation(masks, plan, num_classes=3, ignore_index=255)
    counted = (soft.sum(1) > 0).sum()
    torch.testing.assert_close(F.cross_entropy(logits, soft, reduction="none").sum() / counted, loss)


@pytest.mark.cuda
@pytest.mark.parametrize("policy", KINDS, ids=str)
def test_a_plan_gives_the_same_bits_on_cpu_and_cuda(policy: fm.Policy) -> None:
    for dtype in (torch.uint8, torch.bfloat16, torch.float32):
        x = (torch.rand(9, 3, 12, 20, generator=torch.Generator().manual_seed(1)) * 255).to(dtype)
        plan = policy.plan(9, (12, 20), seed=3)
        assert torch.equal(fm.mix(x.cuda(), plan).cpu(), fm.mix(x, plan))


@pytest.mark.cuda
def test_mixing_waits_for_nothing_and_can_be_captured() -> None:
    x, other = torch.rand(8, 3, 16, 16, device="cuda"), torch.rand(8, 3, 16, 16, device="cuda")
    pair, three = fm.CutMix(per="sample").plan(8, (16, 16)), fm.DirichletMix(3).plan(8)
    calls = [lambda: fm.mix(x, pair), lambda: fm.mix(x, pair, other=other), lambda: fm.regmixup(x, pair)]
    calls.append(lambda: fm.mix(x, three))
    expected = [call() for call in calls]
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            captured = [call() for call in calls]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    graph.replay()
    for got, wanted in zip(captured, expected, strict=True):
        assert torch.equal(got, wanted)


@pytest.mark.parametrize("policy", KINDS, ids=str)
def test_layouts_are_kept_and_overlapping_images_are_refused(policy: fm.Policy) -> None:
    x = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    plan = policy.plan(4, (8, 8))
    last = x.contiguous(memory_format=torch.channels_last)
    assert fm.mix(last, plan).is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(fm.mix(last, plan), fm.mix(x, plan))
    fm.mix_(last, plan)
    assert last.is_contiguous(memory_format=torch.channels_last) and torch.equal(last, fm.mix(x, plan))
    one = x[:1].expand(4, 3, 8, 8)
    with pytest.raises(RuntimeError, match="do not overlap"):
        fm.mix_(one, plan)
    assert torch.equal(fm.mix(one, plan), fm.mix(one.contiguous(), plan))
