"""``status=`` of mix and resample_mix: bad samples drop out, as if the batch had been drawn without them."""

import numpy as np
import nvidia.dali.fn as fn
import pytest
import torch
from dali_support import arrays, feed, same_bits
from nvidia.dali import pipeline_def
from support import random_plan

from fastmix.plan.dropping import without

COUNT, CLASSES = 7, 5
STATUSES = {
    "none": [0] * COUNT,
    "one": [0, 0, 0, 9, 0, 0, 0],
    "first and last": [10, 0, 0, 0, 0, 0, 2],
    "all but one": [1, 1, 1, 1, 0, 1, 1],
    "all": [3] * COUNT,
}


def run_batch(operator, images, labels, plan, mirror, status=None, **options) -> list[np.ndarray]:
    @pipeline_def(batch_size=COUNT, num_threads=2, device_id=None)
    def graph():
        arguments = {"plan": feed([plan.rows.numpy()]), "mirror": feed([np.int32(mirror)])}
        if status is not None:
            arguments["status"] = feed([np.int32(status)])
        return tuple(
            operator(feed([images], "HWC"), feed([np.int64(labels)]), num_classes=CLASSES, **arguments, **options)
        )

    return arrays(graph().run())


@pytest.mark.parametrize("status", STATUSES.values(), ids=STATUSES)
@pytest.mark.parametrize("name", ["mix", "resample_mix"])
def test_the_others_come_as_if_alone(name, status, generator):
    images = [torch.randint(0, 256, (20, 24, 3), generator=generator, dtype=torch.uint8).numpy() for _ in range(COUNT)]
    labels, mirror = [k % CLASSES for k in range(COUNT)], [k % 2 for k in range(COUNT)]
    plan = random_plan(COUNT, 20, 24, generator)
    operator, options = getattr(fn.fastmix, name), {"size": (20, 24)} if name == "resample_mix" else {}
    found = run_batch(operator, images, labels, plan, mirror, status, **options)
    kept = np.flatnonzero(np.array(status) == 0)
    assert [len(output) for output in found] == [COUNT] * 2
    if not len(kept):
        return
    left = [[values[k] for k in kept] for values in (images, labels)]
    expected = run_batch(operator, *left, without(plan, np.array(status) != 0), [mirror[k] for k in kept], **options)
    for output, array in zip(found, expected, strict=True):
        assert same_bits(output[: len(kept)], array)
