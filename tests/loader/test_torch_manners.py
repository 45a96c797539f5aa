"""A torch DataLoader's arguments, attributes and idioms."""

import copy
import inspect
import multiprocessing
import operator
import pickle
import re
import threading
import warnings

import numpy as np
import pytest
import torch
from data_support import make, same
from torch import distributed
from torch.testing._internal.distributed import fake_pg  # noqa: F401  (registers the backend "fake")

import fastmix as fm
from fastmix.loader import other_names

MIX = {"mix": fm.Mixup(0.4, per="pair")}


def test_the_dataset_is_a_sized_view(photos):
    loader = make(photos)
    view = loader.dataset
    assert len(view) == 21 and loader.data == photos
    assert view.classes == sorted(path.name for path in photos.iterdir())
    assert view.class_to_idx == {name: i for i, name in enumerate(view.classes)}
    assert view.targets == loader.source.labels.values.tolist()
    assert view[-1] == (loader.source.path(20), 2) and view[0:2] == [view[0], view[1]]
    assert len(list(view)) == 21 and (loader.source.path(3), view.targets[3]) in view
    with pytest.raises(IndexError):
        view[21]


def test_vectors_in_the_dataset_view(small):
    view = make([(path, {i % 3}) for i, (path, _) in enumerate(small[:8])]).dataset
    assert view.targets.shape == (8, 3) and np.array_equal(view[1][1], [0, 1, 0])


@pytest.mark.parametrize("name", ["size", "batch_size", "classes", "data", "dataset", "num_classes", "epoch", "rank"])
def test_attributes_cannot_be_assigned(small, name):
    loader = make(small[:8])
    with pytest.raises(AttributeError):
        setattr(loader, name, 7)
    with pytest.raises(AttributeError, match=r"^.+$"):
        loader.sampler = loader


def test_mixing_can_be_switched_off(small):
    loader = make(small[:16], 4, num_classes=16, **MIX)
    assert loader.mixup_enabled
    list(loader)
    loader.mixup_enabled = False
    plain, targets = zip(*loader, strict=True)
    expected = make(small[:16], 4)
    expected.set_epoch(1)
    assert torch.equal(torch.cat(plain), torch.cat([images for images, _ in expected]))
    assert torch.cat(targets).max(1).values.eq(1).all()
    resumed = make(small[:16], 4, num_classes=16, **MIX)
    resumed.load_state_dict(loader.state_dict())
    assert not resumed.mixup_enabled
    assert not make(small[:8]).mixup_enabled
    with pytest.raises(ValueError, match="mix="):
        make(small[:8]).mixup_enabled = True


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"drop_last": True}, {"last_batch": "drop"}),
        ({"drop_last": False}, {"last_batch": "partial"}),
        ({"drop_last": False, "last_batch": "pad"}, {"last_batch": "pad"}),
        ({"num_workers": 0}, {"num_workers": 1}),
        ({"timeout": 0, "pin_memory": False, "persistent_workers": True, "collate_fn": None}, {}),
    ],
)
def test_torch_arguments_that_mean_something(small, options, expected):
    given, ours = make(small[:10], **options), make(small[:10], **expected)
    assert same(given, ours) and given.num_workers == ours.num_workers
    assert given.timeout == options.get("timeout", 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"collate_fn": len}, "fastmix.prefetch"),
        ({"generator": torch.Generator()}, "seed="),
        ({"worker_init_fn": len}, "num_workers="),
        ({"multiprocessing_context": "spawn"}, "num_workers="),
        ({"batch_sampler": [[0]]}, "sampler="),
        ({"prefetch_factor": 2}, "depth="),
        ({"drop_last": "yes"}, "bool"),
        ({"frobnicate": 1}, "unexpected keyword argument 'frobnicate'; help(fastmix.DataLoader)"),
        ({"mixx": 1}, "'mixx'; did you mean mix=?"),
        ({"batchsize": 1}, "did you mean batch_size=?"),
        ({"scale": (0.2, 1.0)}, "augment= takes fastmix.augment.Compose([RandomResizedCrop("),
        ({"auto_augment": "rand-m9"}, "augment="),
        ({"reprob": 0.25}, "fastmix.augment.RandomErasing"),
        ({"mixup_alpha": 0.2}, "mix="),
    ],
)
def test_torch_arguments_that_do_not(small, options, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        make(small[:10], **options)


def test_hints_of_unknown_arguments_are_right(small):
    for name, hint in other_names._OURS.items():
        for argument in re.findall(r"(\w+)=", hint):
            assert argument in inspect.signature(fm.DataLoader).parameters, name
        for public in re.findall(r"fastmix((?:\.\w+)+)", hint):
            assert operator.attrgetter(public[1:])(fm), name
        with pytest.raises(TypeError, match=re.escape(hint)):
            make(small[:10], **{name: None})


def test_contradicting_last_batches(small):
    with pytest.raises(ValueError, match="leave drop_last out"):
        make(small[:10], drop_last=True, last_batch="pad")


def test_shuffle_false_is_not_evaluation(small):
    with pytest.warns(UserWarning, match="train=False"):
        make(small[:10], shuffle=False)


def test_the_representation_says_what_is_loaded(photos):
    loader = make(photos, **MIX)
    assert re.search(r"21 samples, 3 classes.*batch_size=4, size=32, train=True.*Mixup", repr(loader), re.DOTALL)
    assert "rank" not in repr(loader)
    len(loader)
    assert "rank=0 of 1, epoch=0, 5 steps per epoch" in repr(loader)


@pytest.mark.parametrize("targets", ["dense", "pair", "index", None])
def test_a_preview_shows_the_next_batch_and_takes_none(small, targets):
    options = {} if targets is None else {"targets": targets, **MIX}
    data = [(path, f"class {i % 3}") for path, i in small[:16]]
    loader = make(data, 8, return_plan=True, **options)
    figure = loader.preview(5)
    titles = [axis.get_title() for axis in figure.axes]
    assert len(titles) == 8 and titles[5:] == [""] * 3
    images, *_ = next(iter(loader))
    assert "DataLoader" in repr(loader) and len(list(loader)) == 2
    ids = [label for _, label in data]
    for title in titles[:5]:
        shares = dict(part.split(" ", 1)[::-1] for part in title.split(" + "))
        assert set(shares) <= set(ids) and sum(map(float, shares.values())) == pytest.approx(1, abs=0.02)
    shown = torch.tensor(np.asarray(figure.axes[0].images[0].get_array()))
    mean, std = (torch.tensor(values) for values in (fm.IMAGENET_MEAN, fm.IMAGENET_STD))
    torch.testing.assert_close(shown, (images[0].permute(1, 2, 0) * std + mean).clamp(0, 1))


def test_the_package_lists_the_loader():
    assert {"DataLoader", "dali", "loader"} <= set(dir(fm))


def test_a_loader_with_hints_pickles(small):
    loader = make([(path, "ab"[i % 2]) for path, i in small[:8]], classes=["b", "a", "c"])
    copied = pickle.loads(pickle.dumps(loader))
    assert copied.classes == ("b", "a", "c") and same(copied, loader)


def _digest(loader: fm.DataLoader, out) -> None:
    out.put([float(images.double().sum()) for images, _ in loader])


def test_a_pickled_loader_goes_on_where_it_was(small, monkeypatch, tmp_path):
    loader = make([(path, label % 4) for path, label in small[:16]], 4, **MIX)
    expected = list(loader)
    loader.set_epoch(0)
    next(iter(loader))
    monkeypatch.chdir(tmp_path)
    for copied in (pickle.loads(pickle.dumps(loader)), copy.deepcopy(loader)):
        assert same(copied, expected[1:]) and copied.data == loader.data
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    child = context.Process(target=_digest, args=(loader, out))
    child.start()
    assert out.get(timeout=120) == [float(images.double().sum()) for images, _ in expected[1:]]
    child.join()


class Gate(torch.utils.data.Dataset):
    """Waits in its first sample."""

    def __init__(self, data: list[bytes]) -> None:
        self.data, self.inside, self.go_on = data, threading.Event(), threading.Event()
        self.go_on.set()

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, i: int) -> tuple[bytes, int]:
        self.inside.set()
        self.go_on.wait(30)
        return self.data[i], 0


def test_two_threads_in_one_loader_are_refused(small_jpegs):
    data = Gate(small_jpegs[:8])
    loader = make(data)
    batches = iter(loader)
    data.inside.clear()
    data.go_on.clear()
    found = []
    thread = threading.Thread(target=lambda: found.extend(batches))
    thread.start()
    data.inside.wait(30)
    for call in (lambda: next(batches), lambda: iter(loader)):
        with pytest.raises(RuntimeError, match="one thread at a time"):
            call()
    data.go_on.set()
    thread.join()
    assert len(found) == 2


def test_ranks_are_decided_at_the_first_use(small, monkeypatch):
    early = make(small[:8])
    used = make(small[:8], rank=0, world_size=1), make(small[:8])
    len(used[1])
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RuntimeError, match=r"WORLD_SIZE=2; call torch.distributed.init_process_group"):
        iter(early)
    assert len(make(small[:8], rank=1, world_size=2)) == 1
    distributed.init_process_group("fake", store=distributed.HashStore(), rank=1, world_size=2)
    try:
        assert (len(early), early.rank, early.world_size) == (1, 1, 2)
        assert len(used[0]) == 2
        with pytest.raises(RuntimeError, match=r"expected rank 0 of 1.*got 1 of 2"):
            iter(used[1])
    finally:
        distributed.destroy_process_group()


def test_training_batches_without_samples_are_reported(small):
    with pytest.warns(UserWarning, match="last_batch='drop' or 'pad'"):
        iter(make(small[:9], 4, rank=1, world_size=2, last_batch="partial"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        iter(make(small[:9], 4, rank=1, world_size=2, last_batch="partial", train=False))
        iter(make(small[:12], 4, rank=1, world_size=2, last_batch="partial"))
