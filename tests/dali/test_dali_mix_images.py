"""uint8 images: mirrored, mixed, normalised, cast and laid out, bit for bit."""

import numpy as np
import pytest
import torch
from dali_support import (
    DALI_DTYPES,
    MEAN,
    STD,
    arrays,
    bfloat16_bits,
    feed,
    mix_pipeline,
    normalized,
    run_mix,
    same_bits,
)
from nvidia.dali import fn, pipeline_def
from support import devices, masked_plan, random_plan

import fastmix as fm

SIZES = [(1, 1), (7, 5), (16, 33), (64, 64)]


def random_images(rng: np.random.Generator, batch: int, height: int, width: int, channels: int) -> np.ndarray:
    return rng.integers(0, 256, (batch, height, width, channels), dtype=np.uint8)


def laid_out(x: np.ndarray, layout: str) -> np.ndarray:
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2)) if layout == "CHW" else x


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("layout", ["CHW", "HWC"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("height, width", SIZES)
@pytest.mark.parametrize("masks", [None, (9, 40)])
def test_equals_the_formula(masks, height, width, dtype, layout, device, generator):
    rng = np.random.default_rng(height)
    images, plan = random_images(rng, 6, height, width, 3), random_plan(6, height, width, generator)
    if masks is not None:
        plan = masked_plan(6, (height, width), masks, generator)
    mirror = [0, 1, 1, 0, 2, 0]
    option = {"bfloat16": True} if dtype == "bfloat16" else {"dtype": DALI_DTYPES[np.dtype(dtype).type]}
    (out,) = run_mix(
        images, plan=plan, mirror=mirror, mean=MEAN, std=STD, output_layout=layout, device=device, **option
    )
    expected = laid_out(normalized(images, plan, MEAN, STD, mirror), layout)
    expected = bfloat16_bits(expected) if dtype == "bfloat16" else expected.astype(dtype)
    assert same_bits(out, expected)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("per_channel", [False, True])
def test_channels_and_defaults(channels, per_channel, device, generator):
    images = random_images(np.random.default_rng(channels), 5, 9, 13, channels)
    plan = random_plan(5, 9, 13, generator, kind="repeats")
    mean, std = ([10.0, 20.0, 30.0, 40.0][:channels], [2.0, 3.0, 5.0, 7.0][:channels]) if per_channel else ([0], [1])
    options = {"mean": mean, "std": std} if per_channel else {}
    (out,) = run_mix(images, plan=plan, device=device, **options)
    assert same_bits(out, laid_out(normalized(images, plan, mean, std), "CHW"))


def test_batch_of_one_and_partial_batches_in_one_pipeline(generator):
    rng = np.random.default_rng(0)
    batches = [random_images(rng, size, 8, 6, 3) for size in (8, 8, 3, 1, 8)]
    plans = [random_plan(len(images), 8, 6, generator) for images in batches]
    pipeline = mix_pipeline(batches, plans=plans, mean=MEAN, std=STD, pipeline={"batch_size": 8})
    for images, plan in zip(batches, plans, strict=True):
        (out,) = arrays(pipeline.run())
        assert same_bits(out, laid_out(normalized(images, plan, MEAN, STD), "CHW"))


def test_output_is_one_tensor_with_its_layout(generator):
    images = random_images(np.random.default_rng(1), 4, 5, 7, 3)
    for layout in ("CHW", "HWC"):
        pipeline = mix_pipeline([images], plans=[random_plan(4, 5, 7, generator)], output_layout=layout)
        (out,) = pipeline.run()
        assert out.is_dense_tensor() and out.layout() == layout and out.as_tensor().layout() == f"N{layout}"


def test_without_a_layout_and_from_scattered_memory(generator):
    """Images of an earlier operator that shuffles pointers: the inputs are no single tensor."""
    images, plan = random_images(np.random.default_rng(2), 6, 11, 4, 3), random_plan(6, 11, 4, generator)

    @pipeline_def(batch_size=6, num_threads=2, device_id=None)
    def graph():
        source = fn.permute_batch(feed([images]), indices=[5, 4, 3, 2, 1, 0])
        return fn.fastmix.mix(source, plan=feed([plan.rows.numpy()]))

    (out,) = arrays(graph().run())
    assert same_bits(out, laid_out(normalized(images[::-1], plan, [0], [1]), "CHW"))


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_do_not_matter(threads, generator):
    images, plan = random_images(np.random.default_rng(3), 33, 31, 29, 3), random_plan(33, 31, 29, generator)
    (out,) = run_mix(images, plan=plan, mean=MEAN, std=STD, pipeline={"num_threads": threads})
    assert same_bits(out, laid_out(normalized(images, plan, MEAN, STD), "CHW"))


def test_defaults_of_a_plan_mix_nothing():
    images = random_images(np.random.default_rng(4), 4, 6, 6, 3)
    partner = np.arange(4)[::-1]
    (out,) = run_mix(images, plan=fm.MixPlan.mixup(partner.copy(), 1.0))
    assert same_bits(out, laid_out(images.astype(np.float32), "CHW"))


def test_same_bits_as_the_torch_operator(generator):
    images, plan = random_images(np.random.default_rng(5), 7, 24, 18, 3), random_plan(7, 24, 18, generator)
    mean, std = fm.ops.normalize_mix.IMAGENET_MEAN, fm.ops.normalize_mix.IMAGENET_STD
    expected = fm.normalize_mix(torch.from_numpy(images), plan, mirror=torch.arange(7) % 2 == 0)
    pixel_mean, pixel_std = [255 * m for m in mean], [255 * s for s in std]
    (out,) = run_mix(images, plan=plan, mirror=np.arange(7) % 2 == 0, mean=pixel_mean, std=pixel_std)
    assert same_bits(out, expected.numpy())
