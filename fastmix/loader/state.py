"""The loader's state: the consumer's position, and the settings that the following batches depend on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastmix.arguments import integer
from fastmix.loader.batches import BatchMaker
from fastmix.loader.drafts import Drafter
from fastmix.loader.progress import Progress

VERSION = 2
_WHERE = {"data": "the data set (its files, their order or labels)"}


def identity(drafter: Drafter, maker: BatchMaker, data: str) -> dict[str, Any]:
    """Return the settings that batches depend on; ``data`` is the source's fingerprint.

    The global batch is one of them, the world size is not; nor are threads, depth, device, memory format, ``on_error``.
    """
    order, policy, graph, augment = drafter.order, drafter.policy, maker.graph, maker.graph.augment
    return {
        "data": data,
        "samples": order.count,
        "seed": order.seed,
        "global_batch": order.global_batch,
        "order": order.kind.name,
        "last_batch": order.last_batch,
        "train": graph.train,
        "size": graph.size,
        "resize": graph.resize,
        "mix": None if policy is None else repr(policy),
        "targets": maker.targets.form,
        "num_classes": maker.targets.num_classes,
        "smoothing": graph.smoothing,
        "dtype": str(graph.dtype).removeprefix("torch."),
        "mean": list(graph.mean),
        "std": list(graph.std),
        "augment": None if augment is None else getattr(augment, "__qualname__", type(augment).__qualname__),
    }


def take(progress: Progress, expected: dict[str, Any]) -> dict[str, Any]:
    """Return the state, of JSON's types alone."""
    epoch, step = progress.position()
    drawn = progress.drawn if step else None
    return {"version": VERSION, "epoch": epoch, "step": step, "sampler_order": drawn, **expected}


def restore(progress: Progress, expected: dict[str, Any], state: Mapping[str, Any]) -> None:
    """Go to the position of a state.

    Raises:
        ValueError, TypeError: not a state, or a state of another version, data set or setting, which the message names.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"DataLoader: expected a state as state_dict() returns it, got {type(state).__name__}")
    expected = {"version": VERSION, **expected}
    differ = [name for name, value in expected.items() if state.get(name) != value]
    if differ:
        details = ", ".join(f"{_WHERE.get(name, name)}={expected[name]!r} (got {state.get(name)!r})" for name in differ)
        raise ValueError(
            f"DataLoader: expected a state with {details}; build the loader as it was when the state was taken"
        )
    missing = [name for name in ("epoch", "step") if name not in state]
    if missing:
        raise ValueError(f"DataLoader: expected a state with {' and '.join(missing)}")
    epoch, step = (integer("DataLoader", name, state[name], 0) for name in ("epoch", "step"))
    progress.jump(epoch, step, state.get("sampler_order"))
