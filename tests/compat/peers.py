"""timm's and torchvision's own classes, where they are installed, and their global generators put back afterwards."""

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest
import torch

_kept: list[torch.library.Library] = []


def timm_mixup() -> ModuleType:
    """``timm.data.mixup`` by itself: the package's ``__init__`` wants torchvision and more, this module does not."""
    spec = importlib.util.find_spec("timm")
    if spec is None:
        pytest.skip("timm is not installed (requirements/compat.txt)")
    path = f"{spec.submodule_search_locations[0]}/data/mixup.py"
    spec = importlib.util.spec_from_file_location("timm_data_mixup", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def torchvision_v2() -> ModuleType:
    """``torchvision.transforms.v2``, also where torchvision's compiled part does not load (no CUDA libraries).

    Its import then only misses the schemas of two detection operators.
    """
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed (requirements/compat.txt)")
    try:
        return importlib.import_module("torchvision.transforms.v2")
    except RuntimeError as error:
        if "does not exist" not in str(error):
            raise
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _kept.append(library)
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    return importlib.import_module("torchvision.transforms.v2")


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """The peers draw from the global generators."""
    state = np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        np.random.seed(seed)
        torch.manual_seed(seed)
        try:
            yield
        finally:
            np.random.set_state(state)
