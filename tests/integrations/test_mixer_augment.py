"""Mixer(augment=): uint8 batches are augmented, then mixed."""

import numpy as np
import pytest
import torch
from support import noise

import fastmix as fm
import fastmix.augment as fa

POLICY = fa.Compose([fa.RandomHorizontalFlip(), fa.Scheduled(fa.TrivialAugmentWide(), end_epoch=1)])


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("partners", ["batch", "previous"])
def test_augments_and_mixes(in_place, partners, generator) -> None:
    images = torch.stack([noise(12, 16, 3, generator) for _ in range(4)]).permute(0, 3, 1, 2).contiguous()
    labels = torch.arange(4)
    options = {"num_classes": 4, "in_place": in_place, "partners": partners, "seed": 7, "rank": 2}
    mixer = fm.Mixer(fm.Mixup(0.4), augment=POLICY, **options)
    without = fm.Mixer(fm.Mixup(0.4), **options)
    for epoch in range(2):
        for each in (mixer, without):
            each.set_epoch(epoch)
        for step in range(2):
            plan = POLICY.plan(fa.SampleKeys(7, epoch, np.arange(4), step, 2), (12, 16))
            given = images.clone()
            made, targets = mixer(given, labels)
            expected, expected_targets = without(fm.augment_images(images, plan), labels)
            assert made.equal(expected) and targets.equal(expected_targets)
            assert (made is given) == in_place
            assert in_place or given.equal(images)


def test_errors() -> None:
    with pytest.raises(TypeError, match=r"expected augment as a policy of fastmix\.augment, got Mixup"):
        fm.Mixer(fm.Mixup(0.4), augment=fm.Mixup(0.4))
    with pytest.raises(ValueError, match="expected augment without windows"):
        fm.Mixer(fm.Mixup(0.4), augment=fa.RandomResizedCrop())
    mixer = fm.Mixer(fm.Mixup(0.4), num_classes=2, augment=POLICY)
    with pytest.raises(TypeError, match=r"expected images of dtype torch\.uint8, got torch\.float32"):
        mixer(torch.zeros(2, 3, 4, 4), torch.arange(2))
    assert mixer.step == 0
