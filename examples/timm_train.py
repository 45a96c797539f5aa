"""A training script with timm's model, loss and schedule; mixing ends before training does."""

import timm
import torch
from common import arguments
from timm.loss import SoftTargetCrossEntropy
from timm.scheduler import CosineLRScheduler

import fastmix


def main() -> None:
    options = arguments()
    loader = fastmix.DataLoader(
        options.data,
        options.batch_size,
        options.size,
        mix=fastmix.Choice([fastmix.Mixup(0.8), fastmix.CutMix(1.0)]),
        smoothing=0.1,
        steps_per_epoch=1,
    )
    evaluation = fastmix.DataLoader(options.data, options.batch_size, options.size, train=False, classes=loader.classes)
    model = timm.create_model("resnet10t", num_classes=loader.num_classes).to(loader.device)
    optimizer = torch.optim.AdamW(model.parameters())
    schedule = CosineLRScheduler(optimizer, t_initial=options.steps)
    criterion = SoftTargetCrossEntropy()
    for epoch in range(options.steps):
        if epoch >= options.steps - 1:  # timm's --mixup-off-epoch
            loader.mixup_enabled = False
        model.train()
        for images, targets in loader:
            loss = criterion(model(images), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step(epoch + 1)
    model.eval()
    with torch.inference_mode():
        correct = sum(int((model(images).argmax(1) == labels).sum()) for images, labels in evaluation)
    print(f"{options.steps} steps, {correct} of {len(evaluation.dataset)} right")


if __name__ == "__main__":
    main()
