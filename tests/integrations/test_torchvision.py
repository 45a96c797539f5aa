"""Side by side with torchvision.transforms.v2's MixUp and CutMix."""

import numpy as np
import pytest
import torch
from peers import seeded, torchvision_v2
from scipy import stats

from fastmix.integrations import torchvision as ours

LEAST_P = 1e-3


def images_of(batch: int, size: tuple[int, int] = (64, 48)) -> torch.Tensor:
    return torch.arange(batch, dtype=torch.float32)[:, None, None, None].expand(batch, 1, *size).contiguous()


def own_weights(transform, steps: int) -> np.ndarray:
    labels = torch.arange(2)
    return np.array([transform(images_of(2), labels)[1][0, 0].item() for _ in range(steps)])


@pytest.mark.parametrize("alpha", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
def test_targets_are_distributed_like_torchvisions(name: str, alpha: float) -> None:
    with seeded(1):
        theirs = own_weights(getattr(torchvision_v2(), name)(alpha=alpha, num_classes=2), 1500)
    mine = own_weights(getattr(ours, name)(alpha=alpha, num_classes=2, seed=1), 1500)
    # Sides of odd numbers of pixels, which torchvision rounds down, move a share by 1/48 + 1/64 at most.
    if name == "CutMix":
        theirs, mine = np.round(theirs * 12), np.round(mine * 12)
        table = np.array([np.bincount(x.astype(int), minlength=13) for x in (theirs, mine)])
        table = table[:, table.sum(0) > 20]
        assert stats.chi2_contingency(table).pvalue > LEAST_P / 10
    else:
        assert stats.ks_2samp(theirs, mine).pvalue > LEAST_P


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
@pytest.mark.parametrize("dense", [False, True])
def test_given_the_weight_pixels_and_targets_are_torchvisions(name: str, dense: bool) -> None:
    v2 = torchvision_v2()
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(5, 3, 9, 14, generator=generator)
    labels = torch.tensor([0, 2, 1, 2, 0])
    given = torch.nn.functional.one_hot(labels, 3).float() if dense else labels
    mine = getattr(ours, name)(num_classes=3, seed=2)
    mixed, target = mine(x, given)
    plan = mine.plan
    peer = getattr(v2, name)(num_classes=3)
    weight = plan.label_weight[0].item()
    y0, x0, y1, x1 = plan.box[0].tolist()
    params = {"labels": given, "batch_size": 5, "lam": weight, "lam_adjusted": weight, "box": (x0, y0, x1, y1)}
    torch.testing.assert_close(mixed, peer.transform(x, params), rtol=0, atol=1e-6)
    torch.testing.assert_close(target, peer.transform(given, params), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
def test_structures_come_back_as_they_are(name: str) -> None:
    v2 = torchvision_v2()
    from torchvision import tv_tensors

    x, y = images_of(4), torch.arange(4)
    for make in (getattr(v2, name), getattr(ours, name)):
        transform = make(num_classes=4)
        with seeded(0):
            pair = transform((x, y))
            assert isinstance(pair, tuple) and pair[1].shape == (4, 4)
            out = transform({"image": x, "labels": y, "path": "somewhere", "weights": torch.ones(4)})
            assert out["image"].shape == x.shape and out["labels"].shape == (4, 4)
            assert out["path"] == "somewhere" and torch.equal(out["weights"], torch.ones(4))
            image, target, extra = transform(tv_tensors.Image(x), y, torch.arange(3))
            assert isinstance(image, tv_tensors.Image) and target.shape == (4, 4) and extra.tolist() == [0, 1, 2]
            video, _ = transform(tv_tensors.Video(x[:, None].expand(4, 2, 1, 64, 48)), y)
            assert isinstance(video, tv_tensors.Video) and video.shape == (4, 2, 1, 64, 48)
            getter = make(num_classes=4, labels_getter=lambda sample: sample[0])
            assert getter(y, tv_tensors.Image(x))[0].shape == (4, 4)
            with pytest.raises(ValueError, match=r"(?i)masks"):
                transform(tv_tensors.Image(x), y, tv_tensors.Mask(torch.zeros(4, 8, 8)))
            assert torch.equal(x, images_of(4))


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
@pytest.mark.parametrize(
    ("arguments", "x", "y"),
    [
        ({}, images_of(4), torch.arange(4)),
        ({"num_classes": 3}, images_of(4), torch.zeros(4, 2)),
        ({"num_classes": 3}, images_of(4), torch.zeros(4, 2, 2)),
        ({"num_classes": 3}, images_of(4), [0, 1, 2, 0]),
        ({"num_classes": 4}, images_of(3), torch.arange(4)),
        ({"num_classes": 4, "labels_getter": "first"}, images_of(4), torch.arange(4)),
        ({"num_classes": 4, "alpha": 0.0}, images_of(4), torch.arange(4)),
    ],
)
def test_what_torchvision_refuses_is_refused(
    name: str, arguments: dict, x: torch.Tensor, y, monkeypatch: pytest.MonkeyPatch
) -> None:
    # torchvision leaves alpha to Beta's own check, which torch.compile switches off for the rest of the process.
    monkeypatch.setattr(torch.distributions.Distribution, "_validate_args", True)
    for module in (torchvision_v2(), ours):
        with seeded(0), pytest.raises(ValueError):
            getattr(module, name)(**arguments)(x, y)


def test_regression_targets_as_in_torchvision() -> None:
    values = torch.tensor([[1.0], [3.0]])
    transform = ours.MixUp(seed=1)
    _, mixed = transform(images_of(2), values)
    w = transform.plan.label_weight[0].double()
    assert torch.equal(mixed, (w * values.double() + (1 - w) * values.double().roll(1, 0)).float())
