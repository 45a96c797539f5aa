"""torchvision, also where its compiled part does not load: its wheels on PyPI want a CUDA build of torch."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import torch

from benchmarks.rivals import Unavailable

_kept: list[torch.library.Library] = []


def import_torchvision() -> ModuleType:
    """The package; without its compiled part the transforms, which are torch expressions, work all the same.

    Raises:
        Unavailable: it is not installed.
    """
    try:
        return importlib.import_module("torchvision")
    except ImportError as error:
        raise Unavailable(f"torchvision: {error}") from error
    except RuntimeError as error:
        if "does not exist" not in str(error):
            raise
    # The import only misses the schemas of two detection operators.
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _kept.append(library)
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    return importlib.import_module("torchvision")


def can_decode() -> str:
    """Empty if torchvision's own JPEG decoder runs, otherwise why it does not."""
    io = importlib.import_module("torchvision.io")
    try:
        io.encode_jpeg(torch.zeros((3, 8, 8), dtype=torch.uint8))
    except RuntimeError as error:
        return str(error).split(". ")[0]
    return ""
