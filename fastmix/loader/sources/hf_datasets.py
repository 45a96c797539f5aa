"""Hugging Face ``datasets.Dataset``: the encoded bytes of its images, without Pillow."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from fastmix.loader.sources.class_names import class_names, read_labels
from fastmix.loader.sources.hints import NO_HINTS, Hints
from fastmix.loader.sources.label_table import Labels
from fastmix.loader.sources.path_table import PathTable
from fastmix.loader.sources.paths import PathSource
from fastmix.loader.sources.source import Source, digest


class HfDatasetSource(Source):
    """A Dataset with an Image column that holds bytes, read from its Arrow table.

    Args:
        dataset: with the images undecoded.
        image: name of the column.
        labels: of all samples; None for none.
        classes: the classes' names, by id.
    """

    delivers = "encoded"

    def __init__(self, dataset: Any, image: str, labels: Labels | None, classes: Any) -> None:
        self.dataset = dataset.select_columns([image]).with_format("arrow")
        self.labels = labels
        self.unlabelled = labels is None
        self.classes = classes
        self._image = image

    def __len__(self) -> int:
        return len(self.dataset)

    def path(self, sample: int) -> str:
        name = self._struct(sample)["path"].as_py()
        return f"{name or 'Dataset'}[{sample}]"

    def fingerprint(self) -> str:
        kind = f"datasets.Dataset {len(self)} {self._image}".encode()
        return digest(np.frombuffer(kind, np.uint8), *([] if self.labels is None else [self.labels.values]))

    def read(self, sample: int) -> tuple[np.ndarray, object]:
        struct = self._struct(sample)
        data = struct["bytes"].as_py()
        if data is None:
            with open(struct["path"].as_py(), "rb") as file:
                data = file.read()
        return np.frombuffer(data, np.uint8), None

    def _struct(self, sample: int) -> Any:
        return self.dataset[sample].column(0)[0]


def is_hf_dataset(data: object) -> bool:
    """Whether ``data`` is a ``datasets.Dataset``, without importing that package."""
    module = sys.modules.get("datasets")
    return module is not None and isinstance(data, module.Dataset)


def hf_dataset(dataset: Any, hints: Hints = NO_HINTS) -> Source:
    """Open a Dataset with an Image column, and a ClassLabel column or one of integers, names or vectors.

    Transforms and formats of the Dataset are ignored if there are none, and refused otherwise. Images that are local
    files are read as files.

    Raises:
        ValueError: several columns of a kind, or none; the message names ``image_key`` or ``label_key``.
    """
    datasets = sys.modules["datasets"]
    if dataset.format["type"] is not None:
        raise ValueError(
            f"data: expected a datasets.Dataset without format or transform, got {dataset.format['type']!r}; pass "
            "dataset.with_format(None): the loader resizes, augments and normalises"
        )
    features = dataset.features
    images = [name for name, feature in features.items() if isinstance(feature, datasets.Image)]
    image = _column("image_key", hints.image_key, images, features)
    others = [name for name, feature in features.items() if isinstance(feature, datasets.ClassLabel)]
    others = others or [name for name in features if name in ("label", "labels")]
    label = (
        None
        if hints.label_key is None and not others and len(features) == 1
        else _column("label_key", hints.label_key, others, features)
    )
    if not len(dataset):
        raise ValueError("data: expected at least one sample in the data set, got none")
    labels, classes = (None, hints.classes or ()) if label is None else _labels(dataset, label, hints)
    undecoded = dataset.cast_column(image, datasets.Image(decode=False))
    column = undecoded.select_columns([image]).with_format("arrow")[:].column(0).combine_chunks()
    if column.field("bytes").null_count == len(column) and column.field("path").null_count == 0:
        source = PathSource(PathTable(column.field("path").to_pylist()), labels, classes)
        return source
    return HfDatasetSource(undecoded, image, labels, classes)


def _labels(dataset: Any, label: str, hints: Hints) -> tuple[Labels | None, Any]:
    names = getattr(dataset.features[label], "names", None)
    values = dataset.select_columns([label]).with_format("arrow")[:].column(0)
    if values.type in ("int64", "int32") or str(values.type).startswith(("int", "uint")):
        values = values.to_numpy()
        if hints.classes is not None and names is not None and list(hints.classes) != list(names):
            ids = {name: i for i, name in enumerate(hints.classes)}
            if missing := [name for name in names if name not in ids]:
                raise ValueError(
                    f"data: expected classes= to have all names of column {label!r}, got none for {missing[:5]}"
                )
            values, names = np.array([ids[name] for name in names])[values], hints.classes
        labels, classes = read_labels(values.tolist(), names or hints.classes)
        return labels, classes if labels is not None else class_names(0, names)
    return read_labels(values.to_pylist(), hints.classes)


def _column(argument: str, given: str | None, found: list[str], features: Any) -> str:
    shown = ", ".join(f"{name} ({type(feature).__name__})" for name, feature in features.items())
    if given is not None and given not in features:
        raise ValueError(f"data: expected {argument}= to be one of the columns {shown}, got {given!r}")
    if given is None and len(found) != 1:
        raise ValueError(f"data: expected {argument}=, since the columns are {shown}")
    return found[0] if given is None else given
