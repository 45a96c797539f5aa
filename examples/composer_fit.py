"""Composer: checkpoints hold the loader's state; ``steps_per_epoch`` instead of ``train_subset_num_batches``."""

from common import arguments, small_model
from composer import Trainer
from composer.models import ComposerClassifier

import fastmix


def main() -> None:
    options = arguments()
    loader = fastmix.DataLoader(
        options.data, options.batch_size, options.size, mix=fastmix.Mixup(0.2), steps_per_epoch=options.steps
    )
    evaluation = fastmix.DataLoader(options.data, options.batch_size, options.size, train=False, classes=loader.classes)
    trainer = Trainer(
        model=ComposerClassifier(small_model(loader.num_classes), num_classes=loader.num_classes),
        train_dataloader=loader,
        eval_dataloader=evaluation,
        max_duration="1ep",
        save_folder=options.out,
        save_overwrite=True,
        device="cpu",
        progress_bar=False,
    )
    trainer.fit()
    print(f"{int(trainer.state.timestamp.batch)} steps, {trainer.state.eval_metrics}")


if __name__ == "__main__":
    main()
