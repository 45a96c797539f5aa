"""What a loader has besides its batches: attributes, its position and representation, a picture, statistics."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import torch

from fastmix.arguments import integer, one_line
from fastmix.loader import state
from fastmix.loader.batches import Batch
from fastmix.loader.dataset_view import DatasetView
from fastmix.loader.epoch import Machinery
from fastmix.loader.faults.errors import BadSample
from fastmix.loader.from_recipe import Chosen
from fastmix.loader.graph.spec import GraphSpec
from fastmix.loader.order import LastBatch
from fastmix.loader.passes import Passes
from fastmix.loader.preview import draw_grid
from fastmix.loader.progress import Progress
from fastmix.loader.sources.hints import Hints
from fastmix.loader.sources.source import Source
from fastmix.loader.torch_names import TorchAttributes
from fastmix.ranks import Ranks
from fastmix.recipes import Recipe

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Face(TorchAttributes, ABC):
    """The attributes and the smaller methods of ``DataLoader``."""

    batch_size: int
    device: torch.device
    classes: Sequence[str]
    dataset: DatasetView
    _chosen: Chosen
    _machinery: Machinery
    _progress: Progress
    _prepared: bool
    _ranks: Ranks
    _fingerprint: str | None
    _arguments: dict[str, Any]  # as given
    data: Any
    source: Source

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __iter__(self) -> Iterator[Batch]: ...

    @abstractmethod
    def _decided(self) -> Passes:
        """Return the passes, divided among the ranks, which are decided now at the latest."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the arguments and the position; the source is opened already, and ranks are decided anew."""
        progress = self._progress
        hints = dict.fromkeys(field.name for field in fields(Hints))
        arguments = {**self._arguments, **hints, "data": self.source}
        return _unpickled, (type(self), arguments, self.data, (*progress.position(), progress.mixing))

    def __setattr__(self, name: str, value: Any) -> None:
        fixed = isinstance(known := getattr(type(self), name, None), property) and known.fset is None
        if not name.startswith("_") and (fixed or name in self.__dict__):
            raise AttributeError(
                f"DataLoader: expected no assignment to {name}, which would change no batch; build another loader with "
                f"{name}={one_line(value)}"
            )
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        lines = [f"DataLoader({self.dataset!r}"]
        if self.recipe is not None:
            lines.append(str(self._chosen))
        graph, order = self._machinery.maker.graph, self._machinery.drafter.passes.order
        lines.append(f"batch_size={self.batch_size}, size={self.size}, train={graph.train}, order={order.kind.name!r}")
        if (augmenting := self._machinery.drafter.augmenting) is not None:
            lines.append(str(augmenting))
        lines.append(f"mix={self._machinery.drafter.policy}, dtype={graph.dtype}, device='{self.device}'")
        if self._ranks.decided is not None:
            lines.append(f"rank={self.rank} of {self.world_size}, epoch={self.epoch}, {len(self)} steps per epoch")
        return ",\n    ".join(lines) + ")"

    @property
    def graph(self) -> GraphSpec:
        """What the pipeline computes."""
        return self._machinery.maker.graph

    @property
    def size(self) -> int | tuple[int, int]:
        """Side of the images of the current epoch in pixels, or (height, width)."""
        height, width = self._chosen.size_at(self._progress.position()[0])
        return height if height == width else (height, width)

    @property
    def mean(self) -> tuple[float, ...]:
        """Per channel, as pixels were normalised: ``images * std + mean`` is in 0 to 1 again."""
        return self.graph.mean

    @property
    def std(self) -> tuple[float, ...]:
        """Per channel, as :attr:`mean`."""
        return self.graph.std

    @property
    def recipe(self) -> Recipe | None:
        """The recipe that was given."""
        return self._chosen.recipe

    @property
    def rank(self) -> int:
        """Of this process; decided when it is first needed."""
        return self._decided().order.rank

    @property
    def world_size(self) -> int:
        """Number of processes; decided when it is first needed."""
        return self._decided().order.world_size

    @property
    def mixup_enabled(self) -> bool:
        """Whether the next iterator mixes."""
        return self._machinery.drafter.policy is not None and self._progress.mixing

    @mixup_enabled.setter
    def mixup_enabled(self, enabled: bool) -> None:
        if enabled and self._machinery.drafter.policy is None:
            raise ValueError("DataLoader: expected mix= in the loader's arguments, got mixup_enabled=True without it")
        self._progress.mixing = bool(enabled)

    @property
    def epoch(self) -> int:
        """The epoch that is being iterated over, or comes next."""
        return self._progress.epoch

    @property
    def bad_samples(self) -> list[BadSample]:
        """The samples that are bad, (path, reason): those that are known to be, then those of this epoch only."""
        return self._machinery.retries.faults.bad_samples

    @property
    def timeout(self) -> float:
        """Seconds of waiting for a batch until an error; 0 for never."""
        return self._machinery.stall.timeout or 0.0

    @property
    def drop_last(self) -> bool:
        """Whether an incomplete last batch is dropped."""
        return self.last_batch == "drop"

    @property
    def last_batch(self) -> LastBatch:
        """What happens to the samples that fill no global batch."""
        return self._machinery.drafter.passes.order.last_batch

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iterator; needed only to leave the sequence 0, 1, 2, ...

        The current epoch's number changes nothing, so a resumed epoch stays resumed. Another number ends the iterator
        that is under way.
        """
        self._decided()
        self._progress.set_epoch(integer("DataLoader", "epoch", epoch, 0))

    def state_dict(self) -> dict[str, Any]:
        """Return where the consumer is, as JSON's types. Prefetched batches do not count."""
        return state.take(self._progress, self._decided(), self._identity())

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Make the next iterator go on where ``state_dict`` was taken, with the identical batches; nothing is replayed.

        Threads, ``depth``, device and decoder (whose pixels may differ a little) and ``on_error`` may differ. So may
        the world size, if the global batch is the same. Every rank loads the same state, any rank's.

        Raises:
            ValueError, TypeError: not a state, or a state of another version, data set or setting, which the message
                names.
        """
        state.restore(self._progress, self._decided(), self._identity(), state_dict)

    def _identity(self) -> dict[str, Any]:
        if self._fingerprint is None:
            self._fingerprint = self.source.fingerprint()
        identity = state.identity(self._machinery.drafter, self._machinery.maker, self._fingerprint)
        return identity if self._chosen.ramp is None else {**identity, "size": repr(self._chosen.ramp)}

    def preview(self, count: int = 12) -> Figure:
        """Return a matplotlib figure of the batch that comes next, with the weights of its labels.

        The loader's position does not change.

        Raises:
            ImportError: matplotlib is not installed.
        """
        other = copy.copy(self)
        other._prepared = True
        graph = self._machinery.maker.graph
        *images, targets = next(iter(other))[: (len(graph.views) or 1) + 1]
        return draw_grid(images, targets, self.classes, graph.mean, graph.std, count)

    def stats(self) -> dict[str, Any]:
        """Return what the current or last epoch has cost this rank.

        Returns:
            ``batches``, ``images``; ``seconds`` since its beginning and ``images_per_second``; ``wait_seconds`` that
            the consumer waited for batches, and ``wait_share`` of all seconds; ``stage_seconds``, the wait by stage
            (plan, read, pipeline, hand_over, recover); ``bytes`` read; samples ``skipped`` and ``replaced``.
        """
        return self._machinery.stats.as_dict()


def _unpickled(kind: type[Face], arguments: dict[str, Any], data: Any, position: tuple[int, int, bool]) -> Face:
    loader = kind(**arguments)
    loader.__dict__["data"] = data
    epoch, step, loader._progress.mixing = position
    loader._progress.jump(epoch, step)
    return loader
