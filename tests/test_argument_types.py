"""Arguments of another type than they are meant to have: one clear message when they are given."""

import re

import pytest
import torch

import fastmix as fm
from fastmix.integrations import torchvision as torchvision_like
from fastmix.plan.boxes import MinMax

PLAN = fm.MixPlan.mixup([1, 0], 0.5)
IDS = torch.tensor([0, 1])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fm.Mixup("0.2"), "alpha: expected a number, got '0.2'"),
        (lambda: fm.CutMix(None), "alpha: expected a number, got None"),
        (lambda: fm.Mixup(prob="1"), "prob: expected a number, got '1'"),
        (lambda: fm.Mixup(weight=fm.Fixed("1")), "weight: expected a number, got '1'"),
        (lambda: fm.Mixup(weight=fm.Uniform("0", 1)), "low: expected a number, got '0'"),
        (lambda: fm.Mixup(weight=fm.Beta(1, b"2")), "b: expected a number, got b'2'"),
        (lambda: fm.CutMix(box=MinMax(0.1, "0.5")), "most: expected a number, got '0.5'"),
        (lambda: fm.FMix(decay="3"), "decay: expected a number, got '3'"),
        (lambda: fm.DirichletMix(3, "0.2"), "alpha: expected a number, got '0.2'"),
        (lambda: fm.DirichletMix(3, ["0.2", 1, 1]), "alpha: expected a number, got '0.2'"),
        (lambda: fm.DirichletMix(3, prob="1"), "prob: expected a number, got '1'"),
        (lambda: torchvision_like.MixUp(alpha="1"), "alpha: expected a number, got '1'"),
        (lambda: fm.mix_labels(IDS, PLAN, 4.0), "mix_labels: expected num_classes as an integer, got 4.0"),
        (lambda: fm.mix_labels(IDS, PLAN, "4"), "mix_labels: expected num_classes as an integer, got '4'"),
        (lambda: fm.mix_labels(IDS, PLAN, True), "mix_labels: expected num_classes as an integer, got True"),
    ],
)
def test_other_types_are_refused(make, message: str) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        make()


def test_numbers_of_other_libraries_are_numbers() -> None:
    for alpha in (1, torch.tensor(1.0), torch.tensor(1.0).numpy(), torch.tensor(1.0).numpy()[()]):
        assert torch.equal(fm.Mixup(alpha).plan(4, seed=1).weight_out, fm.Mixup(1.0).plan(4, seed=1).weight_out)
