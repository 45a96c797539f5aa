"""Defects of timm's and torchvision's own classes, and what the drop-ins do instead."""

import numpy as np
import pytest
import torch
from defects import own_pixels
from peers import seeded, timm_mixup, torchvision_v2

from fastmix.integrations import timm as timm_like
from fastmix.integrations import torchvision as torchvision_like


def test_timm_elem_on_uint8_gives_the_target_of_the_wrong_image() -> None:
    x = torch.tensor([200, 0], dtype=torch.uint8)[:, None, None, None].expand(2, 1, 4, 4)
    options = {"mixup_alpha": 1e6, "mode": "elem", "num_classes": 2, "label_smoothing": 0.0}
    with seeded(0):
        pixels, target = timm_mixup().Mixup(**options)(x.clone(), torch.tensor([0, 1]))
    assert pixels[0].float().mean() > 90 and target[0].tolist() == [0, 1]
    pixels, target = timm_like.Mixup(**options)(x.clone(), torch.tensor([0, 1]))
    assert (pixels[0] == 100).all()
    torch.testing.assert_close(target[0], torch.tensor([0.5, 0.5]), rtol=0, atol=2e-3)


def test_timm_elem_on_float16_has_rows_that_do_not_sum_to_one() -> None:
    options = {"mode": "elem", "num_classes": 4, "label_smoothing": 0.0}
    x, y = torch.zeros(64, 1, 2, 2, dtype=torch.float16), torch.arange(64) % 4

    def largest_miss(mixup) -> float:
        with seeded(0):
            return (mixup(x.clone(), y)[1].double().sum(1) - 1).abs().max().item()

    assert largest_miss(timm_mixup().Mixup(**options)) > 1e-4
    assert largest_miss(timm_like.Mixup(**options)) < 1e-7


@pytest.mark.parametrize("mode", ["pair", "half"])
def test_timm_collate_writes_into_the_dataset(mode: str) -> None:
    options = {"mixup_alpha": 0.0, "cutmix_minmax": (0.4, 0.6), "mode": mode, "num_classes": 8}
    for make, is_kept in ((timm_mixup().FastCollateMixup, False), (timm_like.FastCollateMixup, True)):
        samples = [(np.full((3, 8, 8), 20 * i, np.uint8), i) for i in range(8)]
        with seeded(0):
            make(**options)(samples)
        assert all((image == 20 * i).all() for image, i in samples) == is_kept


def test_timm_collate_destroys_floating_images() -> None:
    samples = [(np.full((1, 4, 4), 0.6, np.float32), i) for i in range(2)]
    with seeded(0):
        images, _ = timm_mixup().FastCollateMixup(num_classes=2, prob=0.0)(samples)
    assert (images == 0).all()
    with pytest.raises(TypeError, match=r"expected uint8 images, got torch\.float32"):
        timm_like.FastCollateMixup(num_classes=2)(samples)


def test_timm_cutmix_of_videos_cuts_the_wrong_axes() -> None:
    # The first of two videos is 1, the other 0: (B, C, T, H, W).
    options = {"mixup_alpha": 0.0, "cutmix_minmax": (0.4, 0.6), "num_classes": 2, "label_smoothing": 0.0}
    for make, is_right in ((timm_mixup().Mixup, False), (timm_like.Mixup, True)):
        x = torch.zeros(2, 1, 5, 16, 12)
        x[0] = 1
        with seeded(0):
            mixed, target = make(**options)(x, torch.tensor([0, 1]))
        assert (abs(own_pixels(mixed)[0] - target[0, 0]) < 1e-6) == is_right


@pytest.mark.parametrize("batch", [0, 1, 3, 5])
def test_timm_refuses_odd_batches(batch: int) -> None:
    x, y = torch.randn(batch, 1, 4, 4, generator=torch.Generator().manual_seed(1)), torch.zeros(batch).long()
    if batch % 2:
        with seeded(0), pytest.raises(AssertionError, match="even"):
            timm_mixup().Mixup(num_classes=2)(x.clone(), y)
    mixed, target = timm_like.Mixup(num_classes=2)(x.clone(), y)
    assert mixed.shape == x.shape and target.shape == (batch, 2)
    assert not batch % 2 or torch.equal(mixed[batch // 2], x[batch // 2])


def test_timm_flattens_one_hot_labels() -> None:
    x, y = torch.zeros(4, 1, 2, 2), torch.eye(4)[:, :3].long()
    with seeded(0):
        assert timm_mixup().Mixup(num_classes=3)(x.clone(), y)[1].shape == (12, 3)
    with pytest.raises(ValueError, match=r"class ids of shape \(B,\), got \(4, 3\)"):
        timm_like.Mixup(num_classes=3)(x, y)


def test_timm_takes_a_mistyped_mode_for_batch() -> None:
    timm_mixup().Mixup(mode="per-element")
    with pytest.raises(ValueError, match="expected mode"):
        timm_like.Mixup(mode="per-element")


def test_torchvision_refuses_uint8_images_and_int32_labels() -> None:
    x = torch.full((2, 1, 4, 4), 7, dtype=torch.uint8)
    theirs = torchvision_v2().MixUp(num_classes=2)
    with seeded(0):
        with pytest.raises(RuntimeError):
            theirs(x, torch.tensor([0, 1]))
        with pytest.raises(RuntimeError):
            theirs(x.float(), torch.tensor([0, 1], dtype=torch.int32))
    mixed, target = torchvision_like.MixUp(num_classes=2)(x, torch.tensor([0, 1], dtype=torch.int32))
    assert torch.equal(mixed, x) and (target.sum(1) == 1).all()


def test_torchvision_mixes_labels_as_images_where_they_come_first() -> None:
    sample = {
        "labels": torch.tensor([0, 1]),
        "pixels": torch.tensor([0.0, 1.0])[:, None, None, None].expand(2, 1, 8, 8),
    }
    with seeded(0), pytest.raises((ValueError, TypeError, RuntimeError)):
        torchvision_v2().CutMix(num_classes=2)(sample)
    mixed = torchvision_like.CutMix(num_classes=2, seed=1)(sample)
    torch.testing.assert_close(own_pixels(mixed["pixels"]), mixed["labels"][:, 1].double())


@pytest.mark.parametrize("mode", ["elem", "pair"])
def test_mindcv_elem_and_pair_call_a_tensors_method_on_arrays(mode: str) -> None:
    images = np.zeros((4, 3, 8, 8), np.uint8)
    with pytest.raises(AttributeError, match="clone"):
        images.clone()
    mixed, target = timm_like.FastCollateMixup(mode=mode, num_classes=4)([(image, i) for i, image in enumerate(images)])
    assert mixed.shape == images.shape and target.shape == (4, 4)
