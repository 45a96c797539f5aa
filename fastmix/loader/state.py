"""The loader's state: the consumer's position, and the settings that the following batches depend on.

A state without a setting has that setting's default, so that a new setting needs no new version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastmix.arguments import integer
from fastmix.loader.augmenting import Augmenting
from fastmix.loader.batches import BatchMaker
from fastmix.loader.drafts import Drafter
from fastmix.loader.graph.evaluation import evaluation_view
from fastmix.loader.passes import Passes
from fastmix.loader.progress import Progress
from fastmix.loader.viewing import Viewing

VERSION = 3
# Defaults of settings that a state may lack; new settings come here.
_DEFAULTS: dict[str, Any] = {"repeats": 1, "dali_augment": None, "interpolation": "bilinear", "views": None}
_POSITION = ("epoch", "step", "sampler_order", "mixing")
_WHERE = {"data": "the data set (its files, their order or labels)"}


def identity(drafter: Drafter, maker: BatchMaker, data: str) -> dict[str, Any]:
    """Return the settings that batches depend on; ``data`` is the source's fingerprint.

    The global batch is one of them, the world size is not; nor are threads, depth, device, memory format, ``on_error``.
    """
    order, policy, graph, hook = drafter.passes.order, drafter.policy, maker.graph, maker.graph.dali_augment
    view, augmenting = graph.view, drafter.augmenting
    return {
        "data": data,
        "samples": order.count,
        "seed": order.seed,
        "global_batch": order.global_batch,
        "order": order.kind.name,
        "repeats": order.repeats,
        "last_batch": order.last_batch,
        "steps_per_epoch": steps_per_epoch(drafter.passes),
        "train": graph.train,
        "size": graph.size[0] if graph.size[0] == graph.size[1] else list(graph.size),
        "resampler": graph.resampler,
        "view": None if graph.train or view == evaluation_view(graph.size) else [*view.resize, view.crop_mode],
        "interpolation": graph.interpolation,
        "mix": None if policy is None else repr(policy),
        "targets": maker.targets.form,
        "num_classes": maker.targets.num_classes,
        "smoothing": graph.smoothing,
        "dtype": str(graph.dtype).removeprefix("torch."),
        "mean": list(graph.mean),
        "std": list(graph.std),
        "augment": repr(augmenting.policy) if isinstance(augmenting, Augmenting) else None,
        "views": augmenting.identity() if isinstance(augmenting, Viewing) else None,
        "dali_augment": None if hook is None else getattr(hook, "__qualname__", type(hook).__qualname__),
    }


def steps_per_epoch(passes: Passes) -> int | None:
    """Return the length of short epochs, or None if an epoch is a pass, whatever its length."""
    return None if passes.steps == passes.order.steps else passes.steps


def take(progress: Progress, passes: Passes, expected: dict[str, Any]) -> dict[str, Any]:
    """Return the state, of JSON's types alone."""
    epoch, step = progress.position()
    drawn, mixing = passes.drawn(epoch, step), progress.mixing
    return {"version": VERSION, "epoch": epoch, "step": step, "sampler_order": drawn, "mixing": mixing, **expected}


def restore(progress: Progress, passes: Passes, expected: dict[str, Any], state: Mapping[str, Any]) -> None:
    """Go to the position of a state.

    Raises:
        ValueError, TypeError: not a state, or a state of another version, data set or setting, which the message names.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"DataLoader: expected a state as state_dict() returns it, got {type(state).__name__}")
    expected = {"version": VERSION, **expected}
    state = {**_DEFAULTS, **state}
    names = [*expected, *(name for name in state if name not in expected and name not in _POSITION)]
    differ = [name for name in names if state.get(name) != expected.get(name)]
    if differ:
        details = ", ".join(
            f"{_WHERE.get(name, name)}={expected.get(name)!r} (got {state.get(name)!r})" for name in differ
        )
        raise ValueError(
            f"DataLoader: expected a state with {details}; build the loader as it was when the state was taken"
        )
    missing = [name for name in ("epoch", "step") if name not in state]
    if missing:
        raise ValueError(f"DataLoader: expected a state with {' and '.join(missing)}")
    epoch, step = (integer("DataLoader", name, state[name], 0) for name in ("epoch", "step"))
    progress.jump(epoch, step)
    progress.mixing = bool(state.get("mixing", True))
    passes.expect(*progress.position(), state.get("sampler_order"))
