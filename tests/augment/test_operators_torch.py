"""augment_ and augment keep torch's rules: opcheck, torch.compile, fake tensors, version counters, CPU sets."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from pillow_operations import operation, rows
from torch._subclasses import FakeTensorMode

import fastmix as fm

OPS = torch.ops.fastmix
CHAINS = [
    [],
    [operation("Equalize"), operation("ShearX", 0.3, "bilinear")],
    [operation("Rotate", 20.0, "bicubic"), operation("Color", 1.4)],
]


def batch(count: int, channels_last: bool) -> torch.Tensor:
    shape = (count, 9, 14, 3) if channels_last else (count, 3, 9, 14)
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


@pytest.fixture
def torch_draws_numbers():
    """opcheck and Inductor use torch's global generator themselves; they leave it as it was."""
    with torch.random.fork_rng(devices=[]):
        yield


@pytest.mark.usefixtures("torch_draws_numbers")
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_opcheck(count, channels_last) -> None:
    images, plan = batch(count, channels_last), rows(CHAINS[:count], capacity=2)
    torch.library.opcheck(OPS.augment_.default, (images.clone(), plan, channels_last))
    torch.library.opcheck(OPS.augment.default, (images, plan, channels_last))
    if not channels_last:
        reordered = images.contiguous(memory_format=torch.channels_last)
        torch.library.opcheck(OPS.augment.default, (reordered, plan, channels_last))
        torch.library.opcheck(OPS.augment.default, (images[:1].expand(count, -1, -1, -1), plan, channels_last))
        torch.library.opcheck(OPS.augment.default, (images[..., ::2], plan, channels_last))


def in_place(images: torch.Tensor, plan: torch.Tensor) -> torch.Tensor:
    images = images ^ 1
    fm.augment_(images, plan)
    return images.float() / 255


@pytest.mark.usefixtures("torch_draws_numbers")
@pytest.mark.parametrize("dynamic", [False, None])
def test_compile(dynamic) -> None:
    torch.compiler.reset()
    compiled = torch.compile(in_place, fullgraph=True, dynamic=dynamic)
    compiled_new = torch.compile(fm.augment_images, fullgraph=True, dynamic=dynamic)
    for count in (3, 2):
        for channels_last in (False, True):
            images, plan = batch(count, channels_last), rows(CHAINS[:count], capacity=2)
            assert torch.equal(compiled(images, plan), in_place(images, plan))
            assert torch.equal(compiled_new(images, plan), fm.augment_images(images, plan))
    torch.compiler.reset()


def test_fake_tensors() -> None:
    with FakeTensorMode() as mode:
        images = mode.from_tensor(batch(3, False))
        out = fm.augment_images(images, mode.from_tensor(rows(CHAINS)))
        assert out.shape == images.shape and out.dtype == torch.uint8


def test_overwritten_images_are_noticed() -> None:
    images, plan = batch(3, True), rows(CHAINS)
    version = images._version
    fm.augment_(images, plan)
    assert images._version > version
    with pytest.raises(RuntimeError, match="draw the plan for this batch size"):
        fm.augment_(images, plan[:2])
    with torch.inference_mode():
        fm.augment_(batch(3, True), plan)


SCRIPT = """
import hashlib
import numpy as np, torch
import fastmix as fm
from pillow_operations import FILTERS, WARPS, operation, pictures, rows
from test_operators import AMOUNTS

digest = hashlib.sha256()
for height, width in ((97, 64), (33, 131), (5, 1), (3, 3)):
    plan = rows([
        [operation(name, amount, filter)]
        for name, amounts in AMOUNTS.items() for amount in amounts
        for filter in (FILTERS if name in WARPS else ["nearest"])
    ])
    for picture in pictures(height, width).values():
        images = torch.from_numpy(picture).expand(len(plan), -1, -1, -1)
        digest.update(fm.augment_images(images, plan, channels_last=True).numpy().tobytes())
        planes = images.permute(0, 3, 1, 2).contiguous()
        digest.update(fm.augment_(planes, plan, channels_last=False).numpy().tobytes())
print(fm._core.build_info()["cpu"], digest.hexdigest())
"""


def run(name: str) -> subprocess.CompletedProcess:
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "FASTMIX_CPU": name, "PYTHONPATH": path}
    return subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def baseline() -> str:
    done = run("baseline")
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[1]


@pytest.mark.parametrize("name", ["avx2", "avx512", "avx512vbmi"])
def test_wide_vectors_give_the_bits_of_the_baseline(name, baseline) -> None:
    done = run(name)
    if done.returncode != 0 and "that this processor runs" in done.stderr:
        pytest.skip(f"this processor has no {name}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [name, baseline]
