"""Published variants of mixing, each written out in torch as its paper says it, against the call named in the docs."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment

import fastmix as fm
from fastmix.plan.pairings import kernel_partners, nearest_partners

B, CLASSES = 12, 4


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(B, 3, 8, 10, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.fixture
def y() -> torch.Tensor:
    return torch.arange(B) % CLASSES


def blend(w: torch.Tensor, own: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    w = w.to(torch.float64).reshape(-1, *[1] * (own.dim() - 1))
    return w * own + (1 - w) * other


def assert_mixed(x: torch.Tensor, y: torch.Tensor, plan: fm.MixPlan, partner: torch.Tensor, w: torch.Tensor) -> None:
    torch.testing.assert_close(fm.mix(x, plan), blend(w, x, x[partner]))
    rows = F.one_hot(y, CLASSES).double()
    torch.testing.assert_close(fm.mix_labels(y, plan, CLASSES), blend(w, rows, rows[partner]).float())


def test_mixup(x, y) -> None:
    plan = fm.Mixup(0.4, per="sample").plan(B, (8, 10), seed=1)
    assert_mixed(x, y, plan, plan.partner.long(), plan.weight_out)


def test_cutmix_and_hmix(x, y) -> None:
    for policy in (fm.CutMix(per="sample"), fm.HMix(per="sample")):
        plan = policy.plan(B, (8, 10), seed=1)
        expected, rows = [], F.one_hot(y, CLASSES).double()
        labels = []
        for i, (j, w, (top, left, bottom, right)) in enumerate(
            zip(plan.partner.tolist(), plan.weight_out.double(), plan.box.tolist(), strict=True)
        ):
            own = w * torch.ones(8, 10, dtype=torch.float64)
            own[top:bottom, left:right] = 0
            own = torch.ones_like(own) if i == j else own
            expected.append(own * x[i] + (1 - own) * x[j])
            labels.append(own.mean() * rows[i] + (1 - own.mean()) * rows[j])
        torch.testing.assert_close(fm.mix(x, plan), torch.stack(expected))
        torch.testing.assert_close(fm.mix_labels(y, plan, CLASSES), torch.stack(labels).float())


def test_masks_of_the_callers_saliency(x) -> None:
    # SaliencyMix, Attentive CutMix, TokenMix: own pixels where the partner's 4 x 5 grid of patches shows little.
    partner = torch.arange(B).roll(1)
    saliency = F.avg_pool2d(x.abs().mean(1, keepdim=True), 2)[:, 0][partner]
    keep = saliency <= saliency.flatten(1).median(1).values[:, None, None]
    plan = fm.MixPlan.masked(partner, keep, image_size=(8, 10))
    own = F.interpolate(keep[:, None].double(), (8, 10), mode="nearest")
    torch.testing.assert_close(fm.mix(x, plan), own * x + (1 - own) * x[partner])
    torch.testing.assert_close(plan.label_weight.double(), own.flatten(1).mean(1))
    assert plan.label_weight.unique().tolist() == [0.5]


def test_k_mixup(x, y) -> None:
    # The pairs that cost least between two halves; k-mixup's optimal transport is such an assignment.
    cost = torch.cdist(x[:6].flatten(1), x[6:].flatten(1))
    rows, columns = linear_sum_assignment(cost.numpy())
    partner = torch.empty(B, dtype=torch.long)
    partner[torch.as_tensor(rows)] = torch.as_tensor(columns) + 6
    partner[torch.as_tensor(columns) + 6] = torch.as_tensor(rows)
    plan = fm.Mixup(per="sample").plan(B, (8, 10), partner=partner)
    assert_mixed(x, y, plan, partner, plan.weight_out)
    plan.check_in_place()


def test_local_mixup_and_c_mixup(x, y) -> None:
    # Nearest neighbours, whose partners repeat; and partners by nearness of a number to be predicted.
    value = torch.linspace(0, 3, B)[:, None]
    key = fm.DrawKey(seed=1)
    for partner in (nearest_partners(x.flatten(1), k=2, key=key), kernel_partners(value, bandwidth=0.5, key=key)):
        partner = torch.as_tensor(partner).long()
        plan = fm.Mixup(2.0, per="sample").plan(B, (8, 10), partner=partner)
        assert_mixed(x, y, plan, partner, plan.weight_out)
        mixed = blend(plan.weight_out, value.double(), value.double()[partner])
        torch.testing.assert_close(fm.mix_values(value, plan), mixed.float())


def test_lisa_mixes_within_a_class_or_within_a_domain(x, y) -> None:
    domain = torch.arange(B) // 3
    for groups in (y, domain):
        plan = fm.Mixup(per="sample", pairing="same_class").plan(B, (8, 10), groups=groups, seed=2)
        assert torch.equal(groups[plan.partner.long()], groups) and not torch.equal(plan.partner, torch.arange(B).int())
        assert_mixed(x, y, plan, plan.partner.long(), plan.weight_out)


def test_manifold_mixup_on_features() -> None:
    features = torch.randn(B, 7, generator=torch.Generator().manual_seed(2), dtype=torch.float64, requires_grad=True)
    plan = fm.Mixup(2.0).plan(B, seed=1)
    w, partner = plan.weight_out.double(), plan.partner.long()
    (ours,) = torch.autograd.grad(fm.mix(features, plan).square().sum(), features)
    (theirs,) = torch.autograd.grad(blend(w, features, features[partner]).square().sum(), features)
    torch.testing.assert_close(ours, theirs)


def test_un_mix_weighs_the_two_orders_of_the_batch(x) -> None:
    # Un-Mix: the loss of mixed images against the other view in order, and in reverse order, by the weight.
    other_view = torch.randn(B, 5, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    plan = fm.Mixup(pairing="flip").plan(B, (8, 10), seed=4)
    w = plan.label_weight[0].double()
    mixed = fm.mix(x, plan)
    torch.testing.assert_close(mixed, w * x + (1 - w) * x.flip(0))
    embedded = mixed.flatten(1)[:, :5]

    def loss(target: torch.Tensor) -> torch.Tensor:
        return -F.cosine_similarity(embedded, target).mean()

    def criterion(a: torch.Tensor, b: torch.Tensor, reduction: str) -> torch.Tensor:
        assert reduction == "none"
        return -F.cosine_similarity(a, other_view[b])

    by_plan = fm.mix_loss(criterion, embedded, torch.arange(B), plan)
    torch.testing.assert_close(by_plan.mean(), w * loss(other_view) + (1 - w) * loss(other_view.flip(0)))


def test_the_recipe_of_resize_mix(x, y) -> None:
    page = (Path(__file__).parents[2] / "docs" / "mixing.md").read_text()
    [recipe] = re.findall(r"## ResizeMix\n.*?```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {"fastmix": fm, "x": x, "labels": y, "step": 5}
    exec(recipe, names)
    resize_mix, plan = names["resize_mix"], names["plan"]
    for other in (None, x.flip(0)):  # the previous result: RecursiveMix
        expected = x.clone()
        for i, (top, left, bottom, right) in enumerate(plan.box.tolist()):
            if bottom == top or right == left:
                continue
            partner = (x if other is None else other)[plan.partner[i].long()]
            small = F.interpolate(partner[None], (bottom - top, right - left), mode="bilinear", align_corners=False)
            expected[i, :, top:bottom, left:right] = small[0]
        assert not torch.equal(expected, x)
        torch.testing.assert_close(resize_mix(x, plan, other=other), expected)
    boxes = plan.box.double()
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) / (8 * 10)
    torch.testing.assert_close(plan.label_weight.double(), 1 - area, rtol=0, atol=2**-24)
    torch.testing.assert_close(names["targets"], fm.mix_labels(y, plan, 1000))


def test_dirichlet_mixing_of_three(x, y) -> None:
    plan = fm.DirichletMix(3, 0.5).plan(B, seed=6)
    expected = torch.einsum("bk,bkchw->bchw", plan.weight, x[plan.partner.long()])
    torch.testing.assert_close(fm.mix(x, plan), expected)
    rows = F.one_hot(y, CLASSES).double()[plan.partner.long()]
    torch.testing.assert_close(fm.mix_labels(y, plan, CLASSES), torch.einsum("bk,bkc->bc", plan.weight, rows).float())


def test_reg_mixup_adds_the_mixed_batch(x) -> None:
    plan = fm.Mixup(weight=fm.Beta(20, 20)).plan(B, (8, 10), seed=7)
    mixed = blend(plan.weight_out, x, x[plan.partner.long()])
    torch.testing.assert_close(fm.regmixup(x, plan), torch.cat((x, mixed)))


def test_video_mix_cuts_a_cuboid_and_spec_mix_a_span_of_time() -> None:
    video = torch.randn(4, 2, 6, 8, 10, generator=torch.Generator().manual_seed(8), dtype=torch.float64)
    plan = fm.CutMix(per="sample", box=fm.boxes.Cuboid()).plan(4, (6, 8, 10), seed=8, partner=[1, 2, 3, 0])
    mask = plan.masks.double()[plan.mask_index.long()][:, None] / 255
    inside, outside = (w.double()[:, None, None, None, None] for w in (plan.weight_in, plan.weight_out))
    own = outside + (inside - outside) * F.interpolate(mask, (6, 8, 10), mode="nearest")
    assert (plan.mask_index >= 0).all() and own.min() == 0
    torch.testing.assert_close(fm.mix(video, plan), own * video + (1 - own) * video.roll(-1, 0))
    torch.testing.assert_close(plan.label_weight.double(), own.flatten(1).mean(1), rtol=0, atol=2**-23)
    spectrogram = video[:, :, 0]
    plan = fm.CutMix(per="sample", box=fm.boxes.Span("width")).plan(4, (8, 10), seed=9, partner=[1, 2, 3, 0])
    expected = spectrogram.clone()
    for i, (top, begin, bottom, end) in enumerate(plan.box.tolist()):
        assert (top, bottom) == (0, 8) or begin == end
        expected[i, :, :, begin:end] = spectrogram[(i + 1) % 4, :, :, begin:end]
    torch.testing.assert_close(fm.mix(spectrogram, plan), expected)
