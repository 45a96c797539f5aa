"""Policies whose weights are masks: GridMix, SmoothMix, GMix, FMix. Masks of your own: :meth:`fastmix.MixPlan.masked`.

``label_weight`` is the mean of the pixels' own weights as they are mixed. All draw masks of the size of the image, one
for each unit of ``per``: with ``per="sample"`` a batch of them is drawn on the CPU and copied to a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fastmix import _core
from fastmix.arguments import number
from fastmix.plan.policies import _SinglePolicy


@dataclass(frozen=True, repr=False)
class _MaskPolicy(_SinglePolicy):
    @property
    def has_masks(self) -> bool:
        return True


def _interval(name: str, value: Any) -> tuple[float, float]:
    """(least, most) of a pair or of one number."""
    least, most = value if isinstance(value, tuple | list) and len(value) == 2 else (value, value)
    try:
        return float(least), float(most)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected a number or (least, most), got {value!r}") from None


@dataclass(frozen=True, repr=False)
class GridMix(_MaskPolicy):
    """GridMix (Baek et al., Pattern Recognition 2021) as in GridMixup: a grid of holes that show the partner.

    A random crop of the image is cut into patches, ``holes`` across; the first ``1 - w`` of each patch's area, at its
    upper left, is a hole of at least one pixel. ``plan`` needs ``image_size``.

    Args:
        alpha: > 0, of ``w``; GridMixup's own setting is ``weight=Uniform(0.1, 0.9)``.
        per: as for ``Mixup``.
        prob: as for ``Mixup``.
        pairing: as for ``Mixup``.
        weight: as for ``Mixup``.
        holes: across the crop; a number or (least, most). A patch is two pixels wide at least.
        hole_aspect: height / width of a patch; a number or (least, most).
        crop_area: share of the image's area that the crop has; a number or (least, most).
        crop_aspect: height / width of the crop, over that of the image; a number or (least, most). The crop is clipped
            to the image.

    Raises:
        ValueError: as for ``Mixup``, or a number out of its range.
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
    """SmoothMix (Lee et al., CVPRW 2020): the partner fades in around a random point, as a Gaussian.

    The own weight at distance d is ``1 - exp(-d^2 / (2 s^2))``, with ``s`` uniform in ``sigma`` times the image's side
    ``sqrt(height * width)``. ``plan`` needs ``image_size``; ``alpha`` and ``weight`` are not asked.

    Args:
        alpha: not asked.
        per: as for ``Mixup``.
        prob: as for ``Mixup``.
        pairing: as for ``Mixup``.
        weight: not asked.
        sigma: a number or (least, most); the paper's (0.25, 0.5).

    Raises:
        ValueError: as for ``Mixup``, or a sigma that is not > 0.
    """

    sigma: float | tuple[float, float] = field(default=(0.25, 0.5), kw_only=True)

    def core_policy(self) -> _core.Policy:
        return self._core_policy(_core.Kind.smoothmix, mask=_core.MaskRule(sigma=_interval("sigma", self.sigma)))


@dataclass(frozen=True, repr=False)
class GMix(_MaskPolicy):
    """GMix (Park et al., NeurIPS 2022): one of the two images shows through a Gaussian around a random point.

    At distance d the image of less weight, ``w' = min(w, 1 - w)``, has weight ``exp(-pi d^2 / (w' height width))``,
    whose mean is ``w'`` where the border does not cut it off. ``plan`` needs ``image_size``.

    Args:
        alpha: > 0, of ``w``.
        per: as for ``Mixup``.
        prob: as for ``Mixup``.
        pairing: as for ``Mixup``.
        weight: as for ``Mixup``.

    Raises:
        ValueError: as for ``Mixup``.
    """

    def core_policy(self) -> _core.Policy:
        return self._core_policy(_core.Kind.gmix)


@dataclass(frozen=True, repr=False)
class FMix(_MaskPolicy):
    """FMix (Harris et al., 2020): the image is kept where low-frequency noise is highest, ``w`` of its pixels.

    The share of pixels that are kept is ``w`` to the nearest pixel. Waves of less than 1e-4 of the longest's amplitude
    are left out. A mask of 224 x 224 pixels takes milliseconds to draw, so think before ``per="sample"``. ``plan``
    needs ``image_size``.

    Args:
        alpha: > 0, of ``w``; the paper's 1.0.
        per: as for ``Mixup``.
        prob: as for ``Mixup``.
        pairing: as for ``Mixup``.
        weight: as for ``Mixup``.
        decay: in (0, 100]; the amplitude of a wave is ``1 / frequency ** decay``.
        softness: in [0, 0.5]: on an edge of this share of the pixels to either side the weight goes evenly from 1 to 0;
            at most ``min(w, 1 - w)``.

    Raises:
        ValueError: as for ``Mixup``, or ``decay`` or ``softness`` out of range.
    """

    decay: float = field(default=3.0, kw_only=True)
    softness: float = field(default=0.0, kw_only=True)

    def core_policy(self) -> _core.Policy:
        rule = _core.MaskRule(decay=number("decay", self.decay), softness=number("softness", self.softness))
        return self._core_policy(_core.Kind.fmix, mask=rule)
