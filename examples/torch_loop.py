"""The plain torch loop: training, evaluation, and a checkpoint that resumes within an epoch."""

from pathlib import Path

import torch
from common import arguments, small_model

import fastmix


def main() -> None:
    options = arguments()
    checkpoint = Path(options.out) / "last.pt"
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    loader = fastmix.DataLoader(options.data, options.batch_size, options.size, mix=fastmix.Mixup(0.2))
    evaluation = fastmix.DataLoader(options.data, options.batch_size, options.size, train=False, classes=loader.classes)
    model = small_model(loader.num_classes).to(loader.device)
    optimizer = torch.optim.AdamW(model.parameters())
    step = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        loader.load_state_dict(saved["loader"])
        step = saved["step"]
    while step < options.steps:
        for images, targets in loader:  # on the device, normalised; soft targets
            loss = torch.nn.functional.cross_entropy(model(images), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            if step == options.steps:
                break
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "loader": loader.state_dict()}
    torch.save({**state, "step": step}, checkpoint)
    model.eval()
    with torch.inference_mode():
        correct = sum(int((model(images).argmax(1) == labels).sum()) for images, labels in evaluation)
    print(f"{step} steps, {correct} of {len(evaluation.dataset)} right")


if __name__ == "__main__":
    main()
