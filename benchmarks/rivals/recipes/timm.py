"""timm's ``create_loader``: its transforms in the workers, FastCollateMixup, erasing and normalising in PrefetchLoader.

timm has no TrivialAugmentWide and no views. RandAugment is timm's, with both operations always applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from benchmarks.rivals import ALPHA, MEAN, STD, Job, Unavailable
from benchmarks.rivals.compiled import import_torchvision
from benchmarks.rivals.recipes.references import Photographs, let_posterize_make_black

LABEL = "timm create_loader"
SETTINGS: dict[str, dict[str, Any]] = {
    "randaugment": {"auto_augment": "rand-m9-n2-p1.0-inc1", "interpolation": "bilinear"},
    "deit": {
        "auto_augment": "rand-m9-mstd0.5-inc1",
        "interpolation": "bicubic",
        "re_prob": 0.25,
        "re_mode": "pixel",
    },
}
MIXES = {"randaugment": (ALPHA, 0.0, 0.0), "deit": (0.8, 1.0, 0.1)}


def batches(job: Job, recipe: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    if recipe not in SETTINGS:
        raise Unavailable("timm has neither TrivialAugmentWide nor views of several sizes")
    import_torchvision()  # timm.data needs it
    try:
        from timm.data import FastCollateMixup, auto_augment, create_loader
    except ImportError as error:
        raise Unavailable(f"timm: {error}") from error
    let_posterize_make_black(auto_augment)
    mixup, cutmix, smoothing = MIXES[recipe]
    loader = create_loader(
        Photographs(job),
        (3, job.size, job.size),
        job.batch_size,
        is_training=True,
        num_workers=job.cores,
        collate_fn=FastCollateMixup(mixup, cutmix, label_smoothing=smoothing, num_classes=job.num_classes),
        mean=MEAN,
        std=STD,
        device=torch.device("cpu"),
        **SETTINGS[recipe],
    )
    while True:
        yield from loader
