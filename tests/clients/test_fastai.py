"""fastai: fit, validate, predictions, short epochs."""

import pytest
import torch
from client_support import SAMPLES, STEPS, Net, evaluation, mark, marks, passes, train

from fastmix.loader import RestartWarning

vision = pytest.importorskip("fastai.vision.all")


def learner(photos, loader=None, callbacks=()):
    class Watch(vision.Callback):
        def before_batch(self) -> None:
            if self.training:
                seen.append(mark(self.xb[0]))

    seen: list[float] = []
    loaders = vision.DataLoaders(train(photos) if loader is None else loader, evaluation(photos), device="cpu")
    loss = lambda output, target: torch.nn.functional.cross_entropy(output, target)  # noqa: E731
    made = vision.Learner(loaders, Net(), loss_func=loss, metrics=[vision.accuracy], cbs=[Watch(), *callbacks])
    return made, seen


def test_whole_epochs(photos):
    made, seen = learner(photos)
    with made.no_bar(), made.no_logging():
        made.fit(2)
        predictions, targets = made.get_preds(dl=evaluation(photos))
    assert seen == marks(passes(train(photos), 2)) and len(seen) == 2 * STEPS
    assert len(predictions) == len(targets) == SAMPLES


def test_short_epochs(photos):
    made, seen = learner(photos, callbacks=[vision.ShortEpochCallback(0.3)])
    with made.no_bar(), made.no_logging(), pytest.warns(RestartWarning, match=r"fastai.*steps_per_epoch="):
        made.fit(3)
    assert len(set(seen)) < len(seen)
    made, seen = learner(photos, train(photos, steps_per_epoch=4))
    with made.no_bar(), made.no_logging():
        made.fit(4)
    assert seen == marks(passes(train(photos), 2))[:16]


def test_what_only_fastais_loaders_have(photos, tmp_path):
    made, _ = learner(photos)
    calls = [
        (lambda: made.dls.one_batch(), r"next\(iter\(loader\)\)"),
        (lambda: made.dls.show_batch(), r"loader\.preview\(\)"),
        (lambda: made.export(tmp_path / "learner.pkl"), r"learn\.save"),
    ]
    for call, message in calls:
        with pytest.raises(AttributeError, match=message):
            call()
    made.save(tmp_path / "learner")


def test_finding_a_learning_rate(photos):
    made, _ = learner(photos)
    with made.no_bar(), made.no_logging():
        assert made.lr_find(num_it=15, show_plot=False).valley > 0
