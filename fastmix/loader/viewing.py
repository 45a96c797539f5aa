"""``views=``: several views of each image, each drawn from numbers of its own and resized to its own size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fastmix.arguments import sides
from fastmix.augment import SampleKeys, SamplePolicy
from fastmix.loader.augmenting import Augmenting, augmenting, bounds, check_fit, farthest, without_window
from fastmix.loader.from_recipe import Chosen
from fastmix.loader.graph.spec import ViewCrop, ViewGroup
from fastmix.recipes import View


@dataclass(frozen=True)
class _Kind:
    """Views with one policy: the numbers of the views, and what draws their operations and windows."""

    numbers: np.ndarray
    operations: SamplePolicy
    crops: tuple[ViewCrop, ...]

    def rows(self, keys: SampleKeys, epoch: int, size: tuple[int, int]) -> np.ndarray:
        """Return rows of sample plans, int32 (B, count, 16 + 4 K)."""
        count, batch = len(self.numbers), len(keys.sample)
        sample = np.repeat(keys.sample, count)
        occurrence = np.repeat(np.broadcast_to(keys.occurrence, batch), count)
        own = SampleKeys(keys.seed, keys.epoch, sample, occurrence, np.tile(self.numbers, batch))
        return self.operations.at(epoch).plan(own, size).rows.numpy().reshape(batch, count, -1)


@dataclass(frozen=True)
class Viewing:
    """Checked views, by size.

    Attributes:
        views: as the caller gave them.
        kinds: of each size, in the order in which the sizes come.
        interpolation: the filter that reads farthest.
    """

    views: tuple[View, ...]
    kinds: dict[tuple[int, int], list[_Kind]]
    interpolation: str

    def rows(self, keys: SampleKeys, epoch: int) -> list[np.ndarray]:
        """Draw the rows of sample plans of a step's samples, int32 (B, V, 16 + 4 K) for each size."""
        return [_joined([kind.rows(keys, epoch, size) for kind in kinds]) for size, kinds in self.kinds.items()]

    def graph_options(self) -> dict[str, Any]:
        """Return what a GraphSpec has to know."""
        groups = [
            ViewGroup(size, tuple(crop for kind in kinds for crop in kind.crops)) for size, kinds in self.kinds.items()
        ]
        return {"augments": True, "mirrors": False, "interpolation": self.interpolation, "views": tuple(groups)}

    def identity(self) -> list[str]:
        """Return what batches depend on, of JSON's types: not the names of the views."""
        return [f"{view.count} x {sides('DataLoader', 'size', view.size)}: {view.augment}" for view in self.views]

    def __str__(self) -> str:
        return "views=" + ", ".join(f"{view.count} x {view.name} of {view.size} px" for view in self.views)


def augmentation(
    chosen: Chosen, size: tuple[int, int], device: torch.device, **fit: Any
) -> Augmenting | Viewing | None:
    """Return what augments: views, a policy, or nothing; see :func:`viewing` and :func:`augmenting`."""
    if chosen["views"] is not None:
        return viewing(chosen["views"], device, **fit)
    return None if chosen["augment"] is None else augmenting(chosen["augment"], size, chosen["interpolation"], **fit)


def viewing(views: Sequence[View], device: torch.device, *, train: bool, resampler: str, hook: Any) -> Viewing:
    """Check ``views=`` with the arguments that it has to fit.

    Raises:
        ValueError: a view does not fit them, or has a policy without a window or one that cannot augment its size.
    """
    check_fit("views", list(views), train=train, resampler=resampler, hook=hook)
    if device.type != "cpu":
        raise ValueError(
            f"DataLoader: expected device='cpu' with views, got {str(device)!r}; use device='cpu' and move the batches"
        )
    kinds: dict[tuple[int, int], list[_Kind]] = {}
    windows, first = [], 0
    for view in views:
        operations, window = without_window(view.augment)
        if window is None or "window" in operations.sets():
            raise ValueError(
                f"DataLoader: expected RandomResizedCrop as the policy of view {view.name!r} or directly in its "
                f"Compose, got {view.augment}"
            )
        numbers = np.arange(first, first + view.count)
        size = sides("DataLoader", "size", view.size)
        kind = _Kind(numbers, operations, tuple(ViewCrop(number, *bounds(window)) for number in numbers.tolist()))
        try:
            kind.rows(SampleKeys(0, 0, np.arange(2)), 0, size)
        except ValueError as error:
            raise ValueError(
                f"DataLoader: expected a policy that augments {view.size} pixels for view {view.name!r}, got "
                f"{view.augment}; {error}"
            ) from None
        kinds.setdefault(size, []).append(kind)
        windows.append(window)
        first += view.count
    return Viewing(tuple(views), kinds, farthest(windows))


def _joined(rows: list[np.ndarray]) -> np.ndarray:
    """Return rows side by side, (B, V, words), the shorter ones with room for as many operations as the longest."""
    words = max(each.shape[2] for each in rows)
    wide = [np.pad(each, ((0, 0), (0, 0), (0, words - each.shape[2]))) for each in rows]
    return np.ascontiguousarray(np.concatenate(wide, axis=1)) if len(wide) > 1 else wide[0]
