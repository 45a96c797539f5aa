"""The Hugging Face Trainer: dict batches, soft labels, and a checkpoint that resumes within an epoch."""

import transformers
from common import arguments

import fastmix
from fastmix.integrations.transformers import DictBatches, LoaderState, soft_loss


class Trainer(transformers.Trainer):
    """A Trainer over a fastmix loader."""

    def __init__(self, loader: fastmix.DataLoader, evaluation: fastmix.DataLoader, **options) -> None:
        super().__init__(compute_loss_func=soft_loss, callbacks=[LoaderState(loader)], **options)
        self._loaders = DictBatches(loader), DictBatches(evaluation)

    def get_train_dataloader(self):
        return self._loaders[0]

    def get_eval_dataloader(self, eval_dataset=None):
        return self._loaders[1]


def main() -> None:
    options = arguments()
    loader = fastmix.DataLoader(options.data, options.batch_size, options.size, mix=fastmix.Mixup(0.2), device="cpu")
    evaluation = fastmix.DataLoader(
        options.data, options.batch_size, options.size, train=False, classes=loader.classes, device="cpu"
    )
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = transformers.ViTConfig(image_size=options.size, num_labels=loader.num_classes, **sizes)
    settings = transformers.TrainingArguments(
        options.out,
        per_device_train_batch_size=options.batch_size,
        max_steps=options.steps,
        save_steps=options.steps,
        ignore_data_skip=True,
        use_cpu=True,
        report_to=[],
    )
    trainer = Trainer(loader, evaluation, model=transformers.ViTForImageClassification(config), args=settings)
    trainer.train()
    print(f"{trainer.state.global_step} steps, {trainer.evaluate()}")


if __name__ == "__main__":
    main()
