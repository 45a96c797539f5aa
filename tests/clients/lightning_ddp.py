"""Run by torchrun: Lightning trains on two processes with a loader that was built before."""

import sys

import client_support  # noqa: F401  (torchvision before Lightning)
import lightning
from client_support import report, train
from test_lightning import Module

photos, out = sys.argv[1:]
module, loader = Module(), train(photos)
trainer = lightning.Trainer(
    accelerator="cpu",
    devices=2,
    strategy="ddp",
    logger=False,
    enable_progress_bar=False,
    enable_model_summary=False,
    enable_checkpointing=False,
    max_epochs=2,
)
trainer.fit(module, loader)
report(out, {"seen": module.seen, "world_size": loader.world_size, "steps": trainer.global_step})
