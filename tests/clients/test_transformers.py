"""Hugging Face Trainer: dict batches, the loss of soft labels, resume, two processes."""

from pathlib import Path

import pytest
import torch
from client_support import (
    CLASSES,
    OPTIONS,
    SAMPLES,
    STEPS,
    evaluation,
    mark,
    marks,
    parts,
    passes,
    train,
    two_processes,
)

transformers = pytest.importorskip("transformers")
from fastmix.integrations.transformers import DictBatches, LoaderState, soft_loss  # noqa: E402

transformers.logging.set_verbosity_error()


def model() -> torch.nn.Module:
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = transformers.ViTConfig(**sizes, image_size=OPTIONS["size"], patch_size=16, num_labels=CLASSES)
    return transformers.ViTForImageClassification(config)


class Trainer(transformers.Trainer):
    def __init__(self, loader, evaluated, out, loss=soft_loss, resume_from=None, **options) -> None:
        arguments = transformers.TrainingArguments(
            str(out),
            per_device_train_batch_size=8,
            use_cpu=True,
            report_to=[],
            disable_tqdm=True,
            **{"save_strategy": "no", "num_train_epochs": 2, "ignore_data_skip": True, **options},
        )
        self.loader, self.evaluated, self.seen = DictBatches(loader), DictBatches(evaluated), []
        state = LoaderState(self.loader, resume_from)
        accuracy = lambda p: {"n": len(p.label_ids), "ok": float((p.predictions.argmax(1) == p.label_ids).mean())}  # noqa: E731
        super().__init__(model(), arguments, compute_loss_func=loss, callbacks=[state], compute_metrics=accuracy)

    def get_train_dataloader(self):
        return self.loader

    def get_eval_dataloader(self, eval_dataset=None):  # noqa: ARG002
        return self.evaluated

    def training_step(self, model, inputs, *others):
        self.seen.append(mark(inputs["pixel_values"]))
        return super().training_step(model, inputs, *others)


@pytest.fixture
def trainer(photos, tmp_path):
    def make(**options) -> Trainer:
        return Trainer(train(photos), evaluation(photos), tmp_path / "out", **options)

    return make


def test_training_and_evaluation(trainer, photos):
    t = trainer()
    done = t.train()
    assert t.seen == marks(passes(train(photos), 2)) and done.global_step == 2 * STEPS
    assert t.num_examples(t.loader) == SAMPLES
    samples_per_second = done.metrics["train_samples_per_second"] * done.metrics["train_runtime"]
    assert samples_per_second == pytest.approx(2 * SAMPLES, rel=0.01)
    assert t.evaluate()["eval_n"] == SAMPLES


def test_accumulated_gradients(trainer):
    assert trainer(num_train_epochs=1, gradient_accumulation_steps=5).train().global_step == 3


def test_the_models_own_loss_of_soft_labels_is_refused(trainer):
    with pytest.raises(ValueError, match="compute_loss_func="):
        trainer(loss=None).train()


@pytest.mark.parametrize("step", [5, STEPS, 17])
def test_resume(trainer, photos, tmp_path, step):
    trainer(max_steps=step, save_strategy="steps", save_steps=step).train()
    checkpoint = tmp_path / "out" / f"checkpoint-{step}"
    resumed = trainer()
    resumed.train(resume_from_checkpoint=str(checkpoint))
    assert resumed.seen == marks(passes(train(photos), 2))[step:] and resumed.state.global_step == 2 * STEPS
    if step == 5:
        with pytest.raises(ValueError, match="ignore_data_skip=True"):
            trainer(ignore_data_skip=False).train(resume_from_checkpoint=str(checkpoint))


def test_two_processes(photos, tmp_path):
    found = two_processes(
        Path(__file__).parent / "transformers_two.py", photos, tmp_path / "out", out=tmp_path / "seen"
    )
    assert [part["seen"] for part in found] == parts(photos, 2)
    assert all(part["steps"] == STEPS for part in found)
