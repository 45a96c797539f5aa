"""What all policies of sample plans share: drafts of plans, and ``plan``."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch

from fastmix.augment.draws import Draws, Stream
from fastmix.augment.packing import Words, compact
from fastmix.augment.sample_plan import DEFAULT_FILTER, HEADER, RESIZE_SHIFT, SamplePlan
from fastmix.plan.draw_key import SampleKeys, integer_below
from fastmix.plan.rows import WORDS


@dataclass(frozen=True)
class Draft:
    """Rows under way: the first 16 words, and operations with Identity in empty places.

    Drafts combine by XOR of the heads: two flips cancel, and each other word is set by at most one policy.

    Attributes:
        head: int32 (N, 16), relative to the plan that changes nothing; None where nothing is set.
        operations: int32 (N, K, 4).
    """

    head: Words | None
    operations: Words

    def where(self, chosen: np.ndarray) -> Draft:
        """Return the draft for the chosen samples, and no change for the others."""
        head = None if self.head is None else self.head * chosen[:, None]
        return Draft(head, self.operations * chosen[:, None, None])

    def then(self, other: Draft) -> Draft:
        """Return both, the other's operations behind these."""
        heads = [draft.head for draft in (self, other) if draft.head is not None]
        head = np.bitwise_xor.reduce(heads) if heads else None
        return Draft(head, np.concatenate((self.operations, other.operations), axis=1))


def empty_head(samples: int) -> Words:
    return np.zeros((samples, WORDS), np.int32)


def no_operations(samples: int, slots: int = 0) -> Words:
    return np.zeros((samples, slots, 4), np.int32)


class SamplePolicy(ABC):
    """Draw sample plans. Subclasses define the draft; ``plan`` is the same for all.

    Policies are frozen dataclasses: they compare by their fields, and ``repr`` is the call that makes them again.
    """

    # What the policy sets: "flip", "window", "values" (pixels in place), "places" (moves pixels), "erase".
    parts: ClassVar[frozenset[str]] = frozenset()

    @property
    def slots(self) -> int:
        """K, how many operations a sample can get."""
        return 1

    @abstractmethod
    def draft(self, draws: Draws) -> Draft:
        """Draw the rows of all samples."""

    def sets(self) -> frozenset[str]:
        """Return what the policy sets, see ``parts``."""
        return self.parts

    def at(self, epoch: int) -> SamplePolicy:  # noqa: ARG002
        """Return the policy of this epoch; ``Scheduled`` overrides it."""
        return self

    @property
    def stream_name(self) -> str:
        return type(self).__name__

    def stream(self, draws: Draws) -> Stream:
        """Return this policy's random numbers."""
        return draws.stream(self.stream_name)

    def plan(self, keys: SampleKeys, size: tuple[int, int] | None = None, image_sizes: Any = None) -> SamplePlan:
        """Draw the plan of N samples. Equal arguments return equal plans, on every machine.

        A sample's row depends only on its key and these sizes: not on the batch, the rank, the world size or threads.

        Args:
            keys: The samples; ``SampleKeys(seed, epoch, sample)`` with ``sample`` int64 (N,).
            size: (height, width) in pixels of the images that operations see, after the resize. Translations relative
                to the size, erasing and ``SimpleRandomCrop`` require it.
            image_sizes: (N, 2), height and width in pixels of the decoded images. Windows require it.

        Raises:
            TypeError: ``keys`` are not SampleKeys of integers.
            ValueError: A size is missing or does not fit, or the parts of the keys do not fit each other.

        Example:
            >>> plan = TrivialAugmentWide().plan(SampleKeys(seed=0, epoch=3, sample=np.arange(256)), (224, 224))
        """
        if not isinstance(keys, SampleKeys):
            raise TypeError(f"{type(self).__name__}.plan: expected SampleKeys, got {type(keys).__name__}")
        _check_keys(keys)
        draws = Draws(keys, _checked_size(size), _checked_sizes(image_sizes, keys))
        draft = self.at(keys.epoch).draft(draws)
        operations, counts = compact(draft.operations)
        rows = np.empty((len(draws), WORDS + 4 * operations.shape[1]), np.int32)
        rows[:, :WORDS] = 0 if draft.head is None else draft.head
        rows[:, 0] = HEADER
        rows[:, 1] ^= DEFAULT_FILTER << RESIZE_SHIFT
        rows[:, 8] = counts
        rows[:, WORDS:] = operations.reshape(len(draws), 4 * operations.shape[1])
        return SamplePlan(torch.from_numpy(rows))

    def __repr__(self) -> str:
        shown = []
        for field in dataclasses.fields(self):  # type: ignore[arg-type]  # every policy is a dataclass
            value = getattr(self, field.name)
            if field.default is dataclasses.MISSING or value != field.default:
                shown.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"


def _check_keys(keys: SampleKeys) -> None:
    count = np.asarray(keys.sample).size
    for name in ("sample", "occurrence", "view"):
        part = np.asarray(getattr(keys, name))
        if part.dtype.kind not in "iu":
            raise TypeError(f"plan: expected {name} as integers, got {part.dtype}")
        if part.shape != (count,) and (part.ndim or name == "sample"):
            raise ValueError(f"plan: expected {name} of shape (N,), with N samples, got {part.shape}")


def _checked_size(size: Any) -> tuple[int, int] | None:
    if size is None:
        return None
    try:
        height, width = size
    except (TypeError, ValueError):
        raise ValueError(f"plan: expected size=(height, width), got {size!r}") from None
    return integer_below("height", height, 31), integer_below("width", width, 31)


def _checked_sizes(image_sizes: Any, keys: SampleKeys) -> np.ndarray | None:
    if image_sizes is None:
        return None
    sizes = np.asarray(image_sizes)
    if sizes.shape != (len(keys.rows), 2) or sizes.dtype.kind not in "iu":
        raise ValueError(
            f"plan: expected image_sizes as integers of shape ({len(keys.rows)}, 2), got {sizes.dtype} {sizes.shape}"
        )
    if sizes.size and (sizes.min() < 1 or sizes.max() >= 1 << 31):
        raise ValueError(f"plan: expected image_sizes in [1, 2**31), got {sizes.min()} to {sizes.max()}")
    return sizes.astype(np.int64)
