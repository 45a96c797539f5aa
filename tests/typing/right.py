"""Uses of the loader that type checkers accept, with the types that they find; this file is checked, never run."""

from typing import Any, assert_type

import torch
from matplotlib.figure import Figure

import fastmix
from fastmix.loader import RestartWarning
from fastmix.loader.dataset_view import DatasetView

loader = fastmix.DataLoader("photos", 8, 32, mix=fastmix.Choice([fastmix.Mixup(0.2), fastmix.CutMix(1.0)]))
assert_type(loader, fastmix.DataLoader)
for images, targets in loader:
    assert_type(images, torch.Tensor)
    assert_type(targets, Any)
    torch.nn.functional.cross_entropy(images, targets)
for images, _, index in fastmix.DataLoader("photos", 8, 32, train=False, return_index=True):
    assert_type(images, torch.Tensor)
    assert_type(index, Any)
images, *others = next(iter(loader))
assert_type(images, torch.Tensor)

assert_type(len(loader), int)
assert_type(loader.state_dict(), dict[str, Any])
loader.load_state_dict({"epoch": 1, "step": 0})
assert_type(loader.preview(), Figure)
assert_type(loader.dataset, DatasetView)
assert_type(loader.rank, int)
assert_type(loader.mixup_enabled, bool)
loader.mixup_enabled = False
assert_type(loader.stats()["wait_share"], Any)
fastmix.DataLoader([("a.jpg", 0)], 8, 32, classes=loader.classes, drop_last=True, pin_memory=True, num_workers=0)
category: type[UserWarning] = RestartWarning

plan = fastmix.CutMix(1.0).plan(8, image_size=(32, 32), seed=0, step=3)
assert_type(plan, fastmix.MixPlan)
assert_type(fastmix.mix_(torch.zeros(8, 3, 32, 32), plan), torch.Tensor)
assert_type(fastmix.mix_labels(torch.zeros(8, dtype=torch.long), plan, num_classes=10), torch.Tensor)
