"""ResizeMix: the policy's boxes, the resized partner, its gradient."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import stats
from support import DTYPES, devices, random_images, same_bits

import fastmix as fm
from fastmix.ops import resize_mix as resize
from fastmix.ops.reference import weight_map


def pasted(images: torch.Tensor, plan: fm.MixPlan, rows: torch.Tensor, mode: str) -> torch.Tensor:
    """Sample by sample, with torch's own resize."""
    out = images.double().clone()
    options = {"align_corners": False} if mode == "bilinear" else {}
    for i, (y0, x0, y1, x1) in enumerate(plan.box.tolist()):
        if y1 > y0 and x1 > x0 and (rows is not images or plan.partner[i] != i):
            partner = rows[plan.partner[i].long()][None].double()
            name = "nearest-exact" if mode == "nearest" else mode
            small = F.interpolate(partner, (y1 - y0, x1 - x0), mode=name, **options)[0]
            w = plan.weight_in[i].double()
            out[i, :, y0:y1, x0:x1] = w * out[i, :, y0:y1, x0:x1] + (1 - w) * small
    return out


@pytest.fixture(params=["by device", "all at once"])
def way(request, monkeypatch):
    """All at once is a GPU's way, and a compiler's."""
    if request.param == "all at once":
        monkeypatch.setattr(resize, "_box_by_box", resize._all_at_once)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", DTYPES)
def test_equals_torchs_resize_of_every_partner(dtype, memory_format, device, generator):
    for size, inside in (((16, 20), None), ((9, 13), None), ((32, 24), fm.Uniform())):
        images = random_images((8, 3, *size), dtype, generator, device, memory_format)
        plan = fm.ResizeMix(per="sample", prob=0.8, inside=inside).plan(8, size, seed=2)
        mixed = fm.resize_mix(images, plan)
        on_cpu = images.cpu()
        expected = pasted(on_cpu, plan, on_cpu, "bilinear")
        tolerance = {torch.uint8: 0.51, torch.float64: 1e-12}.get(dtype, 2 * torch.finfo(torch.float32).eps * 64)
        if dtype in (torch.float16, torch.bfloat16):
            tolerance = torch.finfo(dtype).eps * 4
        assert mixed.dtype == dtype and mixed.is_contiguous(memory_format=memory_format)
        torch.testing.assert_close(mixed.cpu().double(), expected, rtol=0, atol=tolerance)


def test_outside_the_box_and_own_partners_keep_their_bytes(generator):
    images = torch.randn(6, 3, 16, 16, generator=generator)
    plan = fm.ResizeMix(pairing="flip", per="sample").plan(6, (16, 16)).with_partner([5, 1, 3, 2, 4, 0])
    mixed = fm.resize_mix(images, plan)
    assert same_bits(mixed[[1, 4]], images[[1, 4]])
    own = weight_map(plan, images.shape).bool().expand_as(images)
    assert torch.equal(mixed[own], images[own])
    assert not torch.equal(mixed[~own], images[~own])


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_other_batch_and_nearest(mode, generator):
    # Sides of 10 in 15: no pixel lies in the middle between two others.
    images, other = torch.randn(4, 2, 15, 15, generator=generator), torch.randn(3, 2, 15, 15, generator=generator)
    plan = fm.ResizeMix(weight=fm.Fixed(0.55), per="sample").plan(4, (15, 15)).with_partner([0, 2, 2, 1])
    mixed = fm.resize_mix(images, plan, other=other, mode=mode)
    torch.testing.assert_close(mixed.double(), pasted(images, plan, other, mode), rtol=0, atol=1e-5)


@pytest.mark.usefixtures("way")
def test_of_two_as_near_the_one_behind():
    """Boxes of half the size: every pixel lies in the middle between two of the partner's."""
    images = torch.arange(16.0).expand(2, 1, 16, 16) + torch.tensor([0.0, 100.0])[:, None, None, None]
    arrays = {"weight_in": [0.0, 0.0], "weight_out": [1.0, 1.0], "box": [[0, 0, 8, 8], [4, 4, 12, 12]]}
    plan = fm.MixPlan.from_arrays(partner=[1, 0], label_weight=[0.75, 0.75], **arrays)
    mixed = fm.resize_mix(images, plan, mode="nearest")
    assert mixed[0, 0, 0].tolist() == [*range(101, 117, 2), *range(8, 16)]
    assert mixed[1, 0, 4].tolist() == [*range(100, 104), *range(1, 17, 2), *range(112, 116)]
    assert torch.equal(mixed, pasted(images, plan, images, "nearest").float())


def test_transformed_and_without_channels(generator):
    images, plan = torch.randn(3, 2, 8, 8, generator=generator), fm.ResizeMix(per="sample").plan(3, (8, 8))
    others = torch.randn(4, 3, 2, 8, 8, generator=generator)
    mixed = torch.func.vmap(lambda other: fm.resize_mix(images, plan, other=other))(others)
    for other, one in zip(others, mixed, strict=True):
        torch.testing.assert_close(one, fm.resize_mix(images, plan, other=other))
    assert fm.resize_mix(images[:, :0], plan).shape == (3, 0, 8, 8)


@pytest.mark.usefixtures("way")
def test_gradcheck(generator):
    plan = fm.ResizeMix(per="sample").plan(3, (6, 5), partner=[1, 2, 1])
    images, other = (torch.randn(3, 1, 6, 5, generator=generator, dtype=torch.float64) for _ in range(2))
    with torch.random.fork_rng(devices=[]):
        assert torch.autograd.gradcheck(lambda x: fm.resize_mix(x, plan), images.requires_grad_())
        assert torch.autograd.gradcheck(lambda x, y: fm.resize_mix(x, plan, other=y), (images, other.requires_grad_()))


def test_sides_are_uniform_and_labels_go_by_area():
    plan = fm.ResizeMix(per="sample").plan(4000, (1000, 500), seed=1)
    height, width = ((plan.box[:, k + 2] - plan.box[:, k]).double().numpy() for k in (0, 1))
    assert np.abs(height / 1000 - width / 500).max() < 3e-3
    assert stats.kstest((height + 0.5) / 1000, stats.uniform(0.1, 0.7).cdf).pvalue > 1e-3
    area = torch.from_numpy(height * width / 500_000)
    torch.testing.assert_close(plan.label_weight.double(), 1 - area, rtol=0, atol=2**-24)
    assert fm.ResizeMix().plan(2, (32, 32)) == fm.ResizeMix().plan(2, (32, 32))


def test_batches_of_none_and_one(generator):
    for batch in (0, 1):
        images = torch.randn(batch, 3, 8, 8, generator=generator)
        assert same_bits(fm.resize_mix(images, fm.ResizeMix().plan(batch, (8, 8))), images)


IMAGES = torch.zeros(2, 3, 8, 8)
PLAN = fm.ResizeMix().plan(2, (8, 8))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fm.ResizeMix(scale=(0.8, 0.1)), ValueError, "low <= high"),
        (lambda: fm.resize_mix(IMAGES[0], PLAN), ValueError, "a plan for 3 samples, got one for 2"),
        (lambda: fm.resize_mix(IMAGES[:, 0], PLAN), ValueError, r"images \(B, C, H, W\), got .* \(2, 8, 8\)"),
        (lambda: fm.resize_mix(IMAGES.long(), PLAN), ValueError, "floating or uint8"),
        (lambda: fm.resize_mix(IMAGES, PLAN, mode="cubic"), ValueError, "'bilinear' or 'nearest', got 'cubic'"),
        (lambda: fm.resize_mix(IMAGES, fm.MixPlan.mixup([1, 0], 0.5)), ValueError, "expected weight_out 1"),
        (lambda: fm.resize_mix(IMAGES[..., :3, :3], PLAN), ValueError, "within height 3 and width 3"),
        (lambda: fm.resize_mix(IMAGES, fm.DirichletMix(2).plan(2)), TypeError, "got a MultiwayPlan"),
    ],
)
def test_refuses(call, error, message):
    with pytest.raises(error, match=message):
        call()
