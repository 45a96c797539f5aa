"""Map-style torch Datasets: threads of the loader read the samples, DALI decodes and augments them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from fastmix.loader.sources.class_names import class_names, read_labels
from fastmix.loader.sources.dataset_labels import all_labels, all_names
from fastmix.loader.sources.hints import NO_HINTS, Hints
from fastmix.loader.sources.label_table import Labels
from fastmix.loader.sources.source import Source, digest

# How many samples may fail before one shows what kind they are.
_PROBES = 16
_IMAGE_KEYS = ("image", "img", "pixel_values")
_LABEL_KEYS = ("label", "labels", "fine_label", "target")


class DatasetSource(Source):
    """A Dataset whose ``__getitem__`` returns (image, label), an image alone, or a dict with both.

    The image is encoded (``bytes`` or a one-dimensional uint8 array), or pixels: uint8 (H, W, 3) or (H, W) as an
    array or tensor, or a Pillow image. Several threads call ``__getitem__`` at once: it must not change the data set,
    and its result must depend on the index alone, or batches cannot be reproduced.

    Labels are class ids or vectors of floats. Orders by class need them in ``targets`` or ``labels``, where
    torchvision's data sets have them; those of a Subset and a ConcatDataset are found too.

    Raises:
        TypeError: the samples are of another kind.
        ValueError: there are no samples.
    """

    def __init__(self, dataset: Any, hints: Hints = NO_HINTS) -> None:
        self.dataset = dataset
        self._hints = hints
        if len(dataset) == 0:
            raise ValueError("data: expected at least one sample in the data set, got none")
        image, label = self._first()
        self.delivers = "encoded" if image.ndim == 1 else "pixels"
        self.unlabelled = label is None
        names = hints.classes or all_names(dataset)
        found = None if self.unlabelled else all_labels(dataset)
        self.labels: Labels | None = None
        if found is not None:
            self.labels, self.classes = read_labels(found, names)
        else:
            self.dense = np.ndim(label) == 1
            self.classes = class_names(np.size(label) if self.dense else 0, names)
        if self.labels is not None:
            self.dense = self.labels.dense

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
        image, label = self._pair(self.dataset[sample])
        array = _image(image)
        if array.ndim != (1 if self.delivers == "encoded" else 3):
            raise ValueError(f"expected {self.delivers} as in the data set's first sample, got shape {array.shape}")
        return array, None if self.labels is not None else _label(label)

    def _first(self) -> tuple[np.ndarray, object]:
        error: Exception | None = None
        for sample in range(min(_PROBES, len(self.dataset))):
            try:
                item = self.dataset[sample]
            except Exception as caught:
                error = error or caught
                continue
            image, label = self._pair(item)
            return _image(image), _label(label)
        raise TypeError(
            f"data: expected (image, label) from {type(self.dataset).__name__}.__getitem__, got {error!r} from "
            f"each of its first samples"
        ) from error

    def _pair(self, item: Any) -> tuple[Any, Any]:
        if isinstance(item, Mapping):
            return self._values(item)
        if self._hints.image_key is not None or self._hints.label_key is not None:
            raise TypeError(f"data: expected dicts from the data set for image_key= and label_key=, got {_kind(item)}")
        if not isinstance(item, tuple | list):
            return item, None
        if len(item) != 2:
            raise TypeError(
                f"data: expected (image, label) from the data set, got {_kind(item)} of {len(item)}: "
                f"{', '.join(map(_kind, item))}; return a dict and pass image_key= and label_key="
            )
        return item[0], item[1]

    def _values(self, item: Mapping[str, Any]) -> tuple[Any, Any]:
        image = self._key(item, "image_key", self._hints.image_key, _IMAGE_KEYS)
        label = self._key(item, "label_key", self._hints.label_key, _LABEL_KEYS) if len(item) > 1 else None
        return item[image], None if label is None else item[label]

    @staticmethod
    def _key(item: Mapping[str, Any], argument: str, given: str | None, known: Sequence[str]) -> str:
        found = [given] if given is not None else [key for key in known if key in item]
        if len(found) != 1 or found[0] not in item:
            raise TypeError(
                f"data: expected {argument}=, one of {', '.join(map(repr, item))}, which the data set returns"
            )
        return found[0]


def is_dataset(data: object) -> bool:
    """Whether ``data`` has a map-style Dataset's methods."""
    if isinstance(data, str | bytes | torch.utils.data.IterableDataset):
        return False
    return all(hasattr(data, name) for name in ("__len__", "__getitem__"))


def _kind(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return type(value).__name__ if shape is None else f"{type(value).__name__} {tuple(shape)}"


def _image(image: Any) -> np.ndarray:
    if isinstance(image, bytes | bytearray | memoryview):
        return np.frombuffer(image, np.uint8)
    if isinstance(image, str):
        raise TypeError(
            f"data: expected images from the data set, got the text {image:.80}; for paths pass a list of (path, "
            "label), such as list(dataset)"
        )
    if hasattr(image, "convert"):  # Pillow, without importing it
        image = image.convert("RGB")
    array = image.numpy() if isinstance(image, torch.Tensor) else np.asarray(image)
    if array.ndim == 2:
        array = np.repeat(array[:, :, None], 3, axis=2)
    if array.dtype != np.uint8 or array.ndim not in (1, 3) or (array.ndim == 3 and array.shape[2] != 3):
        channels_first = array.dtype == np.uint8 and array.ndim == 3 and array.shape[0] in (1, 3)
        advice = (
            "permute them: image.permute(1, 2, 0)" if channels_first else "leave ToTensor and Normalize to the loader"
        )
        raise TypeError(
            f"data: expected images as encoded bytes, or as uint8 pixels (H, W, 3), from the data set, got "
            f"{array.dtype} {array.shape}; {advice}"
        )
    return np.ascontiguousarray(array)


def _label(label: Any) -> Any:
    if isinstance(label, torch.Tensor | np.ndarray):
        return label.item() if label.ndim == 0 else np.asarray(label)
    return label
