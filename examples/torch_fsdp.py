"""FSDP2 with a distributed checkpoint: ``torchrun --nproc-per-node=2 examples/torch_fsdp.py photos``."""

import itertools

import torch
from common import arguments, small_model
from torch import distributed
from torch.distributed import checkpoint
from torch.distributed.checkpoint.state_dict import get_model_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

import fastmix


def main() -> None:
    options = arguments()
    distributed.init_process_group()
    loader = fastmix.DataLoader(
        options.data, options.batch_size, options.size, mix=fastmix.Mixup(0.2), steps_per_epoch=options.steps
    )
    model = small_model(loader.num_classes).to(loader.device)
    model = fully_shard(model, mesh=init_device_mesh(loader.device.type, (loader.world_size,)))
    optimizer = torch.optim.AdamW(model.parameters())
    for images, targets in loader:
        loss = torch.nn.functional.cross_entropy(model(images), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    # The loader is Stateful: its state is kept beside the shards of the model.
    checkpoint.save({"model": get_model_state_dict(model), "loader": loader}, checkpoint_id=options.out)
    resumed = fastmix.DataLoader(
        options.data, options.batch_size, options.size, mix=fastmix.Mixup(0.2), steps_per_epoch=options.steps
    )
    checkpoint.load({"model": get_model_state_dict(model), "loader": resumed}, checkpoint_id=options.out)
    assert all(torch.equal(a, b) for (a, _), (b, _) in itertools.islice(zip(loader, resumed, strict=True), 1))
    if loader.rank == 0:
        print(f"{options.steps} steps, loss {loss.item():.3f}, resumes at epoch {resumed.epoch}")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
