"""Augmenting a uint8 batch on one thread: ``augment_`` against Pillow, operation by operation and policy by policy.

Operations are compared with the same call of Pillow. Policies are compared with torchvision's and timm's own classes on
Pillow images, as far as they are installed: the same laws, with draws of their own, which count there and not here. The
batch (B, H, W, 3) is in memory before. A floor is the time of a hand-written loop with the same arithmetic on a Zen 5
core with AVX-512, without dispatch, bounds or rounding checks; ``copy`` is a copy of the batch in the same run.

    python -m benchmarks.augment --json benchmarks/results/augment.json
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from rich.console import Console
from rich.table import Table

import fastmix as fm
from benchmarks import mix_peers
from benchmarks.data import photographs
from benchmarks.timing import Times, compare, write_json
from fastmix import augment as fa
from fastmix.augment import Operation
from fastmix.plan.draw_key import SampleKeys

FILL = (124, 116, 104)
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}
Picture = Image.Image
Call = Callable[[Picture], Picture]


def affine(filter: str, *matrix: float) -> Call:
    return lambda x: x.transform(x.size, Image.Transform.AFFINE, matrix, FILTERS[filter], fillcolor=FILL)


def enhance(name: str, factor: float) -> tuple[Operation, Call]:
    return Operation(name, (factor,)), lambda x: getattr(ImageEnhance, name)(x).enhance(factor)


def warp(name: str, amount: float, filter: str) -> tuple[Operation, Call]:
    matrices = {
        "ShearX": (1, amount, 0, 0, 1, 0),
        "ShearY": (1, 0, 0, amount, 1, 0),
        "TranslateX": (1, 0, amount, 0, 1, 0),
        "TranslateY": (1, 0, 0, 0, 1, amount),
    }
    call = affine(filter, *matrices[name]) if name in matrices else rotate(amount, filter)
    return Operation(name, (amount,), fill=FILL, interpolation=filter), call


def rotate(degrees: float, filter: str) -> Call:
    return lambda x: x.rotate(degrees, FILTERS[filter], fillcolor=FILL)


# The operation, Pillow's call, and the floor in microseconds for 224 x 224 pixels.
OPERATIONS: dict[str, tuple[Operation, Call, float | None]] = {
    "Invert": (Operation("Invert"), ImageOps.invert, 1.6),
    "Posterize 4": (Operation("Posterize", (4,)), lambda x: ImageOps.posterize(x, 4), 1.6),
    "Solarize 128": (Operation("Solarize", (128,)), lambda x: ImageOps.solarize(x, 128), 1.6),
    "Brightness 1.4": (*enhance("Brightness", 1.4), 1.6),
    "Contrast 1.4": (*enhance("Contrast", 1.4), 6.0),
    "Color 1.4": (*enhance("Color", 1.4), 22.0),
    "Grayscale": (Operation("Grayscale"), lambda x: x.convert("L").convert("RGB"), 3.9),
    "Sharpness 1.4": (*enhance("Sharpness", 1.4), 55.0),
    "AutoContrast": (Operation("AutoContrast"), ImageOps.autocontrast, 3.0),
    "Equalize": (Operation("Equalize"), ImageOps.equalize, 42.0),
    "GaussianBlur 0.5": (Operation("GaussianBlur", (0.5,)), lambda x: x.filter(ImageFilter.GaussianBlur(0.5)), 69.0),
    "GaussianBlur 2": (Operation("GaussianBlur", (2.0,)), lambda x: x.filter(ImageFilter.GaussianBlur(2.0)), 82.0),
    "ShearX nearest": (*warp("ShearX", 0.198, "nearest"), 3.0),
    "ShearX bilinear": (*warp("ShearX", 0.198, "bilinear"), 75.0),
    "ShearX bicubic": (*warp("ShearX", 0.198, "bicubic"), 161.0),
    "ShearY bilinear": (*warp("ShearY", 0.198, "bilinear"), 75.0),
    "TranslateX 20 bilinear": (*warp("TranslateX", 20.0, "bilinear"), 3.0),
    "TranslateY 20.3 bicubic": (*warp("TranslateY", 20.3, "bicubic"), 161.0),
    "Rotate 20 nearest": (*warp("Rotate", 20.0, "nearest"), 16.0),
    "Rotate 20 bilinear": (*warp("Rotate", 20.0, "bilinear"), 75.0),
    "Rotate 20 bicubic": (*warp("Rotate", 20.0, "bicubic"), 161.0),
}


def hue(x: Picture) -> Picture:
    h, s, v = x.convert("HSV").split()
    return Image.merge("HSV", (h.point([(k + 25) % 256 for k in range(256)]), s, v)).convert("RGB")


OPERATIONS["Hue 0.1"] = (Operation("Hue", (0.1,)), hue, 36.0)


def policies() -> dict[str, tuple[fa.SamplePolicy, Call | None, float | None]]:
    """The policy, the peer's call on a Pillow image if it is installed, and the floor in microseconds."""
    named: dict[str, tuple[fa.SamplePolicy, Call | None, float | None]] = {
        "TrivialAugmentWide": (fa.TrivialAugmentWide(), None, 26.0),
        "RandAugment n2 m9": (fa.RandAugment(), None, 52.0),
        "AutoAugment ImageNet": (fa.AutoAugment(interpolation="bilinear"), None, 27.0),
        "AugMix": (fa.AugMix(), None, 200.0),
        "timm rand-m9-inc1": (fa.from_timm("rand-m9-inc1", interpolation="bicubic"), None, 63.0),
        "ColorJitter 0.4": (fa.ColorJitter(0.4, 0.4, 0.4), None, 30.0),
    }
    v2 = mix_peers.torchvision_v2()
    if v2 is not None:
        bilinear = v2.InterpolationMode.BILINEAR
        peers: dict[str, Call] = {
            "TrivialAugmentWide": v2.TrivialAugmentWide(interpolation=bilinear),
            "RandAugment n2 m9": v2.RandAugment(interpolation=bilinear),
            "AutoAugment ImageNet": v2.AutoAugment(interpolation=bilinear),
            "AugMix": v2.AugMix(interpolation=bilinear),
            "ColorJitter 0.4": v2.ColorJitter(0.4, 0.4, 0.4),
        }
        named |= {name: (named[name][0], peer, named[name][2]) for name, peer in peers.items()}
    timm = mix_peers.timm_data("auto_augment")
    if timm is not None:
        name = "timm rand-m9-inc1"
        options = {"translate_const": 100, "img_mean": FILL, "interpolation": Image.Resampling.BICUBIC}
        peer = timm.rand_augment_transform("rand-m9-inc1", options)
        named[name] = (named[name][0], peer, named[name][2])
    return named


def pictures(batch: int, size: int) -> list[Picture]:
    """Parts of the photographs, each another one."""
    sources = photographs()
    parts = []
    for i in range(batch):
        source = sources[i % len(sources)].convert("RGB")
        side = min(source.size)
        left, top = (i * 37) % (source.width - side + 1), (i * 53) % (source.height - side + 1)
        parts.append(source.resize((size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side)))
    return parts


def measure(plan: fa.SamplePlan, call: Call | None, images: list[Picture], repeats: int) -> dict[str, Times]:
    pristine = torch.stack([torch.frombuffer(bytearray(x.tobytes()), dtype=torch.uint8) for x in images])
    pristine = pristine.reshape(len(images), images[0].height, images[0].width, 3)
    batch, other = pristine.clone(), torch.empty_like(pristine)
    functions: dict[str, Callable[[], object]] = {
        "augment_": lambda: fm.augment_(batch, plan, channels_last=True),
        "copy": lambda: other.copy_(pristine),
    }
    if call is not None:
        functions["peer"] = lambda: [call(x) for x in images]
    return compare(functions, repeats, prepare=lambda: batch.copy_(pristine))


def row(name: str, times: dict[str, Times], floor: float | None, batch: int) -> dict:
    """Microseconds per image: medians, and the fastest round of ours."""
    per_image = {key: 1e6 * t.median / batch for key, t in times.items()}
    best = 1e6 * min(times["augment_"].all) / batch
    speedup = per_image["peer"] / per_image["augment_"] if "peer" in per_image else None
    return {"name": name, "microseconds": per_image, "fastest": best, "floor": floor, "speedup": speedup}


def table(rows: list[dict], title: str) -> Table:
    result = Table(title=title)
    for column in ("", "augment_ us", "fastest us", "floor us", "copy us", "Pillow us", "Pillow / augment_"):
        result.add_column(column, justify="right" if column else "left")
    for one in rows:
        us = one["microseconds"]
        floor = "-" if one["floor"] is None else f"{one['floor']:.1f}"
        peer = f"{us['peer']:.0f}" if "peer" in us else "-"
        speedup = "-" if one["speedup"] is None else f"{one['speedup']:.1f}x"
        figures = (f"{us['augment_']:.1f}", f"{one['fastest']:.1f}", floor, f"{us['copy']:.1f}", peer, speedup)
        result.add_row(one["name"], *figures)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-size", type=int, default=128, help="images per policy; operations take an eighth")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    images = pictures(arguments.batch_size, arguments.size)
    few = images[: max(1, arguments.batch_size // 8)]
    operations = [
        row(
            name,
            measure(fa.SamplePlan.from_operations([[op]] * len(few)), call, few, arguments.repeats),
            floor,
            len(few),
        )
        for name, (op, call, floor) in OPERATIONS.items()
    ]
    keys = SampleKeys(seed=1, epoch=0, sample=np.arange(len(images)))
    drawn = [
        row(
            name, measure(policy.plan(keys, (arguments.size,) * 2), call, images, arguments.repeats), floor, len(images)
        )
        for name, (policy, call, floor) in policies().items()
    ]
    cpu = fm._core.build_info()["cpu"]
    where = f"per image of {arguments.size} x {arguments.size} x 3, one thread, medians, {cpu}"
    console = Console(width=140)
    console.print(table(operations, f"operations, {where}"))
    console.print(table(drawn, f"policies, {where}"))
    if arguments.json:
        write_json(arguments.json, {"size": arguments.size, "set": cpu, "operations": operations, "policies": drawn})


if __name__ == "__main__":
    main()
