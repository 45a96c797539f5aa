"""Hugging Face Trainer: dict batches, the loss for soft labels, and the loader's state in checkpoints."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from fastmix.loader.loader import DataLoader

FILE = "fastmix_loader.json"


class DictBatches:
    """A loader whose batches are dicts, as the Trainer wants them; its other attributes are the loader's.

    Args:
        loader: Yields (images, targets).
        image: Key of the images, the model's argument.
        label: Key of the targets.

    Example:
        >>> class MyTrainer(transformers.Trainer):
        ...     def get_train_dataloader(self):
        ...         return DictBatches(loader)
    """

    def __init__(self, loader: DataLoader, image: str = "pixel_values", label: str = "labels") -> None:
        self.loader = loader
        self._keys = (image, label)

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        for batch in self.loader:
            yield dict(zip(self._keys, batch[:2], strict=True))

    def __getattr__(self, name: str) -> Any:
        if name == "loader":
            raise AttributeError(name)
        return getattr(self.loader, name)


def soft_loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:  # noqa: ARG001
    """Return the cross-entropy of soft or hard labels: ``Trainer(compute_loss_func=soft_loss)``.

    A model's own loss takes soft labels for several classes and becomes a binary cross-entropy.
    """
    return torch.nn.functional.cross_entropy(outputs["logits"], labels)


class LoaderState(TrainerCallback):  # type: ignore[misc]  # transformers has no types here
    """Keep the loader's state in the Trainer's checkpoints, so that a resumed run gets the identical batches.

    Args:
        loader: Of the training batches.
        checkpoint: The checkpoint that ``train(resume_from_checkpoint=)`` gets, if it is not in ``output_dir``.

    Raises:
        ValueError: when training begins: ``ignore_data_skip=True`` is missing from the TrainingArguments. After the
            first step: the model took soft labels for several classes, since ``compute_loss_func=`` is missing.

    Example:
        >>> args = TrainingArguments("out", ignore_data_skip=True, save_strategy="steps")
        >>> trainer = MyTrainer(model, args, compute_loss_func=soft_loss, callbacks=[LoaderState(loader)])
    """

    def __init__(self, loader: DataLoader | DictBatches, checkpoint: str | os.PathLike[str] | None = None) -> None:
        self._loader = loader
        self._checkpoint = checkpoint

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:  # noqa: ARG002
        if state.global_step == 0:
            return
        if not args.ignore_data_skip:
            raise ValueError(
                "LoaderState: expected TrainingArguments(ignore_data_skip=True), since the loader's state skips the "
                "batches that were trained on"
            )
        folder = self._checkpoint or f"{args.output_dir}/checkpoint-{state.global_step}"
        self._loader.load_state_dict(json.loads((Path(folder) / FILE).read_text()))

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **others: Any) -> None:  # noqa: ARG002
        config = getattr(model, "config", None)
        soft = self._loader.graph.dense_targets
        if soft and getattr(config, "problem_type", None) == "multi_label_classification":
            raise ValueError(
                "LoaderState: expected Trainer(compute_loss_func=fastmix.integrations.transformers.soft_loss), since "
                "the model's own loss takes mixed labels for several classes"
            )

    def on_save(self, args: Any, state: Any, control: Any, **others: Any) -> None:  # noqa: ARG002
        if state.is_world_process_zero:
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            (folder / FILE).write_text(json.dumps(self._loader.state_dict()))
