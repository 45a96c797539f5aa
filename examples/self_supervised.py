"""Self-supervised training: two views of each image, and SimCLR's loss."""

import torch
from common import arguments, small_model

import fastmix
from fastmix.augment import ColorJitter, Compose, Grayscale, RandomApply, RandomHorizontalFlip, RandomResizedCrop
from fastmix.recipes import View


def nt_xent(features: torch.Tensor, temperature: float = 0.5) -> torch.Tensor:
    """Return SimCLR's loss of features (2 B, D), where the two views of an image are neighbours."""
    features = torch.nn.functional.normalize(features)
    similar = (features @ features.T / temperature).fill_diagonal_(-torch.inf)
    other = torch.arange(len(features), device=features.device) ^ 1  # 0 and 1, 2 and 3, ...
    return torch.nn.functional.cross_entropy(similar, other)


def main() -> None:
    options = arguments()
    jitter = RandomApply(ColorJitter(0.8, 0.8, 0.8, 0.2), 0.8)
    policy = Compose([RandomResizedCrop(interpolation="bicubic"), RandomHorizontalFlip(), jitter, Grayscale(0.2)])
    views = [View("view", 2, options.size, policy)]
    loader = fastmix.DataLoader(options.data, options.batch_size, views=views, device="cpu")
    model = small_model(64)
    optimizer = torch.optim.AdamW(model.parameters())
    step = 0
    while step < options.steps:
        for images, _ in loader:  # (B, 2, 3, size, size)
            loss = nt_xent(model(images.flatten(0, 1)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            if step == options.steps:
                break
    print(f"{step} steps, loss {loss:.3f}")


if __name__ == "__main__":
    main()
