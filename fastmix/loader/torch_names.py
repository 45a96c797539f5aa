"""torch's DataLoader arguments and attributes: what they mean here, or which of ours does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn, TypedDict

import torch

# Arguments of torch's that have no meaning here unless they have this value, and what to use instead.
_REFUSED: dict[str, tuple[tuple[Any, ...], str]] = {
    "collate_fn": ((None,), "the loader makes whole batches; to keep a collate_fn use fastmix.prefetch(loader)"),
    "generator": ((None,), "seed= seeds the order, the crops and the mixing"),
    "worker_init_fn": ((None,), "num_workers= are threads that share your Dataset; nothing has to be initialised"),
    "multiprocessing_context": ((None,), "num_workers= are threads"),
    "batch_sampler": ((None,), "sampler= gives an order of samples, batch_size= cuts it into batches"),
    "prefetch_factor": ((None,), "depth= is the number of batches under way"),
    "pin_memory_device": ((None, ""), "device= puts the batches on a device"),
    "persistent_workers": ((None, False, True), ""),
    "in_order": ((None, False, True), ""),
}
_LAST = {True: "drop", False: "partial"}


class TorchNames(TypedDict, total=False):
    """Arguments of ``torch.utils.data.DataLoader`` that a call may keep."""

    drop_last: bool
    pin_memory: bool
    persistent_workers: bool
    in_order: bool
    collate_fn: None
    generator: None
    worker_init_fn: None
    multiprocessing_context: None
    batch_sampler: None
    prefetch_factor: None
    pin_memory_device: str


def last_batch_of(given: dict[str, Any], last_batch: str | None, device: torch.device) -> Any:
    """Check the arguments that have torch's names, and return ``last_batch``, which ``drop_last`` may set.

    Raises:
        TypeError: a name that has no meaning here; the message names the argument that has.
        ValueError: ``drop_last`` and ``last_batch`` contradict each other.
    """
    for name, value in given.items():
        if name in ("drop_last", "pin_memory"):
            if not isinstance(value, bool):
                raise TypeError(f"DataLoader: expected {name} to be a bool, got {value!r}")
        elif value not in _REFUSED[name][0]:
            raise TypeError(f"DataLoader: expected no {name}, got {value!r}; {_REFUSED[name][1]}")
    if given.get("pin_memory") and device.type == "cpu" and torch.cuda.is_available():
        raise TypeError("DataLoader: pin_memory=True has no effect with device='cpu'; device='cuda' yields GPU batches")
    if "drop_last" not in given:
        return last_batch
    chosen = _LAST[given["drop_last"]]
    if last_batch is not None and (last_batch == "drop") != given["drop_last"]:
        raise ValueError(f"DataLoader: expected drop_last or last_batch={last_batch!r}, got both; leave drop_last out")
    return last_batch or chosen


class NoBatchSampler:
    """``loader.batch_sampler``: there is none, and code that needs one is told what to do."""

    sampler = None

    def __len__(self) -> NoReturn:
        raise TypeError(_NO_BATCH_SAMPLER)

    def __iter__(self) -> Iterator[list[int]]:
        raise TypeError(_NO_BATCH_SAMPLER)


_NO_BATCH_SAMPLER = (
    "DataLoader: expected no use of batch_sampler, which a fastmix loader does not have; with accelerate use "
    "fastmix.integrations.accelerate.prepare(accelerator, loader), with the Hugging Face Trainer "
    "fastmix.integrations.transformers.LoaderState, elsewhere loader.load_state_dict(state)"
)


# What other loaders have, and what to call here.
_ELSEWHERE = {
    "one_batch": "next(iter(loader)) takes a batch",
    "show_batch": "loader.preview() shows one",
    "new": "fastai exports learners with fastai's own loaders; learn.save(file) saves the model",
    "indices": "a torch Subset of the data, or sampler=, chooses samples",
}


class TorchAttributes:
    """Attributes of torch's DataLoader that training frameworks ask for."""

    batch_sampler = NoBatchSampler()
    collate_fn = None
    generator = None
    multiprocessing_context = None
    persistent_workers = False
    pin_memory = False
    pin_memory_device = ""
    prefetch_factor = None
    worker_init_fn = None

    if not TYPE_CHECKING:  # which would take every name for an attribute

        def __getattr__(self, name: str) -> NoReturn:
            hint = f": {_ELSEWHERE[name]}" if name in _ELSEWHERE else ""
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}", name=name, obj=self)
