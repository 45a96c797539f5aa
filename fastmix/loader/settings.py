"""Check the arguments that only ``DataLoader`` has, and choose their defaults."""

from __future__ import annotations

import warnings

import torch

import fastmix.dali
from fastmix.arguments import integer, number, one_of
from fastmix.augment.sample_plan import RESIZE_FILTERS
from fastmix.dali.pillow import pillow_decoder
from fastmix.dali.plugin import load_decoders
from fastmix.loader.faults.on_error import ON_ERROR
from fastmix.loader.graph.evaluation import CropMode, EvaluationView, evaluation_view
from fastmix.loader.graph.spec import DECODE, RESAMPLER
from fastmix.loader.order import Order
from fastmix.loader.sampling import Sampling, Shuffle
from fastmix.loader.sources.source import Source
from fastmix.plan.plan_function import PlanFunction
from fastmix.plan.policies import Policy
from fastmix.ranks import Ranks

DTYPES = (torch.float32, torch.float16, torch.bfloat16)
MEMORY_FORMATS = (torch.contiguous_format, torch.channels_last)
_ALLOWED: dict[str, tuple[object, ...]] = {
    "dtype": DTYPES,
    "memory_format": MEMORY_FORMATS,
    "on_error": ON_ERROR,
    "resampler": RESAMPLER,
    "decode": DECODE,
    "interpolation": (None, *RESIZE_FILTERS),
}
# 16,384 x 16,384 pixels, more than any photograph; an image whose header claims more is rejected.
MAX_PIXELS = 2**28


def choose_decode(decode: str, device: torch.device, resampler: str) -> str:
    """Return the JPEG decoder of the graph: "auto" is "fastmix" wherever that is possible.

    Loads the DALI operators, so that a missing library is an error before anything is read.
    """
    load_decoders("DataLoader")
    if decode == "dali":
        return decode
    if decode == "fastmix" and resampler != "fastmix":
        raise ValueError(
            f"DataLoader: expected decode='auto' or 'dali' with resampler={resampler!r}, got 'fastmix', which needs "
            "resampler='fastmix' without dali_augment"
        )
    if device.type != "cpu":
        return "fastmix" if decode == "fastmix" else "dali"
    possible = resampler == "fastmix"
    if decode == "fastmix" and not fastmix.dali.decodes_jpeg():
        raise ValueError(
            "DataLoader: expected decode='auto' or 'dali', got 'fastmix', which this build lacks; install "
            "libjpeg-turbo's headers (libjpeg62-turbo-dev or libjpeg-turbo8-dev) and build again"
        )
    return "fastmix" if possible and fastmix.dali.decodes_jpeg() else "dali"


def choose_guest(decode_with_pillow: bool) -> int:
    """Return the address of Pillow's decoder, or 0.

    Raises:
        ImportError: there is no Pillow that decodes these formats safely.
    """
    if not isinstance(decode_with_pillow, bool):
        raise TypeError(f"DataLoader: expected decode_with_pillow to be a bool, got {decode_with_pillow!r}")
    return pillow_decoder() if decode_with_pillow else 0


def choose_hw_load(hw_decoder_load: float, device: torch.device, decode: str) -> float:
    """Return the share, which is 0 on the CPU."""
    share = number("DataLoader: hw_decoder_load", hw_decoder_load)
    if share and device.type != "cpu" and decode == "fastmix":
        raise ValueError(
            f"DataLoader: expected hw_decoder_load=0 with decode='fastmix', which never uses the engine, got {share}; "
            "decode='dali' does"
        )
    if not 0.0 <= share <= 1.0 or (share and device.type == "cpu"):
        raise ValueError(
            f"DataLoader: expected hw_decoder_load in [0, 1], and 0 with device='cpu', got {share} with "
            f"device={device.type!r}"
        )
    return share


def check_options(**options: object) -> None:
    """Refuse values that are not among an argument's few."""
    for name, value in options.items():
        one_of("DataLoader", name, value, _ALLOWED[name])


def check_smoothing(smoothing: float, mix: Policy | None) -> None:
    """Refuse smoothing out of range, or without mixing."""
    smoothing = number("DataLoader: smoothing", smoothing)
    if not 0.0 <= smoothing < 1.0 or (smoothing and mix is None):
        raise ValueError(
            f"DataLoader: expected smoothing in [0, 1), and 0 without mix, got {smoothing} with mix={mix}; without mix "
            "smooth in the loss"
        )


def choose_train(train: bool | None, shuffle: Shuffle | None) -> bool:
    """Return ``train``, which is True by default; warns if the caller may have meant evaluation."""
    if train is None and shuffle is False:
        warnings.warn(
            "DataLoader: shuffle=False alone keeps training's random crops, flips and dropped last batch; for "
            "evaluation pass train=False, or train=True for what you have",
            UserWarning,
            stacklevel=3,
        )
    if not isinstance(train, bool | None):
        raise TypeError(f"DataLoader: expected train to be a bool, got {train!r}")
    if not isinstance(shuffle, bool | None) and shuffle != "blocks":
        raise TypeError(f"DataLoader: expected shuffle to be a bool or 'blocks', got {shuffle!r}")
    return train is None or train


def choose_repeats(repeats: int, train: bool, sampling: Sampling) -> int:
    """Return ``repeats``, at least 1; an epoch has 1/repeats of the samples, and must not always have the same ones."""
    repeats = integer("DataLoader", "repeats", repeats)
    if repeats > 1 and not (train and sampling.spreads):
        raise ValueError(
            f"DataLoader: expected repeats=1 with train={train} and the order {sampling.name!r}, got {repeats}; use it "
            "in training with shuffle=True or sampler='balanced', or let a Sampler repeat its indices"
        )
    return repeats


def warn_of_empty_batches(order: Order) -> None:
    """Warn of training batches without samples, whose loss is not a number."""
    if order.has_empty_parts:
        warnings.warn(
            f"DataLoader: the last batch of {order.count} samples leaves some of {order.world_size} ranks without "
            "samples, and a mean loss over none is nan; in training use last_batch='drop' or 'pad'",
            UserWarning,
            stacklevel=3,
        )


def choose_workers(num_workers: int) -> int:
    """Return the number of reading threads; torch's 0, "in this process", is one."""
    return max(integer("DataLoader", "num_workers", num_workers, 0), 1)


def first_ranks(ranks: Ranks) -> dict[str, int]:
    """Return rank and world size as given; until they are decided, one process checks the other arguments."""
    rank, world_size = ranks.decided or (0, 1)
    return {"rank": rank, "world_size": world_size}


def choose_budget(max_bad: int | float) -> int | float:
    """Return a count >= 0, or a share in [0, 1]."""
    if isinstance(max_bad, float):
        if not 0.0 <= max_bad <= 1.0:
            raise ValueError(f"DataLoader: expected max_bad as a count, or as a share in [0, 1], got {max_bad}")
        return max_bad
    return integer("DataLoader", "max_bad", max_bad, 0)


def choose_classes(num_classes: int | None, found: int, train: bool, source: Source) -> int:
    """Return the given number, which has to hold all labels, or the number of classes found.

    Raises:
        ValueError: it is smaller; or larger in evaluation, if ids are places among the classes that happen to be there.
    """
    if num_classes is None:
        return found
    number = integer("DataLoader", "num_classes", num_classes)
    if number < found:
        raise ValueError(
            f"DataLoader: expected num_classes >= {found}, since the data has labels up to {found - 1}, "
            f"got {num_classes}"
        )
    if number > found and not train and source.ids_by_name:
        raise ValueError(
            f"DataLoader: expected classes=train_loader.classes, since the data has {found} of {number} classes, and "
            "their ids are places in alphabetical order"
        )
    return number


def choose_view(
    size: tuple[int, int],
    train: bool,
    device: torch.device,
    resize: int | tuple[int, int] | None,
    crop_pct: float | None,
    crop_mode: CropMode | None,
) -> EvaluationView:
    """Return what evaluation shows; in training, no argument may say it."""
    given = {"resize": resize, "crop_pct": crop_pct, "crop_mode": crop_mode}
    named = [f"{name}={value!r}" for name, value in given.items() if value is not None]
    if train and named:
        raise ValueError(f"DataLoader: expected {named[0]} with train=False, got it in training, which crops at random")
    if crop_mode == "border" and device.type != "cpu":
        raise ValueError(f"DataLoader: expected device='cpu' with crop_mode='border', got {str(device)!r}")
    return evaluation_view(size, resize, crop_pct, crop_mode)


def check_resampler(resampler: str, view: EvaluationView, interpolation: str) -> None:
    """Refuse what DALI's resampling does not do here."""
    plain = interpolation == "bilinear" and view.crop_mode == "center" and view.resize[0] == view.resize[1]
    if resampler == "dali" and not plain:
        raise ValueError(
            "DataLoader: expected resampler='fastmix' for another interpolation than bilinear, another crop_mode than "
            f"'center' and sides that differ, got 'dali' with interpolation={interpolation!r} and {view}"
        )


def with_neighbor_pairing(policy: Policy, size: tuple[int, int]) -> Policy:
    """Return the policy with every sample paired with its neighbour in the batch; it draws for images of ``size``."""
    if not isinstance(policy, Policy):
        raise TypeError(f"DataLoader: expected mix to be a fastmix policy or None, got {type(policy).__name__}")
    policy = policy.with_pairing("neighbor")
    if isinstance(policy, PlanFunction):  # it may know one batch size only
        return policy
    try:
        policy.plan(2, size)
    except ValueError as error:
        raise ValueError(
            f"DataLoader: expected a policy that mixes images of size={size}, got {policy}; {error}"
        ) from None
    return policy
