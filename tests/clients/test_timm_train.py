"""A script that touches a loader as timm's train.py does: --mixup --cutmix --mixup-off-epoch, resume."""

import pytest
import torch
from client_support import CLASSES, STEPS, Net, evaluation, marks, passes, train

import fastmix as fm

timm = pytest.importorskip("timm")
loss = pytest.importorskip("timm.loss")
scheduler = pytest.importorskip("timm.scheduler")
timm_utils = pytest.importorskip("timm.utils")


def run(photos, epochs: int, off: int, resume: dict | None = None) -> tuple[list, dict]:
    mix = fm.Choice([fm.Mixup(0.2), fm.CutMix(1.0)])
    loader_train, loader_eval = train(photos, mix=mix, smoothing=0.1), evaluation(photos)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    criterion, meter = loss.SoftTargetCrossEntropy(), timm_utils.AverageMeter()
    updates_per_epoch = len(loader_train)
    schedule = scheduler.CosineLRScheduler(optimizer, t_initial=epochs * updates_per_epoch, t_in_epochs=False)
    start = 0
    if resume is not None:
        loader_train.load_state_dict(resume)
        start = loader_train.epoch
    dataset = loader_train.dataset
    assert len(dataset.class_to_idx) == CLASSES
    batches = []
    for epoch in range(start, epochs):
        if hasattr(dataset, "set_epoch"):
            dataset.set_epoch(epoch)
        elif hasattr(loader_train.sampler, "set_epoch"):
            loader_train.sampler.set_epoch(epoch)
        assert len(loader_train.sampler) == len(dataset)
        assert loader_train.batch_sampler.sampler is None
        if off and epoch >= off and loader_train.mixup_enabled:
            loader_train.mixup_enabled = False
        for update, (images, targets) in enumerate(loader_train):
            batches.append((images, targets))
            value = criterion(model(images), targets)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            meter.update(value.item(), images.size(0))
            schedule.step_update(num_updates=epoch * updates_per_epoch + update)
        for images, target in loader_eval:
            timm_utils.accuracy(model(images), target, topk=(1, 5))
    return batches, loader_train.state_dict()


def test_training(photos):
    batches, _ = run(photos, epochs=3, off=2)
    mix = fm.Choice([fm.Mixup(0.2), fm.CutMix(1.0)])
    assert marks(batches)[: 2 * STEPS] == marks(passes(train(photos, mix=mix, smoothing=0.1), 2))
    plain = train(photos, mix=None)
    plain.set_epoch(2)
    assert marks(batches)[2 * STEPS :] == marks(plain)
    assert all((targets > 0.5).sum() == len(targets) for _, targets in batches[2 * STEPS :])
    first, state = run(photos, epochs=1, off=2)
    resumed, _ = run(photos, epochs=3, off=2, resume=state)
    assert marks([*first, *resumed]) == marks(batches)


def test_the_image_dataset(photos):
    data = pytest.importorskip("timm.data").ImageDataset(str(photos))
    assert marks(train(data.reader.samples)) == marks(train(photos))
