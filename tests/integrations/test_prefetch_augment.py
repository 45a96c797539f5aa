"""prefetch(augment=): the batches of any loader, augmented by plans that depend on each sample's place in the pass."""

import numpy as np
import pytest
import torch
from support import noise, same_bits

import fastmix as fm
import fastmix.augment as fa

CHAIN = fa.Compose([fa.RandomHorizontalFlip(), fa.TrivialAugmentWide(), fa.RandomErasing(0.5, "pixel")])
CROPS = fa.Compose([fa.RandomResizedCrop(interpolation="random"), CHAIN])


def batches(sizes: list[tuple[int, int]]) -> list[list[torch.Tensor]]:
    generator = torch.Generator().manual_seed(2)
    return [[noise(*size, 3, generator) for size in sizes] for _ in range(3)]


@pytest.mark.parametrize("channels_last", [False, True])
def test_uint8_batches(channels_last) -> None:
    images = [torch.stack(batch) for batch in batches([(24, 30)] * 4)]
    given = images if channels_last else [batch.permute(0, 3, 1, 2) for batch in images]
    loader = fm.prefetch([(batch, torch.arange(4)) for batch in given], augment=CHAIN, seed=3, device="cpu", rank=1)
    for epoch in range(2):
        for step, (made, labels) in enumerate(loader):
            keys = fa.SampleKeys(3, epoch, 4 * step + np.arange(4), view=1)
            plan = CHAIN.plan(keys, (24, 30))
            assert same_bits(made, fm.resample_mix(list(images[step]), size=(24, 30), sample_plan=plan))
            assert labels.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("windows", [False, True])
def test_images_of_any_size(windows) -> None:
    given = batches([(40, 52), (33, 24), (64, 64), (17, 90)])
    mix = fm.Mixup(0.4)
    boxes = [(1, 2, 15, 20)] * 4 if windows else None
    policy = CHAIN if windows else CROPS
    mirror = [True, False, False, True]
    loader = fm.prefetch(
        [(fm.WindowedImages(batch, boxes, mirror), torch.arange(4)) for batch in given],
        size=20,
        augment=policy,
        mix=mix,
        num_classes=4,
        device="cpu",
        rank=0,
    )
    for step, (made, _) in enumerate(loader):
        sizes = [image.shape[:2] for image in given[step]]
        plan = policy.plan(fa.SampleKeys(0, 0, 4 * step + np.arange(4)), (20, 20), sizes)
        mixed = mix.plan(4, (20, 20), epoch=0, step=step)
        expected = fm.resample_mix(given[step], boxes, mixed, size=20, mirror=mirror, sample_plan=plan)
        assert same_bits(made, expected)


@pytest.mark.parametrize(
    ("images", "options", "error", "message"),
    [
        (torch.rand(2, 3, 4, 4), {}, TypeError, "expected uint8 images"),
        (torch.zeros(2, 4, 4, 3, dtype=torch.uint8), {"augment": fm.Mixup(0.4)}, TypeError, "got Mixup"),
        (
            fm.WindowedImages([torch.zeros(4, 4, 3, dtype=torch.uint8)], [(0, 0, 2, 2)]),
            {"size": 2, "augment": CROPS},
            ValueError,
            "expected WindowedImages without windows",
        ),
        (
            fm.WindowedImages([torch.zeros(4, 4, 3, dtype=torch.uint8)], filter="box"),
            {"size": 2},
            ValueError,
            "expected WindowedImages with filter='bilinear' with augment, got 'box'",
        ),
    ],
)
def test_errors(images, options, error, message) -> None:
    with pytest.raises(error, match=message):
        next(
            iter(fm.prefetch([(images, torch.arange(2))], **{"augment": CHAIN, "device": "cpu", "rank": 0, **options}))
        )
