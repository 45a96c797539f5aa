"""Run by torchrun: resumes a loader from a state and writes digests of this rank's batches, step by step.

python ranks.py LIST STATE STEPS OUT
"""

import hashlib
import json
import sys
from pathlib import Path

import torch
from torch import distributed

import fastmix as fm

GLOBAL_BATCH = 32
OPTIONS = {
    "mix": fm.Choice([fm.Mixup(0.4, per="pair"), fm.CutMix(1.0, per="pair")], per="pair"),
    "size": 16,
    "device": "cpu",
    "last_batch": "partial",
    "num_threads": 1,
    "seed": 5,
}


def digests(batch: tuple) -> list[str]:
    """One per sample: rows of images and targets."""
    images, targets = batch
    return [
        hashlib.blake2b(x.numpy().tobytes() + y.numpy().tobytes(), digest_size=8).hexdigest()
        for x, y in zip(images.contiguous(), targets.contiguous(), strict=True)
    ]


def main(listing: str, state: str, steps: str, out: str) -> None:
    distributed.init_process_group("gloo")
    rank, world_size = distributed.get_rank(), distributed.get_world_size()
    samples = [tuple(sample) for sample in json.loads(Path(listing).read_text())]
    loader = fm.DataLoader(samples, GLOBAL_BATCH // world_size, **OPTIONS)
    if state != "-":
        loader.load_state_dict(json.loads(Path(state).read_text()))
    found = []
    for batch in loader:
        found.append(digests(batch))
        if len(found) == int(steps):
            break
    Path(f"{out}.{rank}.json").write_text(json.dumps({"steps": found, "state": loader.state_dict()}))
    distributed.barrier()
    distributed.destroy_process_group()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(*sys.argv[1:])
