"""``fn.fastmix.resample_mix`` with a sample plan: the torch function's bits, and errors."""

import re

import numpy as np
import nvidia.dali.fn as fn
import pytest
import torch
from dali_support import MEAN, STD, arrays, feed, plan_arguments, same_bits
from nvidia.dali import pipeline_def
from support import noise, random_plan

import fastmix as fm
import fastmix.augment as fa

SIZES = [(30, 95), (47, 40), (64, 64), (20, 21)]
COUNT = len(SIZES)
SIZE = (19, 24)
POLICY = fa.Compose([fa.RandomHorizontalFlip(), fa.RandAugment(), fa.RandomErasing(0.9, "pixel", before_mixing=False)])
CROPS = fa.Compose([fa.RandomResizedCrop(interpolation="random"), POLICY])


def images(generator: torch.Generator) -> list[np.ndarray]:
    return [noise(*size, 3, generator).numpy() for size in SIZES]


def run_batch(pixels, rows, plan=None, device_id=None, device="cpu", **options) -> np.ndarray:
    nodes = {name: options.pop(name) for name in ("window", "mirror", "status") if name in options}

    @pipeline_def(batch_size=COUNT, num_threads=2, seed=7, device_id=device_id)
    def graph():
        arguments = {} if plan is None else plan_arguments([plan])
        arguments |= {name: feed([value]) for name, value in nodes.items()}
        if rows is not None:
            arguments["sample_plan"] = feed([rows]) if isinstance(rows, np.ndarray | list) else rows
        return fn.fastmix.resample_mix(
            feed([pixels], "HWC"), device=device, size=list(SIZE), mean=MEAN, std=STD, **arguments, **options
        )

    pipeline = graph()
    pipeline.build()
    return arrays(pipeline.run())[0]


@pytest.mark.parametrize("layout", ["CHW", "HWC"])
@pytest.mark.parametrize("crops", [False, True])
def test_equals_the_torch_function(crops, layout, generator) -> None:
    pixels, plan = images(generator), random_plan(COUNT, *SIZE, generator, "flip")
    policy, mirror = (CROPS if crops else POLICY), torch.rand(COUNT, generator=generator) < 0.5
    sample_plan = policy.plan(fa.SampleKeys(1, 2, np.arange(COUNT)), SIZE, SIZES)
    windows = None if crops else [(1, 2.5, 15.25, 14 + k) for k in range(COUNT)]
    nodes = {"mirror": mirror.numpy().astype(np.int32)}
    if windows is not None:
        nodes["window"] = np.array(windows, np.float32)
    made = run_batch(pixels, sample_plan.rows.numpy(), plan, output_layout=layout, **nodes)
    tensors = [torch.from_numpy(image) for image in pixels]
    expected = fm.resample_mix(
        tensors,
        windows,
        plan,
        size=SIZE,
        mean=[value / 255 for value in MEAN],
        std=[value / 255 for value in STD],
        mirror=mirror,
        sample_plan=sample_plan,
    )
    assert same_bits(made if layout == "CHW" else made.transpose(0, 3, 1, 2), expected.numpy())


def test_bad_samples_keep_their_rows(generator) -> None:
    """The plan's rows follow their samples when others are dropped."""
    pixels = images(generator)
    sample_plan = POLICY.plan(fa.SampleKeys(1, 2, np.arange(COUNT)), SIZE)
    all_of_them = run_batch(pixels, sample_plan.rows.numpy(), alpha=0.0)
    kept = run_batch(pixels, sample_plan.rows.numpy(), alpha=0.0, status=np.array([0, 1, 0, 1], np.int32))
    assert same_bits(kept[:2], all_of_them[[0, 2]])


def rows(slots: int = 1) -> np.ndarray:
    return fa.SamplePlan.identity(COUNT, slots).rows.numpy().copy()


def windowed() -> np.ndarray:
    plan = fa.SamplePlan.identity(COUNT)
    plan.window[:] = torch.tensor([0, 0, 5, 5])
    return plan.rows.numpy()


def with_word(place: int, value: int) -> np.ndarray:
    changed = rows()
    changed[2, place] = value
    return changed


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        (rows(), {"filter": "box"}, "filter and edges have no effect with sample_plan"),
        (rows(), {"edges": "crop"}, "filter and edges have no effect with sample_plan"),
        (rows()[:, :15].copy(), {}, "expected rows of 16 + 4 K words in sample_plan, got 15"),
        ([*rows()[:3], rows(2)[3]], {}, "expected rows of one length in sample_plan, got 20 words"),
        (rows().astype(np.float32), {}, "expected sample_plan as rows of INT32"),
        (windowed(), {"window": np.array([(0, 0, 4, 4)] * COUNT, np.float32)}, "in the sample plan, got both"),
        (with_word(0, 5), {}, "expected rows of a sample plan, layout version 1"),
        (with_word(6, 5), {}, "got the output size 5 x 0 for sample 2"),
        (with_word(16, 77), {}, "expected zeros after the first 0 operations"),
    ],
)
def test_errors(given, options, message, generator) -> None:
    with pytest.raises((RuntimeError, ValueError, TypeError), match=re.escape(message)):
        run_batch(images(generator), given, alpha=0.0, **options)


def test_constants_are_refused(generator) -> None:
    with pytest.raises((RuntimeError, TypeError, ValueError), match="expected sample_plan as a node"):
        run_batch(images(generator), tuple([1] * 16), alpha=0.0)
