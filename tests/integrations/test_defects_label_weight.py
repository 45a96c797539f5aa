"""Label weights and boxes: other libraries' defects, shown on their formulas, and absent here."""

import math

import numpy as np
import pytest
import torch
from defects import mixed_share

import fastmix as fm
from fastmix.ops.reference import weight_map
from fastmix.plan.boxes import Inside, MinMax


def unclipped_box(size: tuple[int, int], weight: float, generator: np.random.Generator) -> tuple:
    """A clipped box, and the label weight of KerasCV's and tf-models' CutMix: that of the box before clipping."""
    height, width = size
    side = math.sqrt(1 - weight)
    cut_h, cut_w = int(height * side), int(width * side)
    y, x = int(generator.integers(height)), int(generator.integers(width))
    box = max(y - cut_h // 2, 0), max(x - cut_w // 2, 0), min(y + cut_h // 2, height), min(x + cut_w // 2, width)
    return box, 1 - cut_h * cut_w / (height * width)


def taken(box: tuple, size: tuple[int, int]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1]) / (size[0] * size[1])


def test_keras_cv_and_tf_models_label_from_the_unclipped_box() -> None:
    generator = np.random.default_rng(1)
    drawn = [unclipped_box((64, 64), generator.random(), generator) for _ in range(500)]
    wrong = [abs(1 - taken(box, (64, 64)) - weight) for box, weight in drawn]
    assert np.mean(wrong) > 0.1
    shares, weights = mixed_share(fm.CutMix(), (64, 64), 500)
    assert (shares - weights).abs().max() < 2**-24


def test_tf_models_box_width_from_the_images_height() -> None:
    # On a wide image the box would be square; ours has the image's proportions.
    height, width = 40, 400
    square = int(height * 0.5), int(height * 0.5)
    assert square[0] * square[1] / (height * width) < 0.05
    box = fm.CutMix(weight=fm.Fixed(0.75), box=Inside()).plan(1, (height, width), partner=[0]).box[0]
    assert (box[2:] - box[:2]).tolist() == [20, 200]


def test_keras_box_of_no_whole_pixels() -> None:
    # Keras computes the label from a box of real numbers, and masks whole pixels.
    height, width, side = 9, 13, math.sqrt(0.3)
    label = 1 - (height * side) * (width * side) / (height * width)
    pixels = 1 - int(height * side) * int(width * side) / (height * width)
    assert abs(label - pixels) > 0.05
    shares, weights = mixed_share(fm.CutMix(weight=fm.Fixed(0.7), box=Inside()), (height, width))
    assert (shares - weights).abs().max() < 2**-24


def test_kornia_cutmix_and_openmixup_smoothmix_inverted_weight() -> None:
    # Both give the label the partner's share: with a small box nearly all of it would go to the wrong class.
    plan = fm.CutMix(weight=fm.Fixed(0.9), box=Inside()).plan(2, (20, 20), partner=[1, 0])
    inverted = 1 - plan.label_weight[0].item()
    shares, weights = mixed_share(fm.CutMix(weight=fm.Fixed(0.9), box=Inside()), (20, 20), 1)
    assert abs(inverted - shares[0]) > 0.7 and abs(weights[0] - shares[0]) < 2**-24
    target = fm.mix_labels(torch.tensor([0, 1]), plan, 2)
    assert target[0].argmax() == 0


def test_monai_cutmix_gives_the_partners_label_in_whole() -> None:
    labels = torch.eye(3)[:2]
    plan = fm.CutMix(weight=fm.Fixed(0.75), box=Inside()).plan(2, (16, 16), partner=[1, 0])
    swapped = labels[plan.partner.long()]
    assert swapped[0, 0] == 0
    assert fm.mix_labels(labels, plan)[0].tolist() == [0.75, 0.25, 0]


def test_dle_label_area_is_not_the_mean_of_the_batch() -> None:
    plan = fm.CutMix(per="sample").plan(64, (32, 32))
    own = weight_map(plan, (64, 32, 32)).double().mean((1, 2))
    assert (own - own.mean()).abs().max() > 0.3
    assert (plan.label_weight.double() - own).abs().max() < 2**-24


def test_dle_deferred_cutmix_half_is_all_zeros() -> None:
    # DLE-TF2 multiplies the two parts where it should add them.
    own, partner, mask = torch.ones(4, 4), torch.ones(4, 4), torch.zeros(4, 4)
    assert ((own * (1 - mask)) * (partner * mask)).sum() == 0
    half = fm.Choice([fm.Mixup(), fm.CutMix()], per="sample").plan(64, (4, 4))
    assert (fm.mix(torch.ones(64, 1, 4, 4), half) == 1).all()


def test_kornia_and_monai_share_one_place_among_all_boxes() -> None:
    box = fm.CutMix(per="sample", weight=fm.Fixed(0.75), box=Inside()).plan(4000, (64, 64), seed=2).box.double()
    assert len(box.unique(dim=0)) > 500
    y, x = box[:, 0].numpy(), box[:, 1].numpy()
    for a, b in ((y, x), (y[1:], y[:-1]), (x[1:], x[:-1])):
        assert abs(np.corrcoef(a, b)[0, 1]) < 4 / math.sqrt(4000)


def test_mmpretrain_and_paper_lose_a_pixel_of_odd_boxes() -> None:
    # centre - 5 // 2 to centre + 5 // 2 has 4 pixels.
    assert 2 * (5 // 2) == 4
    box = fm.CutMix(per="sample", weight=fm.Fixed(0.75)).plan(400, (11, 11)).box
    inner = (box[:, 0] > 0) & (box[:, 2] < 11)
    assert ((box[:, 2] - box[:, 0])[inner] == 5).all()


def test_timm_formerly_and_mmpretrain_min_max_at_the_full_side() -> None:
    # randint(0, H - cut) has no values when cut == H.
    with pytest.raises(ValueError, match="high"):
        np.random.default_rng(1).integers(0, 8 - 8)
    plan = fm.CutMix(box=MinMax(1.0, 1.0)).plan(2, (8, 8), partner=[1, 0])
    assert plan.box.tolist() == [[0, 0, 8, 8]] * 2 and (plan.label_weight == 0).all()
