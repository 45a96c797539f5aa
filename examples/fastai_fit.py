"""fastai: a Learner over two loaders, with epochs of a few steps."""

import torch
from common import arguments, small_model
from fastai.vision.all import DataLoaders, Learner, accuracy

import fastmix


def loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(output, target)  # soft in training, class ids in evaluation


def main() -> None:
    options = arguments()
    loader = fastmix.DataLoader(
        options.data, options.batch_size, options.size, mix=fastmix.Mixup(0.2), steps_per_epoch=options.steps
    )
    evaluation = fastmix.DataLoader(options.data, options.batch_size, options.size, train=False, classes=loader.classes)
    loaders = DataLoaders(loader, evaluation, device=loader.device)
    learner = Learner(loaders, small_model(loader.num_classes), loss_func=loss, metrics=[accuracy])
    with learner.no_bar():
        learner.fit_one_cycle(1)
    print(f"{learner.train_iter} steps, {learner.recorder.values}")


if __name__ == "__main__":
    main()
