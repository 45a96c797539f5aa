"""ignite: the engine goes on through the data with ``epoch_length``."""

import torch
from common import arguments, small_model
from ignite.engine import Events, create_supervised_evaluator, create_supervised_trainer
from ignite.metrics import Accuracy

import fastmix


def main() -> None:
    options = arguments()
    loader = fastmix.DataLoader(options.data, options.batch_size, options.size, mix=fastmix.Mixup(0.2))
    evaluation = fastmix.DataLoader(options.data, options.batch_size, options.size, train=False, classes=loader.classes)
    model = small_model(loader.num_classes).to(loader.device)
    optimizer = torch.optim.AdamW(model.parameters())
    trainer = create_supervised_trainer(model, optimizer, torch.nn.functional.cross_entropy)
    evaluator = create_supervised_evaluator(model, {"accuracy": Accuracy()})
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda _: evaluator.run(evaluation))
    state = trainer.run(loader, max_epochs=1, epoch_length=options.steps)
    print(f"{state.iteration} steps, {evaluator.state.metrics}")


if __name__ == "__main__":
    main()
