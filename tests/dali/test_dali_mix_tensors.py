"""Tensors that are mixed as they are: spectrograms, float images, uint8 without normalising."""

import numpy as np
import pytest
import torch
from dali_support import arrays, mix_pipeline, mixed, run_mix, same_bits
from support import devices, masked_plan, random_plan

import fastmix as fm

DTYPES = [np.uint8, np.float16, np.float32, np.float64]


def random_tensors(shape: tuple[int, ...], dtype) -> np.ndarray:
    rng = np.random.default_rng(len(shape))
    return rng.integers(0, 256, shape, dtype=np.uint8) if dtype == np.uint8 else rng.normal(size=shape).astype(dtype)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape, layout, weight_shape",
    [
        ((5, 40, 17), "ft", (5, 40, 17)),
        ((5, 40, 17), None, (5, 40, 17)),
        ((5, 3, 9, 8), "CHW", (5, 1, 9, 8)),
        ((5, 9, 8, 3), "HWC", (5, 9, 8, 1)),
        ((5, 2, 9, 8, 3), "FHWC", (5, 1, 9, 8, 1)),
        ((5, 31), None, (5, 1, 31)),
    ],
)
@pytest.mark.parametrize("masks", [None, (4, 50)])
def test_equals_the_formula(masks, shape, layout, weight_shape, dtype, device, generator):
    x = random_tensors(shape, dtype)
    height, width = {"HWC": (9, 8), "FHWC": (9, 8)}.get(layout, (1, *shape[1:])[-2:])
    plan = random_plan(5, height, width, generator, kind="repeats")
    if masks is not None:
        plan = masked_plan(5, (height, width), masks, generator, "repeats")
    expected = mixed(x, plan, height, width, weight_shape if len(shape) > 2 else (5, 31))
    (out,) = run_mix(x, plan=plan, layout=layout, normalize=False, device=device)
    assert same_bits(out, expected)


@pytest.mark.parametrize("device", devices())
def test_masks_of_frames(device, generator):
    x = random_tensors((5, 6, 9, 8), np.float32)
    for masks in ((6, 9, 8), (2, 3, 20)):
        plan = masked_plan(5, (9, 8), masks, generator, "repeats")
        (out,) = run_mix(x, plan=plan, layout="FHW", device=device)
        assert same_bits(out, fm.mix(torch.from_numpy(x), plan).numpy())
    with pytest.raises(ValueError, match=r"frames before the height for masks of 2 frames, got shape \(9 x 8\)"):
        run_mix(x[:, 0], plan=plan, layout="HW", device=device)


def test_shape_type_and_layout_are_kept(generator):
    x = random_tensors((4, 20, 10), np.float32)
    (out,) = mix_pipeline([x], plans=[random_plan(4, 20, 10, generator)], layout="ft").run()
    assert out.layout() == "ft" and out.is_dense_tensor() and out.shape() == [(20, 10)] * 4


def test_float_is_not_normalised_by_default(generator):
    x, plan = random_tensors((4, 6, 5, 3), np.float32), random_plan(4, 6, 5, generator)
    (out,) = run_mix(x, plan=plan)
    assert same_bits(out, mixed(x, plan, 6, 5, (4, 6, 5, 1)))


def test_scalars(generator):
    x = np.arange(6, dtype=np.float32)
    plan = random_plan(6, 1, 1, generator, boxes=False)
    (out,) = run_mix(x, plan=plan, layout=None)
    assert same_bits(out, mixed(x, plan, 1, 1, (6,)))


def test_partial_batches(generator):
    batches = [random_tensors((size, 13, 7), np.float32) for size in (6, 6, 1, 2)]
    plans = [random_plan(len(x), 13, 7, generator) for x in batches]
    pipeline = mix_pipeline(batches, plans=plans, layout="ft", pipeline={"batch_size": 6})
    for x, plan in zip(batches, plans, strict=True):
        assert same_bits(arrays(pipeline.run())[0], mixed(x, plan, 13, 7, x.shape))
