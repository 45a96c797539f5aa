"""The same policies in other libraries, as far as they are installed, on a batch that is in memory.

Laws are the same, draws are each library's own. DALI's pipeline takes the batch over without a copy and draws per
sample. kornia works on float images, and draws one operation for the whole batch.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from PIL import Image
from torch import Tensor

from benchmarks import mix_peers
from benchmarks.augment.operations import FILL, Call

Run = Callable[[], Any]


def on_pillow(policy: str) -> Call | None:
    """Return torchvision's or timm's class, for one Pillow image."""
    if policy.startswith("timm"):
        timm = mix_peers.timm_data("auto_augment")
        options = {"translate_const": 100, "img_mean": FILL, "interpolation": Image.Resampling.BICUBIC}
        return None if timm is None else timm.rand_augment_transform(policy.removeprefix("timm "), options)
    v2 = mix_peers.torchvision_v2()
    if v2 is None:
        return None
    bilinear = {"interpolation": v2.InterpolationMode.BILINEAR}
    classes: dict[str, Callable[[], Call]] = {
        "TrivialAugmentWide": lambda: v2.TrivialAugmentWide(**bilinear),
        "RandAugment n2 m9": lambda: v2.RandAugment(**bilinear),
        "AutoAugment ImageNet": lambda: v2.AutoAugment(**bilinear),
        "AugMix": lambda: v2.AugMix(**bilinear),
        "ColorJitter 0.4": lambda: v2.ColorJitter(0.4, 0.4, 0.4),
    }
    return classes[policy]()


def on_tensors(policy: str, batch: Tensor) -> Run | None:
    """Return a call of torchvision's class for each image of a uint8 batch (B, H, W, 3) as a tensor (3, H, W)."""
    call: Any = None if policy.startswith("timm") else on_pillow(policy)
    planar = batch.permute(0, 3, 1, 2).contiguous()
    return None if call is None else lambda: [call(image) for image in planar]


def dali(policy: str, batch: Tensor, threads: int) -> Run | None:
    try:
        from nvidia.dali import fn, pipeline_def
        from nvidia.dali.auto_aug import auto_augment, rand_augment, trivial_augment
    except ImportError:
        return None
    shape = {"shape": tuple(batch.shape[1:3]), "fill_value": 0}
    policies: dict[str, Callable[[Any], Any]] = {
        "TrivialAugmentWide": lambda x: trivial_augment.trivial_augment_wide(x, **shape),
        "RandAugment n2 m9": lambda x: rand_augment.rand_augment(x, n=2, m=9, **shape),
        "AutoAugment ImageNet": lambda x: auto_augment.auto_augment_image_net(x, **shape),
    }
    if policy not in policies:
        return None
    images = list(batch.numpy())

    @pipeline_def(
        batch_size=len(images),
        num_threads=threads,
        device_id=None,
        seed=1,
        enable_conditionals=True,
        exec_async=False,
        exec_pipelined=False,
    )
    def definition() -> Any:
        return policies[policy](fn.external_source(lambda: images, layout="HWC", no_copy=True))

    pipeline = definition()
    pipeline.build()
    return pipeline.run


def kornia(policy: str, batch: Tensor) -> Run | None:
    try:
        auto = importlib.import_module("kornia.augmentation.auto")
    except ImportError:
        return None
    classes: dict[str, Callable[[], Any]] = {
        "TrivialAugmentWide": auto.TrivialAugment,
        "RandAugment n2 m9": lambda: auto.RandAugment(2, 9),
        "AutoAugment ImageNet": lambda: auto.AutoAugment("imagenet"),
    }
    if policy not in classes:
        return None
    module, planar = classes[policy](), batch.permute(0, 3, 1, 2).float().div(255)
    return lambda: module(planar)
