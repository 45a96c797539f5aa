"""Resume at every step of an epoch of 997 images, and in other worlds, in processes that torchrun starts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import ranks

import fastmix as fm


def make(small, batch_size: int = ranks.GLOBAL_BATCH, **options) -> fm.DataLoader:
    return fm.DataLoader(small, batch_size, **{**ranks.OPTIONS, "num_threads": 2, **options})


@pytest.fixture(scope="module")
def epoch(small) -> list[list[str]]:
    """Digests of all samples of all batches of epoch 0."""
    return [ranks.digests(batch) for batch in make(small)]


def test_every_step(small, epoch):
    loader = make(small)
    states = [loader.state_dict()]
    for _ in loader:
        states.append(json.loads(json.dumps(loader.state_dict())))
    assert len(epoch) == len(loader) == 32 and len({tuple(batch) for batch in epoch}) == 32
    resumed = make(small, depth=3, num_threads=1)
    for step, state in enumerate(states[:-1]):
        resumed.load_state_dict(state)
        assert [ranks.digests(batch) for batch in resumed] == epoch[step:]
    # After the last step comes the next epoch, whole.
    resumed.load_state_dict(states[-1])
    assert resumed.epoch == 1 and len(list(resumed)) == 32


@pytest.mark.parametrize("world_size", [2, 4, 8])
def test_the_union_of_the_ranks_is_the_same(small, epoch, world_size):
    loaders = [make(small, 32 // world_size, rank=rank, world_size=world_size) for rank in range(world_size)]
    for step, batches in enumerate(zip(*loaders, strict=True)):
        assert [row for batch in batches for row in ranks.digests(batch)] == epoch[step]


def run(world_size: int, listing: Path, state: str, steps: int, out: Path) -> tuple[list[list[str]], Path]:
    """The steps' digests, ranks joined, and the file of rank 0's state."""
    # This process's path, so that the same fastmix is imported, and the port is whichever is free.
    paths = os.pathsep.join(filter(None, [str(Path(fm.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={world_size}"]
    arguments = [str(Path(ranks.__file__)), str(listing), state, str(steps), str(out)]
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    parts = [json.loads(Path(f"{out}.{rank}.json").read_text()) for rank in range(world_size)]
    assert all(part["state"] == parts[0]["state"] for part in parts)
    saved = Path(f"{out}.state.json")
    saved.write_text(json.dumps(parts[0]["state"]))
    steps_of = zip(*(part["steps"] for part in parts), strict=True)
    return [[row for rows in step for row in rows] for step in steps_of], saved


def test_worlds_that_change_while_training(small, epoch, tmp_path):
    listing = tmp_path / "list.json"
    listing.write_text(json.dumps(small))
    state, found = "-", []
    for i, (world_size, steps) in enumerate([(1, 5), (2, 9), (4, 11), (1, 99)]):
        batches, saved = run(world_size, listing, str(state), steps, tmp_path / f"run{i}")
        found += batches
        state = saved
    assert found == epoch
    assert json.loads(saved.read_text())["epoch"] == 1
