"""Policies that draw masks: GridMix, SmoothMix, GMix, FMix. :meth:`fastmix.MixPlan.masked` takes your own masks.

``label_weight`` is the mean, over all pixels, of the weight of the sample's own image. The CPU draws one mask of the
image's size for each unit of ``per``, so ``per="sample"`` copies a batch of masks to the GPU.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fastmix import _core
from fastmix.arguments import number
from fastmix.plan.policies import SinglePolicy


@dataclass(frozen=True, repr=False)
class _MaskPolicy(SinglePolicy):
    @property
    def has_masks(self) -> bool:
        return True


def _interval(name: str, value: Any) -> tuple[float, float]:
    """Return a pair (least, most) as floats; one number means both."""
    least, most = value if isinstance(value, tuple | list) and len(value) == 2 else (value, value)
    try:
        return float(least), float(most)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected a number or (least, most), got {value!r}") from None


@dataclass(frozen=True, repr=False)
class GridMix(_MaskPolicy):
    """Mix through a grid of holes that show the partner.

    Divides a random crop of the image into a grid of patches, ``holes`` of them side by side. Each patch has a hole in
    its upper left corner. The hole covers the share ``1 - w`` of the patch, and at least one pixel. ``plan`` requires
    ``image_size``.

    Source: GridMix (Baek et al., Pattern Recognition 2021), as the package GridMixup implements it.

    Args:
        alpha: > 0; ``w`` is drawn from Beta(alpha, alpha). GridMixup uses ``weight=Uniform(0.1, 0.9)``.
        per: As for ``Mixup``.
        prob: As for ``Mixup``.
        pairing: As for ``Mixup``.
        weight: As for ``Mixup``.
        holes: Number of holes in a row of the grid; a number or (least, most). A patch is at least two pixels wide.
        hole_aspect: Height / width of a hole, which is that of its patch; a number or (least, most).
        crop_area: Area of the crop as a share of the image's area; a number or (least, most).
        crop_aspect: Aspect ratio (height / width) of the crop, divided by that of the image; a number or (least, most).
            The crop is clipped to the image.

    Raises:
        ValueError: As for ``Mixup``, or a number is out of range.
    """

    holes: int | tuple[int, int] = field(default=20, kw_only=True)
    hole_aspect: float | tuple[float, float] = field(default=1.0, kw_only=True)
    crop_area: float | tuple[float, float] = field(default=1.0, kw_only=True)
    crop_aspect: float | tuple[float, float] = field(default=1.0, kw_only=True)

    def core_policy(self) -> _core.Policy:
        holes = tuple(self.holes) if isinstance(self.holes, tuple | list) else (self.holes, self.holes)
        if len(holes) != 2 or not all(isinstance(n, int) and 0 < n < 2**31 for n in holes):
            raise ValueError(f"holes: expected an integer >= 1 or (least, most), got {self.holes!r}")
        rule = _core.MaskRule(
            holes=holes,
            hole_aspect=_interval("hole_aspect", self.hole_aspect),
            crop_area=_interval("crop_area", self.crop_area),
            crop_aspect=_interval("crop_aspect", self.crop_aspect),
        )
        return self._core_policy(_core.Kind.gridmix, mask=rule)


@dataclass(frozen=True, repr=False)
class SmoothMix(_MaskPolicy):
    """Show the partner around a random point, and fade it out from there like a Gaussian.

    At distance d from the point, the weight of the sample's own image is ``1 - exp(-d^2 / (2 s^2))``.
    ``s`` is drawn uniformly from the range ``sigma`` and multiplied by ``sqrt(height * width)``. ``plan`` requires
    ``image_size``.

    Source: SmoothMix (Lee et al., CVPRW 2020).

    Args:
        alpha: Ignored.
        per: As for ``Mixup``.
        prob: As for ``Mixup``.
        pairing: As for ``Mixup``.
        weight: Ignored.
        sigma: The range (least, most), or one number to fix it; the paper uses (0.25, 0.5).

    Raises:
        ValueError: As for ``Mixup``, or ``sigma`` is not > 0.
    """

    sigma: float | tuple[float, float] = field(default=(0.25, 0.5), kw_only=True)

    def core_policy(self) -> _core.Policy:
        return self._core_policy(_core.Kind.smoothmix, mask=_core.MaskRule(sigma=_interval("sigma", self.sigma)))


@dataclass(frozen=True, repr=False)
class GMix(_MaskPolicy):
    """Show one image around a random point, and fade it out into the other image like a Gaussian.

    The sample's own image has weight ``w``, its partner ``1 - w``. The image with the smaller weight, ``w'``, is shown
    around the point. At distance d from the point, its pixels have the weight ``exp(-pi d^2 / (w' height width))``. The
    mean of these weights is ``w'``, or less if the border cuts the Gaussian off. ``plan`` requires ``image_size``.

    Source: GMix (Park et al., NeurIPS 2022).

    Args:
        alpha: > 0; ``w`` is drawn from Beta(alpha, alpha).
        per: As for ``Mixup``.
        prob: As for ``Mixup``.
        pairing: As for ``Mixup``.
        weight: As for ``Mixup``.

    Raises:
        ValueError: As for ``Mixup``.
    """

    def core_policy(self) -> _core.Policy:
        return self._core_policy(_core.Kind.gmix)


@dataclass(frozen=True, repr=False)
class FMix(_MaskPolicy):
    """Keep the share ``w`` of an image's pixels, in smooth random shapes; the partner fills the rest.

    Draws low-frequency noise and keeps the pixels with the highest noise: ``w * height * width`` of them, rounded.
    The noise omits waves below 1e-4 of the longest wave's amplitude. A mask of 224 x 224 pixels takes milliseconds to
    draw; ``per="sample"`` draws B of them. ``plan`` requires ``image_size``.

    Source: FMix (Harris et al., 2020).

    Args:
        alpha: > 0; ``w`` is drawn from Beta(alpha, alpha). The paper uses 1.0.
        per: As for ``Mixup``.
        prob: As for ``Mixup``.
        pairing: As for ``Mixup``.
        weight: As for ``Mixup``.
        decay: In (0, 100]; the amplitude of a wave is ``1 / frequency ** decay``.
        softness: In [0, 0.5], lowered to ``min(w, 1 - w)`` if larger. Blends this share of all pixels on each side of
            the edge between the images. Sorted by noise, their weights fall in even steps from 1 to 0.

    Raises:
        ValueError: As for ``Mixup``, or ``decay`` or ``softness`` is out of range.
    """

    decay: float = field(default=3.0, kw_only=True)
    softness: float = field(default=0.0, kw_only=True)

    def core_policy(self) -> _core.Policy:
        rule = _core.MaskRule(decay=number("decay", self.decay), softness=number("softness", self.softness))
        return self._core_policy(_core.Kind.fmix, mask=rule)
