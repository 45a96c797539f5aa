"""``fn.fastmix.resample_mix``: the torch function's bits, from images of different sizes."""

import numpy as np
import nvidia.dali.fn as fn
import pytest
import torch
from dali_support import MEAN, STD, arrays, dense_targets, feed, plan_arguments, same_bits
from nvidia.dali import pipeline_def, types
from support import masked_plan, random_plan

import fastmix as fm
import fastmix.dali
from fastmix.ops.resample_mix import resample_mix

COUNT = 6


def sources(generator: torch.Generator, channels: int = 3) -> list[np.ndarray]:
    return [
        torch.randint(0, 256, (30 + 17 * k, 95 - 11 * k, channels), generator=generator, dtype=torch.uint8).numpy()
        for k in range(COUNT)
    ]


def run_batch(images, labels=None, plan=None, mirror=None, windows=None, runs: int = 1, **options) -> list:
    @pipeline_def(batch_size=COUNT, num_threads=2, seed=7, device_id=None)
    def graph():
        inputs = [feed([images], "HWC")]
        if labels is not None:
            inputs.append(feed([labels]))
        arguments = {}
        if plan is not None:
            arguments = plan_arguments([plan])
        if mirror is not None:
            arguments["mirror"] = feed([np.asarray(mirror, np.int32)])
        if windows is not None:
            arguments["window"] = feed([np.asarray(windows, np.float32)])
        outputs = fn.fastmix.resample_mix(*inputs, **arguments, **options)
        return tuple(outputs) if labels is not None else outputs

    pipeline = graph()
    pipeline.build()
    return [arrays(pipeline.run()) for _ in range(runs)]


@pytest.mark.parametrize("layout", ["CHW", "HWC"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("edges", ["crop", "image"])
@pytest.mark.parametrize("filter", ["nearest", "box", "bilinear", "bicubic", "lanczos"])
def test_equals_the_torch_function(filter, edges, dtype, layout, generator):
    images = sources(generator)
    windows = [(1, 2.5, 20 + k, 30.25 + k) for k in range(COUNT)]
    mirror = torch.rand(COUNT, generator=generator) < 0.5
    plan = masked_plan(COUNT, (19, 24), (7, 30), generator)
    kind = {"bfloat16": True} if dtype == torch.bfloat16 else {"dtype": _DALI[dtype]}
    ((out,),) = run_batch(
        images,
        plan=plan,
        mirror=mirror,
        windows=windows,
        size=[19, 24],
        filter=filter,
        edges=edges,
        mean=MEAN,
        std=STD,
        output_layout=layout,
        **kind,
    )
    expected = resample_mix(
        [torch.from_numpy(image) for image in images],
        windows,
        plan,
        size=(19, 24),
        mean=[value / 255 for value in MEAN],
        std=[value / 255 for value in STD],
        dtype=dtype,
        mirror=mirror,
        filter=filter,
        edges=edges,
    )
    expected = expected.permute(0, 2, 3, 1) if layout == "HWC" else expected
    bits = expected.contiguous()
    assert same_bits(out, bits.view(torch.int16).numpy() if dtype == torch.bfloat16 else bits.numpy())


_DALI = {torch.float32: types.FLOAT, torch.float16: types.FLOAT16}


def test_whole_images_by_default_and_labels(generator):
    images = sources(generator)
    labels = [np.array(k % 4, np.int64) for k in range(COUNT)]
    plan = random_plan(COUNT, 16, 16, generator)
    ((out, targets),) = run_batch(images, labels, plan, size=16, num_classes=4, smoothing=0.1)
    tensors = [torch.from_numpy(image) for image in images]
    expected = resample_mix(tensors, None, plan, size=16, mean=[0.0] * 3, std=[1 / 255] * 3)
    assert same_bits(out, expected.numpy())
    np.testing.assert_allclose(targets, dense_targets(labels, plan, 4, 0.1), atol=1e-7)


def test_draws_a_plan_anew_for_every_batch(generator):
    images = sources(generator)
    first, second = run_batch(images, size=12, alpha=1.0, runs=2)
    again, _ = run_batch(images, size=12, alpha=1.0, runs=2)
    assert same_bits(first[0], again[0])
    assert not same_bits(first[0], second[0])


def test_dynamic_mode(generator):
    import nvidia.dali.experimental.dynamic as ndd

    images = sources(generator)
    out = ndd.fastmix.resample_mix(ndd.as_batch(images, layout="HWC"), size=[12, 14], alpha=0.0, rng=ndd.random.RNG(0))
    expected = resample_mix([torch.from_numpy(x) for x in images], size=(12, 14), mean=[0.0] * 3, std=[1 / 255] * 3)
    got = np.stack([np.array(sample.cpu()) for sample in out])
    assert same_bits(got, expected.numpy())


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"size": [1, 2, 3]}, "size as one number or"),
        ({"size": 0}, "at least one pixel"),
        ({"size": 8, "filter": "area"}, "filter 'nearest', 'box', 'bilinear', 'bicubic' or 'lanczos', got 'area'"),
        ({"size": 8, "edges": "reflect"}, "edges 'crop' or 'image', got 'reflect'"),
        ({"size": 8, "windows": [(0, 0, 500, 5)] * COUNT}, "inside the image"),
        ({"size": 8, "normalize": False}, "expected UINT8 images"),
        ({"size": 8, "mean": [1.0, 2.0]}, "mean of 1 or 3 values"),
    ],
)
def test_refusals(options, text, generator):
    with pytest.raises((ValueError, RuntimeError), match=text):
        run_batch(sources(generator), **options)


def test_refuses_different_channels(generator):
    images = sources(generator)
    images[2] = images[2][:, :, :1].copy()
    with pytest.raises((ValueError, RuntimeError), match="with the same channels"):
        run_batch(images, size=8)


def test_plan_identity_is_no_mixing(generator):
    images = sources(generator)
    ((plain,),) = run_batch(images, plan=fm.MixPlan.identity(COUNT), size=8)
    ((off,),) = run_batch(images, alpha=0.0, size=8)
    assert same_bits(plain, off)
