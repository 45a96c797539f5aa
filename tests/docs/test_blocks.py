"""Every Python block of the README and the pages runs on demo photographs, top to bottom, page by page."""

import random
import socket
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets  # noqa: F401  (importing it draws from Python's generator, which the tests watch)
import torch
from pages import PAGES, ROOT, missing_packages, names, python_blocks, run, write_data

WITH_BLOCKS = [page for page in PAGES if list(python_blocks(page))]
LAUNCHED = {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1"}


@pytest.fixture
def user_code():
    """Let the pages' code draw from global generators, as users' code does."""
    states = torch.random.get_rng_state(), np.random.get_state(), random.getstate()
    yield
    torch.random.set_rng_state(states[0])
    np.random.set_state(states[1])
    random.setstate(states[2])


def test_the_pages_have_many_blocks():
    assert sum(len(list(python_blocks(page))) for page in PAGES) > 25


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_run(page: Path, tmp_path, monkeypatch, user_code):  # noqa: ARG001
    blocks = list(python_blocks(page))
    monkeypatch.chdir(tmp_path)
    text = "".join(block.text for block in blocks)
    write_data(tmp_path, text)
    namespace = names(text)
    skipped = []
    for block in blocks:
        if missing := missing_packages(block.text):
            skipped.append(missing)
            continue
        if 'group("nccl")' in block.text and not torch.cuda.is_available():
            skipped.append(["a GPU"])
            continue
        (tmp_path / "last.pt").unlink(missing_ok=True)  # of a block with another loader
        if "init_process_group" in block.text:
            for name, value in LAUNCHED.items():
                monkeypatch.setenv(name, value)
            monkeypatch.setenv("MASTER_PORT", str(free_port()))
        try:
            run(block, page, namespace)
        finally:
            if torch.distributed.is_initialized():
                torch.distributed.destroy_process_group()
            for name in LAUNCHED:
                monkeypatch.delenv(name, raising=False)
    if "loader" in namespace:
        images = next(iter(namespace["loader"]))[0]
        assert images.isfinite().all() and images.std() > 0.1
    if len(skipped) == len(blocks):
        pytest.skip(f"needs {skipped}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
