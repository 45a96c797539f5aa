"""Dense targets: the second output where labels are given."""

import numpy as np
import pytest
import torch
from dali_support import dense_targets, mix_pipeline, run_mix, same_bits
from support import devices, random_plan

import fastmix as fm

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), dtype=np.uint8)
LABELS = np.array([0, 9, 3, 3, 5, 0])


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("shape", [(), (1,)])
def test_equals_the_formula(shape, dtype, smoothing, device, generator):
    plan = random_plan(6, 4, 4, generator)
    labels = [label.reshape(shape) for label in LABELS.astype(dtype)]
    _, targets = run_mix(IMAGES, labels, plan, num_classes=10, smoothing=smoothing, device=device)
    assert targets.shape == (6, 10) and targets.dtype == np.float32
    np.testing.assert_allclose(targets, dense_targets(LABELS, plan, 10, smoothing), rtol=0, atol=2**-23)
    np.testing.assert_allclose(targets.sum(1, dtype=np.float64), 1.0, rtol=0, atol=1e-6)


def test_same_bits_as_the_torch_operator(generator):
    plan = random_plan(6, 4, 4, generator)
    _, targets = run_mix(IMAGES, LABELS, plan, num_classes=10, smoothing=0.1)
    assert same_bits(targets, fm.mix_labels(torch.from_numpy(LABELS), plan, num_classes=10, smoothing=0.1).numpy())


def test_a_pair_of_one_class_sums_to_exactly_one():
    plan = fm.MixPlan.mixup(np.arange(6)[::-1].copy(), np.float32([0.1, 0.2, 0.3, 0.7, 0.9, 1 / 3]))
    _, targets = run_mix(IMAGES, np.full(6, 4), plan, num_classes=10)
    assert same_bits(targets, np.eye(10, dtype=np.float32)[np.full(6, 4)])


def test_labels_with_tensors_that_are_not_normalised(generator):
    x = np.random.default_rng(1).normal(size=(6, 8, 5)).astype(np.float32)
    plan = random_plan(6, 8, 5, generator)
    _, targets = run_mix(x, LABELS, plan, num_classes=10, layout="ft")
    np.testing.assert_allclose(targets, dense_targets(LABELS, plan, 10), rtol=0, atol=2**-23)


def test_targets_are_one_tensor():
    _, targets = mix_pipeline([IMAGES], [LABELS], num_classes=12).run()
    assert targets.is_dense_tensor() and targets.shape() == [(12,)] * 6
