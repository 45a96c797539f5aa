"""``targets=`` means the same in DataLoader, prefetch and Mixer, and one form follows from another."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

import fastmix as fm

COUNT, CLASSES = 8, 5
LABELS = torch.arange(COUNT) % CLASSES
POLICY = fm.CutMix(1.0, pairing="neighbor")


class Jpegs(torch.utils.data.Dataset):
    """Single-coloured JPEGs as bytes, with their labels."""

    targets = LABELS.tolist()

    def __len__(self) -> int:
        return COUNT

    def __getitem__(self, i: int) -> tuple[bytes, int]:
        buffer = io.BytesIO()
        Image.fromarray(np.full((16, 16, 3), 20 * i, np.uint8)).save(buffer, "JPEG")
        return buffer.getvalue(), self.targets[i]


def from_loader(form: str):
    return next(iter(fm.DataLoader(Jpegs(), COUNT, 16, mix=POLICY, targets=form, device="cpu", shuffle=False, seed=3)))


def from_prefetch(form: str):
    images = torch.zeros(COUNT, 3, 16, 16, dtype=torch.uint8)
    options = {"num_classes": CLASSES, "targets": form, "device": "cpu", "seed": 3}
    return next(iter(fm.prefetch([(images, LABELS)], mix=POLICY, **options)))


def from_mixer(form: str):
    return fm.Mixer(POLICY, CLASSES, 3, targets=form)(torch.zeros(COUNT, 3, 16, 16), LABELS)


@pytest.mark.parametrize("make", [from_loader, from_prefetch, from_mixer])
def test_forms_agree(make) -> None:
    plan = POLICY.plan(COUNT, (16, 16), seed=3)
    partner = plan.partner.long()
    dense, pair, index = (make(form)[1] for form in ("dense", "pair", "index"))
    assert dense.equal(fm.mix_labels(LABELS, plan, CLASSES))
    assert isinstance(pair, fm.PairTargets) and isinstance(index, fm.IndexTargets)
    assert pair.labels.equal(LABELS) and pair.partner_labels.equal(LABELS[partner])
    assert index.labels.equal(LABELS) and index.partner.equal(partner) and index.partner.dtype == torch.int64
    assert pair.weight.equal(plan.label_weight) and index.weight.equal(plan.label_weight)


def test_pair_labels_returns_the_same_tuple() -> None:
    plan = POLICY.plan(COUNT, (16, 16), seed=3)
    pair = fm.pair_labels(LABELS, plan)
    assert isinstance(pair, fm.PairTargets) and pair.labels is LABELS


@pytest.mark.parametrize("make", [from_loader, from_prefetch, from_mixer])
def test_unknown_forms_are_refused(make) -> None:
    name = {"from_loader": "DataLoader", "from_prefetch": "prefetch", "from_mixer": "Mixer"}[make.__name__]
    with pytest.raises(ValueError, match=f"^{name}: expected targets to be one of dense, pair, index, got 'soft'$"):
        make("soft")


def test_only_dense_targets_are_smoothed() -> None:
    for make in (
        lambda: fm.prefetch([], mix=POLICY, targets="pair", smoothing=0.1),
        lambda: fm.DataLoader(Jpegs(), 4, 16, mix=POLICY, targets="index", smoothing=0.1),
        lambda: fm.Mixer(POLICY, targets="pair", smoothing=0.1),
    ):
        with pytest.raises(ValueError, match="expected smoothing=0 with targets="):
            make()


def test_index_targets_check_labels_and_plan() -> None:
    mixer = fm.Mixer(POLICY, targets="index")
    with pytest.raises(ValueError, match="index targets: expected a plan for 4 samples, got one for 8"):
        mixer(torch.zeros(COUNT, 3, 4, 4), LABELS[:4])
