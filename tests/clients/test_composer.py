"""Composer: epochs, subsets, checkpoints."""

import pytest
from client_support import CLASSES, STEPS, Net, evaluation, mark, marks, passes, train

from fastmix.loader import RestartWarning

composer = pytest.importorskip("composer")
models = pytest.importorskip("composer.models")


class Watch(composer.Callback):
    def __init__(self) -> None:
        self.seen: list[float] = []

    def batch_start(self, state, logger) -> None:  # noqa: ARG002
        self.seen.append(mark(state.batch[0]))


def fit(loader, **options):
    watch = Watch()
    trainer = composer.Trainer(
        model=models.ComposerClassifier(Net(), num_classes=CLASSES),
        train_dataloader=loader,
        callbacks=[watch],
        device="cpu",
        progress_bar=False,
        seed=1,
        **{"max_duration": "2ep", **options},
    )
    trainer.fit()
    return watch.seen, int(trainer.state.timestamp.batch)


def test_whole_epochs(photos):
    seen, steps = fit(train(photos), eval_dataloader=evaluation(photos))
    assert seen == marks(passes(train(photos), 2)) and steps == 2 * STEPS


def test_microbatches(photos):
    seen, steps = fit(train(photos), device_train_microbatch_size=4, max_duration="1ep")
    assert seen == marks(train(photos)) and steps == STEPS


def test_subsets(photos):
    with pytest.warns(RestartWarning, match="composer.*steps_per_epoch=4"):
        assert len(set(fit(train(photos), train_subset_num_batches=4, max_duration="3ep")[0])) == 4
    seen, steps = fit(train(photos, steps_per_epoch=4), max_duration="4ep")
    assert seen == marks(passes(train(photos), 2))[:16] and steps == 16


def test_resume_within_an_epoch(photos, tmp_path):
    full, _ = fit(train(photos), save_folder=str(tmp_path), save_interval="5ba", run_name="a")
    resumed, _ = fit(train(photos), load_path=str(tmp_path / "ep0-ba5-rank0.pt"), run_name="b")
    assert resumed == full[5:]
