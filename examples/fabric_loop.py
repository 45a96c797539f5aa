"""Lightning Fabric: no ``setup_dataloaders``, which takes torch loaders only; the batches are on the device."""

import itertools

import torch
from common import arguments, small_model
from lightning import Fabric

import fastmix


def main() -> None:
    options = arguments()
    fabric = Fabric(accelerator="cpu", devices=1)
    fabric.launch()
    loader = fastmix.DataLoader(
        options.data, options.batch_size, options.size, mix=fastmix.Mixup(0.2), device=fabric.device
    )
    model = small_model(loader.num_classes)
    model, optimizer = fabric.setup(model, torch.optim.AdamW(model.parameters()))
    endless = itertools.chain.from_iterable(itertools.repeat(loader))
    for _ in range(options.steps):
        images, targets = next(endless)
        optimizer.zero_grad()
        fabric.backward(torch.nn.functional.cross_entropy(model(images), targets))
        optimizer.step()
    fabric.save(f"{options.out}/fabric.ckpt", {"model": model, "loader": loader})
    print(f"{options.steps} steps, saved at {loader.state_dict()['step']}")


if __name__ == "__main__":
    main()
