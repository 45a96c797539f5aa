"""``loader.dataset``: the samples of a loader, as torchvision's data sets show theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastmix.loader.sources.class_names import IdNames
from fastmix.loader.sources.source import Source


class DatasetView(Sequence[tuple[str, Any]]):
    """The samples of a loader as a sequence of (path, label); nothing is decoded.

    Attributes:
        classes: the classes' names, by id.
        class_to_idx: their ids, by name.
        targets: class ids as a list of ints, or float32 (N, C); None without labels, or if only a sample has its label.
    """

    def __init__(self, source: Source, classes: Sequence[str]) -> None:
        self._source = source
        # Ids as names make no list: there may be 2**31 of them.
        self.classes = classes if isinstance(classes, IdNames) else list(classes)

    @property
    def class_to_idx(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.classes)}

    @property
    def targets(self) -> Any:
        labels = self._source.labels
        if labels is None:
            return None
        return labels.values.copy() if labels.dense else labels.values.tolist()

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: Any) -> Any:
        """Return (path, label): the label is an int, float32 (C,) or None. A slice returns a list."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        sample = range(len(self))[index]  # its IndexError ends iteration
        labels = self._source.labels
        if labels is not None:
            label = labels.values[sample]
            return self._source.path(sample), label.copy() if labels.dense else int(label)
        return self._source.path(sample), None if self._source.unlabelled else self._source.read(sample)[1]

    def __repr__(self) -> str:
        return f"{type(self._source).__name__}({len(self)} samples, {len(self.classes)} classes)"
