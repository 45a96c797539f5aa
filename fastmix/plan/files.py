"""Plans in files: one NPZ of plain arrays, no pickle. Files are hostile until they have been checked."""

from __future__ import annotations

import os

import numpy as np
import torch
from torch import Tensor

_NAMES = ({"rows"}, {"rows", "masks"})


def save(path: str | os.PathLike[str], rows: Tensor, masks: Tensor | None) -> None:
    arrays = {"rows": rows.numpy().astype("<i4")}
    if masks is not None:
        arrays["masks"] = masks.numpy()
    # Through a file object: np.savez would append .npz to a bare path.
    with open(path, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load(kind: str, path: str | os.PathLike[str]) -> tuple[Tensor, Tensor | None]:
    """Read rows int32 and masks uint8; their shapes and headers are not looked at.

    Raises:
        OSError: The file cannot be opened.
        ValueError: The file is no NPZ of these arrays.
    """
    op, where = f"{kind}.load", os.fspath(path)
    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                names = set(archive.files)
                # Other arrays are not even read: a small file may hold gigabytes.
                content = {name: archive[name] for name in names} if names in _NAMES else {}
        except Exception as error:  # damaged bytes make the readers of zip, deflate and headers raise anything
            raise ValueError(f"{op}: expected an NPZ of plain arrays at {where}; {error}") from None
    if not content:
        raise ValueError(f"{op}: expected the arrays rows and, if there are any, masks; got {sorted(names)}")
    for name, dtype in (("rows", "int32"), ("masks", "uint8")):
        array = content.get(name)
        # A file of only one array, no NPZ, has other things in it than arrays.
        if array is not None and (not isinstance(array, np.ndarray) or array.dtype.newbyteorder("=") != dtype):
            raise ValueError(f"{op}: expected {name} of dtype {dtype}, got {getattr(array, 'dtype', 'other bytes')}")
    rows = torch.from_numpy(np.ascontiguousarray(content["rows"]).astype(np.int32))
    masks = content.get("masks")
    return rows, None if masks is None else torch.from_numpy(np.ascontiguousarray(masks))
