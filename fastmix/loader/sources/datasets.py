"""Map-style torch Datasets: threads of the loader read the samples, DALI decodes and augments them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fastmix.loader.sources.label_table import Labels, label_table
from fastmix.loader.sources.source import Source, class_names, digest

# How many samples may fail before one shows what kind they are.
_PROBES = 16


class DatasetSource(Source):
    """A Dataset whose ``__getitem__`` returns (image, label).

    The image is encoded (``bytes`` or a one-dimensional uint8 array), or pixels: uint8 (H, W, 3) or (H, W) as an
    array or tensor, or a Pillow image. Several threads call ``__getitem__`` at once: it must not change the data set,
    and its result must depend on the index alone, or batches cannot be reproduced.

    Labels are class ids or vectors of floats. Orders by class need them in ``targets`` or ``labels``, where
    torchvision's data sets have them.

    Raises:
        TypeError: the samples are of another kind.
        ValueError: there are no samples.
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset
        if len(dataset) == 0:
            raise ValueError("data: expected at least one sample in the data set, got none")
        image, label = self._first()
        self.delivers = "encoded" if image.ndim == 1 else "pixels"
        self.labels = self._all_labels()
        self.dense = np.ndim(label) == 1 if self.labels is None else self.labels.dense
        names = getattr(dataset, "classes", None)
        if isinstance(names, list | tuple):
            self.classes = tuple(map(str, names))
        else:
            self.classes = class_names(np.size(label) if self.labels is None and self.dense else self._classes())

    def __len__(self) -> int:
        return len(self.dataset)

    def path(self, sample: int) -> str:
        paths = getattr(self.dataset, "samples", None)
        if isinstance(paths, list) and isinstance(paths[sample], tuple | list) and isinstance(paths[sample][0], str):
            return paths[sample][0]
        return f"{type(self.dataset).__name__}[{sample}]"

    def fingerprint(self) -> str:
        kind = f"{type(self.dataset).__module__}.{type(self.dataset).__qualname__} {len(self)}".encode()
        return digest(np.frombuffer(kind, np.uint8), *([] if self.labels is None else [self.labels.values]))

    def read(self, sample: int) -> tuple[np.ndarray, object]:
        try:
            image, label = self.dataset[sample]
        except (TypeError, ValueError) as error:
            raise type(error)(f"data: expected (image, label) from the data set: {error}") from error
        array = _image(image)
        if array.ndim != (1 if self.delivers == "encoded" else 3):
            raise ValueError(f"expected {self.delivers} as in the data set's first sample, got shape {array.shape}")
        return array, None if self.labels is not None else _label(label)

    def _classes(self) -> int:
        return 0 if self.labels is None else self.labels.classes

    def _first(self) -> tuple[np.ndarray, object]:
        error: Exception | None = None
        for sample in range(min(_PROBES, len(self.dataset))):
            try:
                image, label = self.dataset[sample]
            except Exception as caught:
                error = error or caught
                continue
            return _image(image), _label(label)
        raise TypeError(
            f"data: expected (image, label) from {type(self.dataset).__name__}.__getitem__, got {error!r} from "
            f"each of its first samples"
        ) from error

    def _all_labels(self) -> Labels | None:
        for name in ("targets", "labels"):
            values = getattr(self.dataset, name, None)
            if values is None or isinstance(values, str) or not hasattr(values, "__len__") or len(values) != len(self):
                continue
            # A target transform changes the labels: only those that come with the samples count.
            if getattr(self.dataset, "target_transform", None) is not None:
                return None
            return label_table(values.tolist() if isinstance(values, torch.Tensor | np.ndarray) else list(values))
        return None


def is_dataset(data: object) -> bool:
    """Whether ``data`` has a map-style Dataset's methods."""
    return all(hasattr(data, name) for name in ("__len__", "__getitem__")) and not isinstance(data, str | bytes)


def _image(image: Any) -> np.ndarray:
    if isinstance(image, bytes | bytearray | memoryview):
        return np.frombuffer(image, np.uint8)
    if hasattr(image, "convert"):  # Pillow, without importing it
        image = image.convert("RGB")
    array = image.numpy() if isinstance(image, torch.Tensor) else np.asarray(image)
    if array.ndim == 2:
        array = np.repeat(array[:, :, None], 3, axis=2)
    if array.dtype != np.uint8 or array.ndim not in (1, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise TypeError(
            f"data: expected images as encoded bytes, or as uint8 pixels (H, W, 3), from the data set, got "
            f"{array.dtype} {array.shape}; leave ToTensor and Normalize to the loader"
        )
    return np.ascontiguousarray(array)


def _label(label: Any) -> Any:
    if isinstance(label, torch.Tensor | np.ndarray):
        return label.item() if label.ndim == 0 else np.asarray(label)
    return label
