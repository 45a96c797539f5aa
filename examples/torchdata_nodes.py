"""torchdata: a graph of nodes over the loader, whose state holds the loader's."""

import torch
from common import arguments, small_model
from torchdata.nodes import IterableWrapper, Loader, Prefetcher

import fastmix


def main() -> None:
    options = arguments()
    loader = fastmix.DataLoader(options.data, options.batch_size, options.size, mix=fastmix.Mixup(0.2))
    model = small_model(loader.num_classes).to(loader.device)
    optimizer = torch.optim.AdamW(model.parameters())
    nodes = Loader(Prefetcher(IterableWrapper(loader), prefetch_factor=2))
    step = 0
    while step < options.steps:
        for images, targets in nodes:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(images), targets).backward()
            optimizer.step()
            step += 1
            if step == options.steps:
                break
    torch.save({"model": model.state_dict(), "nodes": nodes.state_dict()}, f"{options.out}.pt")
    print(f"{step} steps")


if __name__ == "__main__":
    main()
