"""accelerate: accumulated gradients, and ``save_state`` with the loader's state."""

import itertools

import torch
from accelerate import Accelerator
from accelerate.utils import DataLoaderConfiguration
from common import arguments, small_model

import fastmix
from fastmix.integrations.accelerate import prepare


def main() -> None:
    options = arguments()
    stateful = DataLoaderConfiguration(use_stateful_dataloader=True)
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2, dataloader_config=stateful)
    loader = prepare(
        accelerator,
        fastmix.DataLoader(
            options.data, options.batch_size, options.size, mix=fastmix.Mixup(0.2), device=accelerator.device
        ),
    )
    model = small_model(loader.num_classes)
    model, optimizer = accelerator.prepare(model, torch.optim.AdamW(model.parameters()))
    steps = 0
    for images, targets in itertools.chain.from_iterable(itertools.repeat(loader)):
        with accelerator.accumulate(model):
            accelerator.backward(torch.nn.functional.cross_entropy(model(images), targets))
            optimizer.step()
            optimizer.zero_grad()
        steps += accelerator.sync_gradients  # also at the end of an epoch
        if steps == options.steps:
            break
    accelerator.save_state(options.out)
    print(f"{steps} steps")


if __name__ == "__main__":
    main()
