"""TrivialAugmentWide."""

from __future__ import annotations

from dataclasses import dataclass

from fastmix.arguments import integer
from fastmix.augment.draws import Draws
from fastmix.augment.operations import color
from fastmix.augment.packing import below, finish_warps
from fastmix.augment.policy import Draft, SamplePolicy
from fastmix.augment.ranges import Fill, Interpolation, check_interpolation
from fastmix.augment.torchvision_laws import WIDE, table


@dataclass(frozen=True, repr=False)
class TrivialAugmentWide(SamplePolicy):
    """Apply one of 14 operations with a uniform magnitude (Mueller and Hutter, ICCV 2021), by torchvision's law.

    Operation, magnitude and sign are independent. Magnitudes are those of torchvision; its threshold of Solarize is
    255 in the first bin, so white turns black. The references use bilinear warps; torchvision's class defaults to
    nearest. timm has no such policy.

    Args:
        bins: How many magnitudes there are, >= 2.
        interpolation: Of the warps: ``"nearest"``, ``"bilinear"``, ``"bicubic"`` or ``"random"``.
        fill: Colour outside the image, an int or (red, green, blue), 0 to 255.

    Raises:
        TypeError: ``bins`` is not an integer.
        ValueError: A parameter is out of range.

    Example:
        >>> plan = TrivialAugmentWide().plan(SampleKeys(0, 0, np.arange(256)))
    """

    bins: int = 31
    interpolation: Interpolation = "bilinear"
    fill: Fill = (0, 0, 0)

    parts = frozenset({"values", "places"})

    def __post_init__(self) -> None:
        integer("TrivialAugmentWide", "bins", self.bins, 2)
        check_interpolation("TrivialAugmentWide", self.interpolation)
        object.__setattr__(self, "fill", color("TrivialAugmentWide", self.fill))

    def draft(self, draws: Draws) -> Draft:
        which, level, coin, pick = self.stream(draws).uniform(4).T
        words = table(WIDE, self.bins, None)[
            below(which, len(WIDE.names)), below(level, self.bins), (coin < 0.5).astype(int)
        ]
        finish_warps(words, self.interpolation, color("fill", self.fill), pick)
        return Draft(None, words[:, None])
