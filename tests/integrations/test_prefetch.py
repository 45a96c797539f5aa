"""``prefetch``: batches of any loader, normalised and mixed one ahead."""

import re

import pytest
import torch
from support import devices

import fastmix as fm


@pytest.mark.parametrize("layout", ["NCHW", "NHWC", "float"])
def test_prefetch_wraps_any_loader(layout, generator):
    images = torch.randint(0, 256, (20, 3, 8, 10), dtype=torch.uint8, generator=generator)
    if layout == "NHWC":
        images = images.permute(0, 2, 3, 1).contiguous()
    if layout == "float":
        images = images.float()
    data = torch.utils.data.TensorDataset(images, torch.arange(20) % 4, torch.arange(20))
    inner = torch.utils.data.DataLoader(data, batch_size=8, generator=torch.Generator())
    policy = fm.CutMix(1.0, per="pair")
    kept = images.clone()
    loader = fm.prefetch(inner, mix=policy, num_classes=4, device="cpu", seed=3)
    assert len(loader) == 3 and loader.batch_size == 8 and loader.dataset is data
    for epoch in range(2):
        assert loader.epoch == epoch
        for step, ((x, y, ids), (raw, labels, index)) in enumerate(zip(loader, inner, strict=True)):
            size = raw.shape[1:3] if layout == "NHWC" else raw.shape[2:]
            plan = policy.plan(len(raw), tuple(size), seed=3, epoch=epoch, step=step)
            pixels = raw if layout == "NHWC" else raw.permute(0, 2, 3, 1).contiguous()
            assert x.equal(fm.mix(raw, plan) if layout == "float" else fm.normalize_mix(pixels, plan))
            assert y.equal(fm.mix_labels(labels, plan, 4)) and ids.equal(index)
    assert images.equal(kept)
    assert loader.stats()["images"] == 20 and loader.stats()["batches"] == 3
    plain = next(iter(fm.prefetch(inner, device="cpu")))
    assert plain[1].equal(torch.arange(8) % 4)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("form", ["windowed", "list"])
def test_prefetch_resamples_windowed_images(form, device, generator):
    images = [torch.randint(0, 256, (9 + i, 40 - i, 3), dtype=torch.uint8, generator=generator) for i in range(12)]
    windows = torch.tensor([[1.0, 2.5, 5 + i / 2, 20 + i / 3] for i in range(12)])
    mirror = torch.arange(12) % 3 == 0

    def collate(samples):
        windowed = fm.WindowedImages(
            [images[i] for i in samples], windows[samples], mirror[samples], "bicubic", "image"
        )
        return windowed if form == "windowed" else windowed.images, torch.tensor(samples) % 4, "kept"

    inner = torch.utils.data.DataLoader(range(12), 5, collate_fn=collate, generator=torch.Generator())
    policy = fm.CutMix(1.0, per="pair")
    options = {"mean": (0.4, 0.5, 0.6), "std": (0.2, 0.2, 0.3), "dtype": torch.float16}
    loader = fm.prefetch(inner, mix=policy, num_classes=4, size=(16, 20), device=device, seed=3, **options)
    for step, (x, y, other) in enumerate(loader):
        samples = list(range(12))[5 * step : 5 * step + 5]
        plan = policy.plan(len(samples), (16, 20), seed=3, epoch=0, step=step)
        seen = {"windows": windows[samples], "mirror": mirror[samples], "filter": "bicubic", "edges": "image"}
        seen = seen if form == "windowed" else {}
        expected = fm.resample_mix([images[i] for i in samples], plan=plan, size=(16, 20), **seen, **options)
        assert x.device.type == device and x.cpu().equal(expected) and other == "kept"
        assert y.cpu().equal(fm.mix_labels(torch.tensor(samples) % 4, plan, 4))
    assert step == 2 and loader.stats()["images"] == 12
    assert loader.stats()["bytes"] == sum(image.nbytes for image in images)


def test_prefetch_refuses():
    image = torch.zeros(4, 4, 3, dtype=torch.uint8)
    with pytest.raises(ValueError, match="expected size for batches with a list"):
        next(iter(fm.prefetch([([image], torch.zeros(1))], device="cpu")))
    with pytest.raises(TypeError, match="a list of str"):
        next(iter(fm.prefetch([(["a"], torch.zeros(1))], device="cpu", size=2)))
    with pytest.raises(ValueError, match="expected size as a number of pixels"):
        fm.prefetch([], size=(3, 0))
    with pytest.raises(TypeError, match="policy or None"):
        fm.prefetch([], mix=0.2)
    with pytest.raises(ValueError, match="smoothing=0"):
        fm.prefetch([], smoothing=0.1)
    with pytest.raises(TypeError, match="batches"):
        next(iter(fm.prefetch([{"x": image}], device="cpu")))


@pytest.mark.cuda
def test_prefetch_on_cuda_keeps_memory_alive(generator):
    images = torch.randint(0, 256, (64, 3, 64, 64), dtype=torch.uint8, generator=generator)
    data = torch.utils.data.TensorDataset(images, torch.arange(64))
    inner = torch.utils.data.DataLoader(data, batch_size=8, pin_memory=True, generator=torch.Generator())
    expected = [x for x, _ in fm.prefetch(inner, device="cpu")]
    sums = [(x * 2.0).cpu() for x, _ in fm.prefetch(inner, device="cuda")]
    assert all(got.equal(want * 2.0) for got, want in zip(sums, expected, strict=True))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "meta"}, "prefetch: expected device 'auto', 'cpu' or 'cuda', got 'meta'"),
        (
            {"mean": (0.5, 0.5)},
            "prefetch: expected mean to be 3 finite numbers (red, green, blue; 0 to 1), got (0.5, 0.5)",
        ),
        ({"std": (1, 1, 0)}, "prefetch: expected std to be 3 finite numbers > 0"),
        ({"rank": -1}, "prefetch: expected rank >= 0, got -1"),
    ],
)
def test_errors_name_prefetch(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        fm.prefetch([], **options)
