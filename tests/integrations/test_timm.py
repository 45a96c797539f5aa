"""Side by side with timm's Mixup and FastCollateMixup."""

import itertools

import numpy as np
import pytest
import torch
from peers import seeded, timm_mixup
from scipy import stats

from fastmix.integrations import timm as ours

LEAST_P = 1e-3
CLASSES = 5
BLEND = {"mixup_alpha": 0.8}
CUT = {"mixup_alpha": 0.0, "cutmix_alpha": 1.0}
BOTH = {"mixup_alpha": 0.8, "cutmix_alpha": 1.0, "switch_prob": 0.3}
MIN_MAX = {"mixup_alpha": 0.0, "cutmix_minmax": (0.2, 0.7)}
KINDS = [BLEND, CUT, BOTH, MIN_MAX]


def options(kind: dict, **more) -> dict:
    return {"num_classes": CLASSES, "label_smoothing": 0.0, **kind, **more}


def images_of(batch: int, size: tuple[int, int] = (32, 48)) -> torch.Tensor:
    """Sample i is i everywhere: a mixed pixel tells its weights."""
    return torch.arange(batch, dtype=torch.float32)[:, None, None, None].expand(batch, 1, *size).contiguous()


def own_weights(make, steps: int, batch: int = 8) -> np.ndarray:
    """The own share of every sample's target, and whether it was cut, in ``steps`` batches."""
    mixup = make()
    labels = torch.arange(batch) % CLASSES
    rows = []
    for _ in range(steps):
        x, y = mixup(images_of(batch), labels)
        for i in range(batch):
            if labels[i] != labels[batch - 1 - i]:
                rows.append((y[i, labels[i]].item(), float(len(x[i].unique()) > 1)))
    return np.array(rows)


@pytest.mark.parametrize("kind", KINDS, ids=["mixup", "cutmix", "both", "minmax"])
@pytest.mark.parametrize("mode", ["batch", "pair", "elem"])
def test_targets_are_distributed_like_timms(mode: str, kind: dict) -> None:
    peer = timm_mixup()
    arguments = options(kind, mode=mode, prob=0.8)
    # Within a batch, draws are shared: one sample of each batch of two.
    with seeded(1):
        theirs = own_weights(lambda: peer.Mixup(**arguments), 1500, batch=2)[::2]
    mine = own_weights(lambda: ours.Mixup(**arguments, seed=1), 1500, batch=2)[::2]
    assert stats.ks_2samp(theirs[:, 0], mine[:, 0]).pvalue > LEAST_P
    cuts = [int(theirs[:, 1].sum()), int(mine[:, 1].sum())]
    table = [cuts, [len(theirs) - cuts[0], len(mine) - cuts[1]]]
    assert cuts == [0, 0] or stats.fisher_exact(table).pvalue > LEAST_P


@pytest.mark.parametrize("kind", KINDS, ids=["mixup", "cutmix", "both", "minmax"])
@pytest.mark.parametrize("mode", ["batch", "pair", "elem"])
def test_what_is_shared_is_shared_as_in_timm(mode: str, kind: dict) -> None:
    peer = timm_mixup()
    labels = torch.arange(8)
    for make in (peer.Mixup, ours.Mixup):
        with seeded(3):
            _, y = make(**{**options(kind, mode=mode), "num_classes": 8})(images_of(8), labels)
        own = y.diagonal()
        distinct = len(own[own < 1].unique())
        assert distinct <= {"batch": 1, "pair": 4, "elem": 8}[mode]
        if mode == "pair":
            assert torch.equal(own, own.flip(0))


@pytest.mark.parametrize("kind", [BLEND, CUT, MIN_MAX], ids=["mixup", "cutmix", "minmax"])
def test_pixels_and_targets_given_the_plan_are_timms(kind: dict) -> None:
    peer = timm_mixup()
    mixup = ours.Mixup(**options(kind, mode="batch", label_smoothing=0.1), seed=4)
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(6, 3, 17, 31, generator=generator)
    labels = torch.tensor([0, 1, 1, 2, 1, 0])
    mixed, target = mixup(x.clone(), labels)
    weight, box = mixup.plan.label_weight[0].item(), mixup.plan.box[0].tolist()
    expected = x.clone()
    if box[2] > box[0]:
        y0, x0, y1, x1 = box
        expected[:, :, y0:y1, x0:x1] = x.flip(0)[:, :, y0:y1, x0:x1]
        assert torch.equal(mixed, expected)
    else:
        torch.testing.assert_close(mixed, x * weight + x.flip(0) * (1 - weight), rtol=0, atol=1e-6)
    torch.testing.assert_close(target, peer.mixup_target(labels, CLASSES, weight, 0.1), rtol=0, atol=1e-6)


def test_correct_lam_off_takes_the_weight_that_was_drawn() -> None:
    peer = timm_mixup()
    arguments = options(CUT, correct_lam=False, mode="elem")
    with seeded(1):
        theirs = own_weights(lambda: peer.Mixup(**arguments), 1200, batch=2)
    mine = own_weights(lambda: ours.Mixup(**arguments, seed=1), 1200, batch=2)
    mine_cut, their_cut = mine[mine[:, 1] == 1, 0], theirs[theirs[:, 1] == 1, 0]
    assert stats.ks_2samp(their_cut, mine_cut).pvalue > LEAST_P
    assert stats.kstest(mine[mine[:, 1] == 1, 0] * 1.0, "uniform").pvalue > 1e-4
    mixed = ours.Mixup(**options({**BOTH, "switch_prob": 0.5}, correct_lam=False, mode="elem", prob=0.7), seed=2)
    for _ in range(20):
        _, y = mixed(images_of(8), torch.arange(8) % CLASSES)
        torch.testing.assert_close(y.sum(1), torch.ones(8))


def test_multi_label_is_timms() -> None:
    peer = timm_mixup()
    labels = (torch.rand(4, CLASSES, generator=torch.Generator().manual_seed(1)) < 0.4).float()
    mixup = ours.Mixup(**options(BLEND, label_smoothing=0.2, multi_label=True), seed=3)
    _, target = mixup(images_of(4), labels)
    weight = mixup.plan.label_weight[0].item()
    torch.testing.assert_close(target, peer.mixup_target(labels, CLASSES, weight, 0.2, True), rtol=0, atol=1e-6)
    for make in (peer.Mixup, ours.Mixup):
        with seeded(0), pytest.raises(ValueError, match="dense targets"):
            make(**options(BLEND, multi_label=True))(images_of(4), torch.arange(4))


def test_mixing_is_in_place_and_can_be_switched_off() -> None:
    peer = timm_mixup()
    for make in (peer.Mixup, ours.Mixup):
        with seeded(0):
            mixup = make(**options(BLEND))
            x = images_of(4)
            out, _ = mixup(x, torch.arange(4))
            assert out is x and not torch.equal(x, images_of(4))
            mixup.mixup_enabled = False
            out, target = mixup(images_of(4), torch.arange(4))
        assert torch.equal(out, images_of(4)) and torch.equal(target, torch.eye(CLASSES)[:4])


def collate_batch(batch: int, kind: str) -> list[tuple]:
    generator = np.random.default_rng(1)
    images = [generator.integers(0, 256, (3, 8, 12), dtype=np.uint8) for _ in range(batch)]
    return [(x if kind == "numpy" else torch.from_numpy(x), i % CLASSES) for i, x in enumerate(images)]


@pytest.mark.parametrize("kind", ["numpy", "tensor"])
@pytest.mark.parametrize("mode", ["batch", "pair", "elem", "half"])
def test_collate_has_timms_form_and_rounding(mode: str, kind: str) -> None:
    peer = timm_mixup()
    batch = collate_batch(8, kind)
    results = []
    for make in (peer.FastCollateMixup, ours.FastCollateMixup):
        # With weights at 1/2, within 1e-4, timm's and ours differ by one grey level at most.
        with seeded(0):
            collate = make(**{**options({"mixup_alpha": 1e7}, mode=mode), "num_classes": 8})
            results.append(collate(batch))
    (x, y), (their_x, their_y) = results[1], results[0]
    assert x.dtype == their_x.dtype == torch.uint8 and x.shape == their_x.shape
    assert y.dtype == their_y.dtype == torch.float32 and y.shape == their_y.shape
    assert (x.int() - their_x.int()).abs().max() <= 1
    torch.testing.assert_close(y, their_y, rtol=0, atol=2e-3)


def test_collate_in_workers_differs_between_workers_and_epochs_and_repeats_by_seed() -> None:
    class Images(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return 32

        def __getitem__(self, i: int) -> tuple:
            return np.full((1, 2, 2), i, np.uint8), i % CLASSES

    def epochs() -> list[list[float]]:
        collate = ours.FastCollateMixup(**options(BLEND, mode="batch"), seed=7)
        generator = torch.Generator().manual_seed(5)
        loader = torch.utils.data.DataLoader(Images(), 8, num_workers=2, collate_fn=collate, generator=generator)
        return [[y[0].max().item() for _, y in loader] for _ in range(2)]

    first = epochs()
    weights = list(itertools.chain(*first))
    assert len(set(weights)) == len(weights)
    assert epochs() == first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "element"}, "expected mode batch, pair, elem; got 'element'"),
        ({"mixup_alpha": 0.0}, "expected mixup_alpha > 0, cutmix_alpha > 0 or cutmix_minmax"),
        ({"prob": 1.5}, r"prob in \[0, 1\]"),
        ({"cutmix_minmax": (0.1, 0.2, 0.3)}, "cutmix_minmax="),
        ({"cutmix_minmax": (0.8, 0.2)}, "least <= most"),
    ],
)
def test_bad_arguments_are_refused_when_the_object_is_made(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ours.Mixup(**arguments)
