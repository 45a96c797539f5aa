"""Ray Train: each worker builds its loader; rank and world size are those that Ray gives torch.distributed."""

import ray
import torch
from common import arguments, small_model
from ray.train import RunConfig, ScalingConfig
from ray.train.torch import TorchConfig, TorchTrainer, prepare_model

import fastmix


def work(options: dict) -> None:
    """Train on one worker."""
    loader = fastmix.DataLoader(
        options["data"],
        options["batch_size"],
        options["size"],
        mix=fastmix.Mixup(0.2),
        steps_per_epoch=options["steps"],
    )
    model = prepare_model(small_model(loader.num_classes))
    optimizer = torch.optim.AdamW(model.parameters())
    for images, targets in loader:  # no prepare_data_loader: these are this rank's batches, on its device
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(images), targets)
        loss.backward()
        optimizer.step()
    ray.train.report({"loss": loss.item(), "world_size": loader.world_size})


def main() -> None:
    options = arguments()
    trainer = TorchTrainer(
        work,
        train_loop_config=vars(options),
        scaling_config=ScalingConfig(num_workers=2),
        run_config=RunConfig(storage_path=options.out),
        torch_config=TorchConfig(backend="gloo"),
    )
    print(f"{options.steps} steps, {trainer.fit().metrics}")


if __name__ == "__main__":
    main()
