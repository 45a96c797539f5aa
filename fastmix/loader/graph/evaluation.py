"""What evaluation shows of an image: the size before the crop of the centre, by torchvision's and timm's laws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from fastmix.arguments import number, one_of, sides

CropMode = Literal["center", "squash", "border"]
CROP_MODES = ("center", "squash", "border")

# The shorter side is scaled to this share of the crop, as ImageNet's 256 to 224.
_RESIZE = 256 / 224


@dataclass(frozen=True)
class EvaluationView:
    """Resize an image, then cut out its centre.

    Attributes:
        resize: height and width in pixels that the resized image covers; with equal sides that of its shorter side.
        crop_mode: ``"center"`` keeps the aspect ratio, ``"squash"`` resizes to ``resize``, ``"border"`` fits the
            image into ``resize`` and fills the rest.
    """

    resize: tuple[int, int]
    crop_mode: CropMode


def evaluation_view(
    size: tuple[int, int],
    resize: int | tuple[int, int] | None = None,
    crop_pct: float | None = None,
    crop_mode: CropMode | None = None,
) -> EvaluationView:
    """Return the view of images of ``size``.

    Args:
        size: height and width of the output.
        resize: torchvision's: the shorter side before the crop; or (height, width) that the image covers.
        crop_pct: timm's: the share of the resized image that the crop keeps, so ``resize`` is
            ``floor(size / crop_pct)``.
        crop_mode: timm's; None is ``"center"``.

    Raises:
        TypeError: An argument is of another type.
        ValueError: ``resize`` and ``crop_pct`` are both given, ``resize`` is smaller than ``size``, or the mode is
            unknown.
    """
    mode: CropMode = "center" if crop_mode is None else crop_mode
    one_of("DataLoader", "crop_mode", mode, CROP_MODES)
    if resize is not None and crop_pct is not None:
        raise ValueError(
            f"DataLoader: expected resize or crop_pct, got resize={resize!r} and crop_pct={crop_pct!r}; resize is the "
            "size before the crop, crop_pct is size / resize"
        )
    if crop_pct is not None:
        share = number("DataLoader: crop_pct", crop_pct)
        if not 0.0 < share <= 1.0:
            raise ValueError(f"DataLoader: expected crop_pct in (0, 1], got {crop_pct!r}")
        before = (math.floor(size[0] / share), math.floor(size[1] / share))
    elif resize is not None:
        before = sides("DataLoader", "resize", resize)
    else:
        before = (round(size[0] * _RESIZE), round(size[1] * _RESIZE))
    if before[0] < size[0] or before[1] < size[1]:
        raise ValueError(f"DataLoader: expected resize of at least size={size}, got {resize!r}")
    return EvaluationView(before, mode)
