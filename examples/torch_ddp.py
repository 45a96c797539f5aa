"""DDP: ``torchrun --nproc-per-node=2 examples/torch_ddp.py photos``."""

import torch
from common import arguments, small_model
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

import fastmix


def main() -> None:
    options = arguments()
    distributed.init_process_group()
    loader = fastmix.DataLoader(options.data, options.batch_size, options.size, mix=fastmix.CutMix(1.0))
    # All ranks get batches of one size; what fills up the last one has class id -100.
    evaluation = fastmix.DataLoader(
        options.data, options.batch_size, options.size, train=False, classes=loader.classes, last_batch="pad"
    )
    model = DistributedDataParallel(small_model(loader.num_classes).to(loader.device))
    optimizer = torch.optim.AdamW(model.parameters())
    step = 0
    while step < options.steps:
        for images, targets in loader:  # this rank's part of the global batch
            loss = torch.nn.functional.cross_entropy(model(images), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            if step == options.steps:
                break
    model.eval()
    counts = torch.zeros(2, device=loader.device)
    with torch.inference_mode():
        for images, labels in evaluation:
            counts[0] += (model.module(images).argmax(1) == labels).sum()
            counts[1] += (labels != -100).sum()
    distributed.all_reduce(counts)
    if loader.rank == 0:
        print(f"{step} steps, {int(counts[0])} of {int(counts[1])} right")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
