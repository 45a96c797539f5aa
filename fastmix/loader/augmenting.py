"""How a policy of ``fastmix.augment`` fits into the loader: windows are drawn in the graph, all else with the step."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastmix.augment import Compose, RandomResizedCrop, SampleKeys, SamplePolicy
from fastmix.augment.draws import Draws
from fastmix.augment.policy import Draft
from fastmix.augment.windows import draft_resize
from fastmix.ops.sources import Filter


@dataclass(frozen=True)
class Augmenting:
    """A checked policy, taken apart.

    Attributes:
        policy: as the caller gave it.
        operations: draws plans without windows, which need no image sizes.
        window: whose scale and ratio the graph draws windows with; None for the default ones.
        flips: whether the policy flips, so that the loader does not.
        size: height and width of the images, in pixels.
    """

    policy: SamplePolicy
    operations: SamplePolicy
    window: RandomResizedCrop | None
    flips: bool
    size: tuple[int, int]

    def rows(self, keys: SampleKeys, epoch: int) -> list[np.ndarray]:
        """Draw the rows of the sample plan of a step's samples; schedules use the loop's epoch."""
        return [self.operations.at(epoch).plan(keys, self.size).rows.numpy()]

    def __str__(self) -> str:
        return f"augment={self.policy}"

    def graph_options(self) -> dict[str, Any]:
        """Return what a GraphSpec has to know."""
        # A policy that has its own crop says all of it: without a flip, nothing is mirrored.
        mirrors = not self.flips and self.window is None
        options: dict[str, Any] = {"augments": True, "mirrors": mirrors}
        if (window := self.window) is None:
            return options
        scale, ratio = bounds(window)
        return {**options, "scale": scale, "ratio": ratio, "interpolation": farthest([window])}


def bounds(window: RandomResizedCrop) -> tuple[tuple[float, float], tuple[float, float] | None]:
    """Return scale and ratio for DALI, whose arguments are float32, which has no 3/4 and 4/3 of float64."""
    return window.scale, None if window.ratio == RandomResizedCrop().ratio else window.ratio


def farthest(windows: Iterable[RandomResizedCrop]) -> Filter:
    """Return the filter that reads farthest: only edges="image" reads beside the window, and lanczos reads farthest."""
    return "lanczos" if any(window.edges == "image" for window in windows) else "bilinear"


def augmenting(
    policy: Any,
    size: tuple[int, int],
    interpolation: Filter | None,
    *,
    train: bool,
    resampler: str,
    hook: Any,
) -> Augmenting:
    """Check ``augment=`` with the arguments that it has to fit; ``interpolation`` is for a policy without a window.

    Raises:
        TypeError: it is not a policy.
        ValueError: it does not fit the other arguments or the images' size.
    """
    if not isinstance(policy, SamplePolicy):
        raise TypeError(
            f"DataLoader: expected augment as a policy of fastmix.augment, got {type(policy).__name__}; Compose([...]) "
            "joins policies, from_timm(text) reads timm's texts, dali_augment= takes a function of DALI nodes"
        )
    check_fit("augment", policy, train=train, resampler=resampler, hook=hook)
    operations, window = without_window(policy)
    if interpolation is not None and window is not None and interpolation != window.interpolation:
        raise ValueError(
            f"DataLoader: expected interpolation=None beside a RandomResizedCrop, which resizes, got "
            f"{interpolation!r} and {window}; give interpolation to the RandomResizedCrop"
        )
    if interpolation is not None and window is None:
        operations = Compose([_ResizeOnly(RandomResizedCrop(interpolation=interpolation)), operations])
    if "window" in operations.sets():
        raise ValueError(
            f"DataLoader: expected RandomResizedCrop as the policy itself or directly in its Compose, got {policy}; "
            "windows are drawn where images are decoded"
        )
    made = Augmenting(policy, operations, window, "flip" in operations.sets(), size)
    try:
        made.rows(SampleKeys(0, 0, np.arange(2)), 0)
    except ValueError as error:
        raise ValueError(
            f"DataLoader: expected a policy that augments images of size={size}, got {policy}; {error}"
        ) from None
    return made


def check_fit(name: str, given: object, *, train: bool, resampler: str, hook: Any) -> None:
    """Refuse augmentation by the argument ``name`` where the loader does not augment."""
    if hook is not None:
        raise ValueError(f"DataLoader: expected {name} or dali_augment, got both")
    if resampler != "fastmix":
        raise ValueError(f"DataLoader: expected resampler='fastmix' with {name}, got {resampler!r}")
    if not train:
        raise ValueError(
            f"DataLoader: expected {name}=None with train=False, got {given}; evaluation sees images as they are"
        )


@dataclass(frozen=True, repr=False)
class _ResizeOnly(SamplePolicy):
    """Draws the filter and edges of a RandomResizedCrop from its own numbers, without its window."""

    crop: RandomResizedCrop

    @property
    def slots(self) -> int:
        return 0

    @property
    def stream_name(self) -> str:
        return self.crop.stream_name

    def draft(self, draws: Draws) -> Draft:
        return draft_resize(self.stream(draws), self.crop.interpolation, self.crop.edges)


def without_window(policy: SamplePolicy) -> tuple[SamplePolicy, RandomResizedCrop | None]:
    """Return the policy without the window at its top level, and that window. A Compose has at most one."""
    if isinstance(policy, RandomResizedCrop):
        return _ResizeOnly(policy), policy
    if not isinstance(policy, Compose):
        return policy, None
    parts = [without_window(part) for part in policy.policies]
    rest = dataclasses.replace(policy, policies=[part for part, _ in parts])
    return rest, next((window for _, window in parts if window is not None), None)
