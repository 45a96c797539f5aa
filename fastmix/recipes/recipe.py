"""``Recipe``: everything that a published training setup says about its images and targets, as plain data."""

from __future__ import annotations

import dataclasses
import textwrap
from dataclasses import dataclass
from typing import Any, Literal

from fastmix.arguments import integer, number, per_channel, sides
from fastmix.augment.compose import Compose
from fastmix.augment.erasing import Cutout, RandomErasing
from fastmix.augment.policy import SamplePolicy
from fastmix.augment.scheduled import Scheduled
from fastmix.ops.normalize_mix import IMAGENET_MEAN, IMAGENET_STD
from fastmix.plan.policies import Policy
from fastmix.plan.schedules import Scheduled as ScheduledMix
from fastmix.recipes.sizes import SizeRamp

Size = int | tuple[int, int]


@dataclass(frozen=True)
class Evaluation:
    """What evaluation shows of an image; the arguments of ``DataLoader(train=False)``.

    Attributes:
        size: Height and width of the output in pixels, or one number for both.
        resize: Size before the crop, torchvision's; None if ``crop_pct`` says it.
        crop_pct: timm's share of the resized image that the crop keeps; None if ``resize`` says it.
        crop_mode: ``"center"`` or ``"squash"``.
        interpolation: Pillow's filter of this name.
    """

    size: Size
    resize: Size | None = None
    crop_pct: float | None = None
    crop_mode: Literal["center", "squash"] = "center"
    interpolation: Literal["box", "bilinear", "bicubic"] = "bilinear"

    def __post_init__(self) -> None:
        if (self.resize is None) == (self.crop_pct is None):
            raise ValueError(f"Evaluation: expected one of resize and crop_pct, got {self.resize} and {self.crop_pct}")


@dataclass(frozen=True)
class View:
    """One kind of view of an image in self-supervised training.

    Attributes:
        name: What the paper calls it.
        count: How many views of this kind an image has.
        size: Height and width in pixels, or one number for both.
        augment: The policy of the pixels: a ``RandomResizedCrop`` and what follows it, flips included.

    Raises:
        TypeError: An attribute is of another type.
        ValueError: A number is out of range.

    Example:
        >>> crop = fastmix.augment.RandomResizedCrop((0.05, 0.4))
        >>> local = View("local", count=8, size=96, augment=crop)
    """

    name: str
    count: int
    size: Size
    augment: SamplePolicy

    def __post_init__(self) -> None:
        integer("View", "count", self.count)
        sides("View", "size", self.size)
        if not isinstance(self.augment, SamplePolicy):
            raise TypeError(f"View: expected augment as a policy of fastmix.augment, got {type(self.augment).__name__}")


@dataclass(frozen=True, repr=False)
class Recipe:
    """A training recipe: plain frozen data, which ``DataLoader(recipe=...)`` applies.

    ``print(recipe)`` shows every setting, the source, and what is not verified or differs from the reference.

    Args:
        name: The recipe's name.
        source: Where the settings are from.
        size: Height and width in pixels of the training images, one number for both, or a ``SizeRamp`` by epoch.
        augment: Policy of the training pixels, from the window to erasing; None if there are ``views``.
        views: Kinds of views of self-supervised training.
        mix: Mixing policy, or None.
        smoothing: Label smoothing in [0, 1). Without ``mix`` it belongs in your loss.
        loss: The loss that the recipe trains with, in words.
        repeats: How often an image comes in an epoch (repeated augmentation); an epoch then shows ``1 / repeats`` of
            the images.
        evaluation: What evaluation shows, or None if the source says nothing.
        mean: Per channel, 0 to 1.
        std: Per channel, 0 to 1.
        epochs: How long the recipe trains, or None if that varies.
        image_size: Height and width in pixels that the data's images must have; None allows any.
        unverified: What was not checked against the source.
        differs: What fastmix does differently, with little effect.
        refused: What fastmix cannot do and what would train something else. ``DataLoader`` refuses the recipe until
            ``recipe.replace(refused=())`` accepts the difference.
        changed: Names of settings that ``replace`` changed.

    Raises:
        TypeError: An argument is of another type.
        ValueError: A number is out of range, mixing and views come together, or a schedule ends after ``epochs``.

    Example:
        >>> print(fastmix.recipes.TORCHVISION_V2)
        >>> recipe = fastmix.recipes.TORCHVISION_V2.replace(size=224, repeats=1)
    """

    name: str
    source: str
    size: Size | SizeRamp
    augment: SamplePolicy | None = None
    views: tuple[View, ...] = ()
    mix: Policy | None = None
    smoothing: float = 0.0
    loss: str = "cross entropy"
    repeats: int = 1
    evaluation: Evaluation | None = None
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    epochs: int | None = None
    image_size: tuple[int, int] | None = None
    unverified: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.size, SizeRamp):
            sides("Recipe", "size", self.size)
        if (self.augment is None) == (not self.views):
            raise ValueError(f"Recipe: expected augment or views, got {self.augment} and {len(self.views)} views")
        policies = [self.augment] if self.augment is not None else [view.augment for view in self.views]
        for policy in policies:
            if not isinstance(policy, SamplePolicy):
                raise TypeError(f"Recipe: expected augment as a policy of fastmix.augment, got {type(policy).__name__}")
        if self.mix is not None and not isinstance(self.mix, Policy):
            raise TypeError(f"Recipe: expected mix as a mixing policy or None, got {type(self.mix).__name__}")
        if self.views and self.mix is not None:
            raise ValueError("Recipe: expected no mix with views, whose labels are not mixed; got both")
        if not 0.0 <= number("Recipe: smoothing", self.smoothing) < 1.0:
            raise ValueError(f"Recipe: expected smoothing in [0, 1), got {self.smoothing}")
        integer("Recipe", "repeats", self.repeats)
        per_channel("Recipe", "mean", self.mean)
        per_channel("Recipe", "std", self.std, positive=True)
        if self.epochs is not None:
            integer("Recipe", "epochs", self.epochs)
            self._check_schedules(policies)

    def _check_schedules(self, policies: list[SamplePolicy]) -> None:
        """Refuse a schedule that is not over when training ends."""
        found: dict[str, int] = {}
        if isinstance(self.size, SizeRamp):
            found["size"] = self.size.end_epoch
        if isinstance(self.mix, ScheduledMix):
            found["mix"] = self.mix.start_epoch + self.mix.ramp_epochs
        for policy in policies:
            for part in parts_of(policy):
                if isinstance(part, Scheduled):
                    found["augment"] = max(found.get("augment", 0), part.start_epoch + 1)
        for name, end in found.items():
            if end > (self.epochs or 0):
                raise ValueError(
                    f"Recipe: expected a schedule of {name} within epochs={self.epochs}, got one until epoch {end}; "
                    f"give replace() both epochs and {name}"
                )

    def replace(self, **changes: Any) -> Recipe:
        """Return the recipe with other settings; ``changed`` names them.

        Raises:
            TypeError: A name is not a setting.
            ValueError: As for ``Recipe``.

        Example:
            >>> recipe = fastmix.recipes.DEIT.replace(size=288, repeats=1)
        """
        names = [field.name for field in dataclasses.fields(self) if field.name not in ("name", "changed")]
        unknown = [name for name in changes if name not in names]
        if unknown:
            raise TypeError(f"Recipe.replace: expected settings among {', '.join(names)}; got {unknown[0]!r}")
        differ = {name for name, value in changes.items() if value != getattr(self, name)}
        changed = tuple(name for name in names if name in differ or name in self.changed)
        return dataclasses.replace(self, **changes, changed=changed)

    @property
    def erasing(self) -> str | None:
        """When boxes are erased: ``"before mixing"``, ``"after mixing"``, or None for never."""
        for part in parts_of(self.augment):
            if isinstance(part, RandomErasing | Cutout):
                return "before mixing" if part.before_mixing or isinstance(part.value, tuple) else "after mixing"
        return None

    def __repr__(self) -> str:
        return f"Recipe({self.name!r})" if not self.changed else f"Recipe({self.name!r}, changed={self.changed})"

    def __str__(self) -> str:
        rows: list[tuple[str, object]] = [("source", self.source), ("size", self.size)]
        rows += [("augment", part) for part in _steps(self.augment)]
        for view in self.views:
            rows += [(f"{view.count} x {view.name}, {view.size} px", part) for part in _steps(view.augment)]
        rows += [("mix", self.mix), ("smoothing", self.smoothing), ("loss", self.loss), ("erasing", self.erasing)]
        rows += [("repeats", self.repeats), ("evaluation", self.evaluation), ("mean", self.mean), ("std", self.std)]
        rows += [("epochs", self.epochs), ("image_size", self.image_size)]
        for name in ("unverified", "differs", "refused"):
            rows += [(name, text) for text in getattr(self, name) or ("nothing",)]
        rows += [("changed", ", ".join(self.changed) or "nothing")]
        return "\n".join([self.name, *_aligned(rows)])


def parts_of(policy: SamplePolicy | None) -> list[SamplePolicy]:
    """Return a policy and the policies in it."""
    if policy is None:
        return []
    inner = getattr(policy, "policies", None) or [getattr(policy, "policy", None)]
    found = [policy]
    for part in inner:
        found += parts_of(part) if isinstance(part, SamplePolicy) else []
    return found


def _steps(policy: SamplePolicy | None) -> list[str]:
    """Return the steps of a policy in words."""
    steps = [] if policy is None else policy.policies if isinstance(policy, Compose) else [policy]
    return [_whole(step) for step in steps]


def _whole(value: object) -> str:
    """Return a policy with all its parameters, those with default values too."""
    if isinstance(value, list | tuple) and any(isinstance(part, SamplePolicy) for part in value):
        return f"[{', '.join(map(_whole, value))}]"
    if not isinstance(value, SamplePolicy):
        return f"{value:.4g}" if isinstance(value, float) else repr(value)
    fields = dataclasses.fields(value)  # type: ignore[arg-type]  # every policy is a dataclass
    return f"{type(value).__name__}({', '.join(f'{each.name}={_whole(getattr(value, each.name))}' for each in fields)})"


def _aligned(rows: list[tuple[str, object]]) -> list[str]:
    """Return lines of a name and a value; a name that repeats is left out."""
    width, lines, last = max(len(name) for name, _ in rows), [], ""
    for name, value in rows:
        first, *more = textwrap.wrap(str(value), 112 - width) or [""]
        lines.append(f"  {'' if name == last else name:<{width}}  {first}")
        lines += [f"  {'':<{width}}  {line}" for line in more]
        last = name
    return lines
