"""Lightning: short epochs, and checkpoints that resume within an epoch."""

import lightning
import torch
from common import arguments, small_model
from lightning.pytorch.callbacks import ModelCheckpoint

import fastmix


class Classifier(lightning.LightningModule):
    """A classifier that trains on soft targets and is evaluated on class ids."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.model = small_model(classes)

    def training_step(self, batch, _):
        images, targets = batch
        return torch.nn.functional.cross_entropy(self.model(images), targets)

    def validation_step(self, batch, _):
        images, labels = batch
        self.log("accuracy", (self.model(images).argmax(1) == labels).float().mean(), batch_size=len(images))

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters())


def main() -> None:
    options = arguments()
    # Instead of limit_train_batches: epochs of one step that go on through the data.
    loader = fastmix.DataLoader(
        options.data, options.batch_size, options.size, mix=fastmix.Mixup(0.2), steps_per_epoch=1, device="cpu"
    )
    evaluation = fastmix.DataLoader(
        options.data, options.batch_size, options.size, train=False, classes=loader.classes, device="cpu"
    )
    saving = ModelCheckpoint(options.out, every_n_train_steps=1)
    trainer = lightning.Trainer(max_steps=options.steps, accelerator="cpu", callbacks=[saving], logger=False)
    trainer.fit(Classifier(loader.num_classes), loader, evaluation)
    print(f"{trainer.global_step} steps, {trainer.callback_metrics}")


if __name__ == "__main__":
    main()
