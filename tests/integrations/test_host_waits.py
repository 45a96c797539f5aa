"""The host never waits for a GPU: copies to it do not block, and threads and streams wait where they should."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

import fastmix as fm
from fastmix.ops.targets import make_targets

PAIR = fm.CutMix(per="sample").plan(8, (4, 4), seed=3)
SEVERAL = fm.DirichletMix(3).plan(8, seed=3)


class Inputs:
    """Class ids (8,), dense labels (8, 5) and logits (8, 5) on a device."""

    def __init__(self, device: str) -> None:
        self.ids, self.dense = torch.arange(8).to(device) % 5, torch.ones(8, 5, device=device)
        self.logits = torch.zeros(8, 5, device=device)


CALLS: dict[str, Callable[[Inputs], object]] = {
    "mix_labels of vectors": lambda x: fm.mix_labels(x.dense, PAIR),
    "mix_values": lambda x: fm.mix_values(x.dense, PAIR),
    "pair targets": lambda x: fm.pair_labels(x.ids, PAIR),
    "index targets": lambda x: make_targets("index", x.ids, PAIR, None),
    "mix_loss": lambda x: fm.mix_loss(F.cross_entropy, x.logits, x.ids, PAIR),
    "mix_loss of several": lambda x: fm.mix_loss(F.cross_entropy, x.logits, x.ids, SEVERAL),
    "mix_accuracy": lambda x: fm.mix_accuracy(x.logits, x.ids, PAIR),
}


class Copies(TorchDispatchMode):
    """Collects the copies from one device to another, and whether the host waits for them."""

    def __init__(self) -> None:
        super().__init__()
        self.waited_for: list[bool] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if function is torch.ops.aten._to_copy.default and kwargs.get("device", args[0].device) != args[0].device:
            self.waited_for.append(not kwargs.get("non_blocking", False))
        return function(*args, **kwargs)


# Copies to "meta", which has shapes without data, look like those to a GPU.
@pytest.mark.parametrize("name", CALLS)
def test_copies_of_plans_do_not_block(name: str) -> None:
    given, copies = Inputs("meta"), Copies()
    with copies:
        CALLS[name](given)
    assert copies.waited_for, "no copy was seen"
    assert not any(copies.waited_for)


def test_a_blocking_copy_is_seen() -> None:
    copies = Copies()
    with copies:
        torch.zeros(8).to("meta")
    assert copies.waited_for == [True]


@pytest.mark.cuda
@pytest.mark.parametrize("name", CALLS)
def test_no_call_synchronises(name: str) -> None:
    given = Inputs("cuda")
    CALLS[name](given)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        CALLS[name](given)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.cuda
def test_prefetch_waits_for_what_made_its_inputs_and_leaves_them() -> None:
    images = torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    produced = torch.zeros_like(images, device="cuda")
    policy = fm.Mixup(0.4)

    def batches() -> Any:
        torch.cuda._sleep(200_000_000)  # about 0.1 s
        produced.copy_(images, non_blocking=True)
        yield produced, torch.arange(8, device="cuda")

    ((mixed, _),) = fm.prefetch(batches(), mix=policy, num_classes=8, device="cuda")
    assert mixed.cpu().equal(fm.mix(images, policy.plan(8, (32, 32), seed=0, epoch=0, step=0, rank=0)))
    assert produced.cpu().equal(images), "the caller's batch was mixed"


CAPTURE = """
import sys, torch, fastmix as fm
batch = int(sys.argv[1])
images = torch.rand(batch, 3, 8, 8, generator=torch.Generator().manual_seed(1))
plan = fm.CutMix(per="pair").plan(batch, (8, 8), seed=1)
x = images.cuda()
torch.cuda.synchronize()
graph = torch.cuda.CUDAGraph()
with torch.cuda.graph(graph):
    fm.mix_(x, plan)
x.copy_(images)
graph.replay()
assert x.cpu().equal(fm.mix(images, plan))
"""


@pytest.mark.cuda
@pytest.mark.parametrize("batch", [64, 300, 1000])
def test_the_first_call_of_a_process_may_be_captured(batch: int) -> None:
    done = subprocess.run([sys.executable, "-c", CAPTURE, str(batch)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
