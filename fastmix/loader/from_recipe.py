"""What ``recipe=`` sets, beside the arguments that a call gives; and what of a recipe the loader refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from nvidia.dali import Pipeline, fn

from fastmix.arguments import sides
from fastmix.augment import Compose, RandomHorizontalFlip, RandomResizedCrop, SamplePolicy
from fastmix.loader.graph import inputs
from fastmix.loader.graph.samples import read_samples
from fastmix.loader.sources.source import IN_FILES, Source
from fastmix.ops.normalize_mix import IMAGENET_MEAN, IMAGENET_STD
from fastmix.recipes import Recipe, SizeRamp, View


class Unset(Enum):
    """The default of arguments whose None means "nothing"."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET = Unset.UNSET

# What each argument is without a recipe.
_DEFAULTS: dict[str, Any] = {
    "size": None,
    "mean": IMAGENET_MEAN,
    "std": IMAGENET_STD,
    "interpolation": None,
    "resize": None,
    "crop_pct": None,
    "crop_mode": None,
    "augment": None,
    "views": None,
    "mix": None,
    "smoothing": 0.0,
    "repeats": 1,
}
# What views leave no place for, and why.
_WITHOUT_VIEWS = {
    "size": "each View has its size",
    "augment": "each View has its policy",
    "interpolation": "each View's RandomResizedCrop has its filter",
    "mix": "views are not mixed; mix=None leaves it out",
}
_MAY_BE_NONE = ("augment", "views", "mix")


@dataclass(frozen=True)
class Chosen:
    """The arguments that a recipe may set, settled.

    Attributes:
        recipe: the recipe, or None.
        values: by name.
        kept: names of arguments that the call gave, beside a recipe.
        ramp: the size by epoch, or None if it stays.
        loss_smoothing: the recipe's smoothing, where the targets do not have it.
    """

    recipe: Recipe | None
    values: Mapping[str, Any]
    kept: tuple[str, ...] = ()
    ramp: SizeRamp | None = None
    loss_smoothing: float = 0.0

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def size_at(self, epoch: int) -> tuple[int, int]:
        """Return height and width of an epoch's images, in pixels."""
        return sides("DataLoader", "size", self.values["size"] if self.ramp is None else self.ramp.at(epoch))

    def __str__(self) -> str:
        kept = ", ".join(f"{name}={self.values[name]!r}" for name in self.kept)
        text = f"recipe={self.recipe!r}" + (f" but {kept}" if kept else "")
        return text + (f", smoothing {self.loss_smoothing} belongs in the loss" if self.loss_smoothing else "")


def choose(recipe: Recipe | None, train: bool, arguments: Mapping[str, Any]) -> Chosen:
    """Return the settled arguments: a call's own, then the recipe's, then the defaults.

    Raises:
        TypeError: ``recipe`` is not a Recipe, or there is no size.
        ValueError: the loader cannot do what the recipe says.
    """
    given = {
        name: arguments[name]
        for name in _DEFAULTS
        if arguments[name] is not UNSET and (arguments[name] is not None or name in _MAY_BE_NONE)
    }
    values: dict[str, Any] = {**_DEFAULTS, **given}
    if recipe is None:
        values |= _of_views(values)
        if values["size"] is None:
            raise TypeError("DataLoader: expected size, in pixels, or a recipe that has one; got neither")
        return Chosen(None, values)
    if not isinstance(recipe, Recipe):
        raise TypeError(f"DataLoader: expected recipe as one of fastmix.recipes, got {type(recipe).__name__}")
    ours = _training(recipe, given) if train else _evaluation(recipe, given)
    values = {**_DEFAULTS, "mean": recipe.mean, "std": recipe.std, **ours, **given}
    values |= _of_views(values)
    ramp = values["size"] if isinstance(values["size"], SizeRamp) else None
    left = recipe.smoothing if train and "smoothing" not in given and not values["smoothing"] else 0.0
    return Chosen(recipe, values, tuple(given), ramp, left)


def _training(recipe: Recipe, given: Mapping[str, Any]) -> dict[str, Any]:
    if recipe.refused:
        raise ValueError(
            f"DataLoader: expected a recipe that fastmix can follow, got {recipe!r}: {'; '.join(recipe.refused)}. "
            "recipe.replace(refused=()) accepts this"
        )
    if recipe.views:
        sizes = {} if given.get("views", recipe.views) else {"size": recipe.size}
        return {"views": recipe.views, "repeats": recipe.repeats, **sizes}
    plain = _plain_filter(recipe.augment)
    augment = {"interpolation": plain} if plain is not None else {"augment": recipe.augment}
    if "augment" in given:
        augment = {}
    elif "interpolation" in given:
        # The policy's crop has a filter too; without operations, only the call's counts.
        augment = {} if plain is not None else augment
    mix = given.get("mix", recipe.mix)
    # Without mixing, targets are class ids.
    smoothing = recipe.smoothing if mix is not None else 0.0
    return {"size": recipe.size, "mix": recipe.mix, "smoothing": smoothing, "repeats": recipe.repeats, **augment}


def _of_views(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return views and size, if there are views; refuse arguments that have no meaning with views."""
    if values["views"] is None:
        return {}
    views = _checked_views(values["views"])
    for name, reason in _WITHOUT_VIEWS.items():
        if values[name] is not None:
            raise ValueError(
                f"DataLoader: expected views or {name}, got {len(views)} kinds of views and {name}={values[name]!r}; "
                f"{reason}"
            )
    return {"views": views, "size": views[0].size}


def _checked_views(views: Any) -> tuple[View, ...]:
    """Return the views as a tuple of at least two.

    Raises:
        TypeError: an entry is not a View.
        ValueError: there are fewer than two.
    """
    if not isinstance(views, list | tuple) or not all(isinstance(view, View) for view in views):
        found = {type(view).__name__ for view in views} if isinstance(views, list | tuple) else {type(views).__name__}
        raise TypeError(f"DataLoader: expected views as a list of fastmix.recipes.View, got {', '.join(sorted(found))}")
    if sum(view.count for view in views) < 2:
        raise ValueError(f"DataLoader: expected at least two views, got {views!r}; for one use size= and augment=")
    return tuple(views)


def _evaluation(recipe: Recipe, given: Mapping[str, Any]) -> dict[str, Any]:
    seen = recipe.evaluation
    before = "resize" in given or "crop_pct" in given
    if seen is None:
        if not (before and "size" in given):
            raise ValueError(
                f"DataLoader: expected size and resize or crop_pct beside {recipe!r}, which says nothing about "
                f"evaluation, got {', '.join(given) or 'none'}"
            )
        return {}
    if "size" in given and seen.resize is not None and not before and given["size"] != seen.size:
        raise ValueError(
            f"DataLoader: expected resize or crop_pct beside size={given['size']!r}, since {recipe!r} has "
            f"resize={seen.resize} for size={seen.size}"
        )
    view = {} if before else {"resize": seen.resize, "crop_pct": seen.crop_pct}
    return {"size": seen.size, "crop_mode": seen.crop_mode, "interpolation": seen.interpolation, **view}


def _plain_filter(policy: SamplePolicy | None) -> str | None:
    """Return the filter of a policy that only crops and mirrors as the loader does by itself, else None."""
    if not isinstance(policy, Compose) or len(policy.policies) != 2:
        return None
    crop, flip = policy.policies
    if not isinstance(crop, RandomResizedCrop) or crop.interpolation == "random" or flip != RandomHorizontalFlip(0.5):
        return None
    return crop.interpolation if crop == RandomResizedCrop(interpolation=crop.interpolation) else None


def check_data(recipe: Recipe | None, source: Source, max_pixels: int) -> None:
    """Refuse data whose first image has another size than the recipe is for."""
    if recipe is None or recipe.image_size is None or not len(source):
        return
    found = _first_size(source, max_pixels)
    if found is not None and found != sides("Recipe", "image_size", recipe.image_size):
        raise ValueError(
            f"DataLoader: expected images of {recipe.image_size[0]} x {recipe.image_size[1]} pixels for {recipe!r}, "
            f"got {found[0]} x {found[1]} in {source.path(0)}; recipe.replace(image_size=None) resizes them"
        )


def _first_size(source: Source, max_pixels: int) -> tuple[int, int] | None:
    """Return height and width of the first sample, or None if it cannot be read, which the epoch reports."""
    fed: dict[str, Any] = {inputs.STATUS: np.zeros(1, np.int32)}
    if source.delivers in IN_FILES:
        fed |= source.files(np.zeros(1, np.int64))
    else:
        try:
            data, _ = source.read(0)
        except Exception:
            return None
        if source.delivers == "pixels":
            return data.shape[0], data.shape[1]
        fed["encoded"] = [data]
    pipeline = Pipeline(1, 1, None, prefetch_queue_depth=1, exec_dynamic=True)
    with pipeline:
        encoded, status, *_ = read_samples(source.delivers)
        shape, status, _ = fn.fastmix.peek(encoded, status, max_pixels=max_pixels)
        pipeline.set_outputs(shape, status)
    pipeline.build()
    for name, value in fed.items():
        pipeline.feed_input(name, value)
    shape, status = pipeline.run()
    if np.array(status.at(0)) != 0:
        return None
    height, width, *_ = np.array(shape.at(0)).tolist()
    return height, width
