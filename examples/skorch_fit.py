"""skorch: the loader is its iterator; the folder's name stands for the data."""

import torch
from common import arguments, small_model
from skorch import NeuralNetClassifier

import fastmix


def main() -> None:
    options = arguments()
    loader = fastmix.DataLoader(options.data, options.batch_size, options.size, steps_per_epoch=options.steps)
    net = NeuralNetClassifier(
        small_model(loader.num_classes),
        criterion=torch.nn.CrossEntropyLoss,
        max_epochs=1,
        iterator_train=lambda dataset, **options: loader,
        train_split=None,
    )
    net.fit(options.data, None)
    print(f"{options.steps} steps, loss {net.history[-1, 'train_loss']:.3f}")


if __name__ == "__main__":
    main()
