"""Read and write plans as one NPZ of plain arrays, without pickle. A file is hostile until it has been checked."""

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
    # Given the path instead of an open file, np.savez would append .npz to it.
    with open(path, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load(kind: str, path: str | os.PathLike[str]) -> tuple[Tensor, Tensor | None]:
    """Read rows int32 and masks uint8. The caller checks shapes and headers.

    Raises:
        OSError: The file cannot be opened.
        ValueError: The file is not an NPZ of these arrays.
    """
    op, where = f"{kind}.load", os.fspath(path)
    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                names = set(archive.files)
                # Read no array if any name is unknown: a small file may unpack to gigabytes.
                content = {name: archive[name] for name in names} if names in _NAMES else {}
        except Exception as error:  # on damaged bytes, the zip and header readers raise many types
            raise ValueError(
                f"{op}: expected an NPZ of plain arrays at {where}, got an unreadable file: {error}"
            ) from None
    if not content:
        raise ValueError(f"{op}: expected the array rows, and perhaps masks, in {where}, got {sorted(names)}")
    for name, dtype in (("rows", "int32"), ("masks", "uint8")):
        array = content.get(name)
        # If an entry of the NPZ is not in the .npy format, NumPy returns its bytes.
        if array is not None and (not isinstance(array, np.ndarray) or array.dtype.newbyteorder("=") != dtype):
            raise ValueError(
                f"{op}: expected {name} of dtype {dtype}, got {getattr(array, 'dtype', 'bytes that are no array')}"
            )
    rows = torch.from_numpy(np.ascontiguousarray(content["rows"]).astype(np.int32))
    masks = content.get("masks")
    return rows, None if masks is None else torch.from_numpy(np.ascontiguousarray(masks))
