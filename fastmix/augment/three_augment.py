"""ThreeAugment."""

from __future__ import annotations

from dataclasses import dataclass

from fastmix.augment.compose import Compose, RandomChoice
from fastmix.augment.draws import Draws
from fastmix.augment.jitter import ColorJitter
from fastmix.augment.photometric import GaussianBlur, Grayscale, Solarize
from fastmix.augment.policy import Draft, SamplePolicy
from fastmix.augment.ranges import Range


@dataclass(frozen=True, repr=False)
class ThreeAugment(SamplePolicy):
    """Apply exactly one of grey, solarize and blur, then jitter the colours (DeiT III's 3-Augment).

    The blur's sigma is uniform in (0.1, 2), the threshold 128. timm's policy "3a" is the same without the jitter, which
    its ``color_jitter`` adds.

    Args:
        jitter: Brightness, contrast and saturation, as for ``ColorJitter``; 0 leaves the step out.

    Raises:
        ValueError: ``jitter`` is out of range.

    Example:
        >>> policy = Compose([RandomHorizontalFlip(), SimpleRandomCrop(), ThreeAugment()])
    """

    jitter: Range = 0.3

    parts = frozenset({"values"})

    def __post_init__(self) -> None:
        self._policy()

    def _policy(self) -> Compose:
        one = RandomChoice([Grayscale(), Solarize(128.0), GaussianBlur((0.1, 2.0))])
        return Compose([one, ColorJitter(self.jitter, self.jitter, self.jitter)])

    @property
    def slots(self) -> int:
        return self._policy().slots

    def draft(self, draws: Draws) -> Draft:
        return self._policy().draft(draws)
