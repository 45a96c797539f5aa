"""Hugging Face accelerate: a loader that tells an Accelerator where it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accelerate.data_loader import DataLoaderStateMixin
from accelerate.state import GradientState

from fastmix.loader.loader import DataLoader


def prepare(accelerator: Any, loader: DataLoader) -> Prepared:
    """Prepare a loader, as ``accelerator.prepare`` does for torch's, which passes others through unchanged.

    The Accelerator learns where the loader ends: gradient accumulation steps there, and ``gather_for_metrics`` drops
    the samples that only fill up the last batch. ``accelerator.skip_first_batches`` skips without reading, and
    ``save_state`` writes the loader's state if the Accelerator was made with ``use_stateful_dataloader=True``.

    Raises:
        ValueError: the last batches of several ranks would differ in size.

    Example:
        >>> model, optimizer = accelerator.prepare(model, optimizer)
        >>> loader = fastmix.integrations.accelerate.prepare(accelerator, loader)
    """
    if not isinstance(loader, DataLoader):
        raise TypeError(f"prepare: expected a fastmix.DataLoader, got {type(loader).__name__}")
    prepared = Prepared(loader, accelerator.dataloader_config.use_stateful_dataloader)
    accelerator._dataloaders.append(prepared)
    skip = accelerator.skip_first_batches

    def skip_first_batches(dataloader: Any, num_batches: int = 0) -> Any:
        return dataloader.skipped(num_batches) if isinstance(dataloader, Prepared) else skip(dataloader, num_batches)

    accelerator.skip_first_batches = skip_first_batches
    return prepared


class Prepared(DataLoaderStateMixin):  # type: ignore[misc]  # accelerate has no types
    """A loader with the attributes that accelerate reads; its other attributes are the loader's."""

    def __init__(self, loader: DataLoader, stateful: bool, skip: int = 0) -> None:
        if not loader.drop_last and loader.world_size > 1 and loader.last_batch != "pad":
            raise ValueError(
                f"prepare: expected last_batch='pad' or 'drop' with {loader.world_size} ranks, which must have equal "
                f"batches, got {loader.last_batch!r}"
            )
        self.loader = loader
        self.gradient_state = GradientState()
        self.use_stateful_dataloader = stateful
        self.total_batch_size = loader.batch_size * loader.world_size
        self._drop_last = loader.drop_last
        self._skip = skip
        loader._prepared = True

    def __len__(self) -> int:
        return len(self.loader) - self._skip

    def __getattr__(self, name: str) -> Any:
        if name == "loader":
            raise AttributeError(name)
        return getattr(self.loader, name)

    def __iter__(self) -> Iterator[Any]:
        if self._skip:
            self.loader.load_state_dict({**self.loader.state_dict(), "step": self._skip})
        self.begin()
        try:
            batches = iter(self.loader)
            for batch in batches:
                self.end_of_dataloader = len(batches) == 0
                yield batch
        finally:
            self.end()

    def skipped(self, batches: int) -> Prepared:
        """Return the loader with one epoch that starts after these batches; nothing is read for them."""
        return Prepared(self.loader, self.use_stateful_dataloader, self._skip + batches)
