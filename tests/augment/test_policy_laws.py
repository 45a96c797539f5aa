"""Policies draw by their laws, stated again here. Seeds are fixed, so each test gives the same answer always."""

import itertools
from collections import Counter

import numpy as np
import pytest
import torch
from laws import (
    LEAST_P,
    SIZE,
    assert_law,
    assert_share,
    assert_uniform,
    drawn,
    keys,
    one_after_another,
    sequences,
    step,
)
from scipy import stats

from fastmix import augment as fa
from fastmix.augment.operations import CODE

COUNT = 40_000


def values(plan: fa.SamplePlan, name: str) -> np.ndarray:
    """The first parameters of all operations of this name."""
    return plan.parameters[:, :, 0][(plan.operation_words & 255) == CODE[name]].numpy().astype(np.float64)


@pytest.mark.parametrize("prob", [0.0, 0.2, 0.5, 1.0])
def test_flips(prob: float) -> None:
    plan = drawn(fa.Compose([fa.RandomHorizontalFlip(prob), fa.RandomVerticalFlip(prob)]), COUNT)
    assert_share(plan.flip_x.sum(), COUNT, prob)
    assert_share(plan.flip_y.sum(), COUNT, prob)
    assert_share((plan.flip_x & plan.flip_y).sum(), COUNT, prob**2)


@pytest.mark.parametrize("name", ["Grayscale", "Invert", "Equalize", "AutoContrast"])
def test_operations_without_a_value(name: str) -> None:
    counted = sequences(drawn(getattr(fa, name)(0.3), COUNT))
    assert_law(counted, {((name, None),): 0.3, (): 0.7})


def test_operations_with_one_value() -> None:
    for policy, law in (
        (fa.Solarize(128, 0.2), {(("Solarize", 128.0),): 0.2, (): 0.8}),
        (fa.SolarizeAdd(32, 0.2), {(("SolarizeAdd", 32.0),): 0.2, (): 0.8}),
        (fa.Posterize(3, 1.0), {(("Posterize", 3.0),): 1.0}),
        (fa.Sharpness(2.0, 0.5), {(("Sharpness", 2.0),): 0.5, (): 0.5}),
    ):
        assert_law(sequences(drawn(policy, COUNT)), law)


@pytest.mark.parametrize(
    ("policy", "low", "high"),
    [
        (fa.GaussianBlur((0.1, 2.0)), 0.1, 2.0),
        (fa.Brightness((0.5, 2.0)), 0.5, 2.0),
        (fa.Contrast((0.0, 3.0)), 0.0, 3.0),
        (fa.Color((0.2, 0.4)), 0.2, 0.4),
        (fa.Sharpness((0.0, 9.0)), 0.0, 9.0),
        (fa.Rotate(30), -30.0, 30.0),
        (fa.Rotate((10, 20)), 10.0, 20.0),
        (fa.ShearX(0.3), -0.3, 0.3),
        (fa.ShearY(0.3), -0.3, 0.3),
        (fa.TranslateX(8), -8.0, 8.0),
        (fa.TranslateY(8), -8.0, 8.0),
    ],
)
def test_uniform_values(policy: fa.SamplePolicy, low: float, high: float) -> None:
    found = values(drawn(policy, COUNT), type(policy).__name__)
    assert len(found) == COUNT
    assert_uniform(found, low, high)


def test_random_interpolation_is_bilinear_or_bicubic() -> None:
    plan = drawn(fa.Rotate(30, interpolation="random", fill=(1, 2, 3)), COUNT)
    filters = Counter((plan.operation_words >> 8).flatten().tolist())
    assert_law(filters, {1: 0.5, 2: 0.5})
    assert plan.operations(0)[0].fill == (1, 2, 3)


def test_color_jitter() -> None:
    plan = drawn(fa.ColorJitter(0.4, (0.5, 0.7), 1.5, 0.1), COUNT)
    orders = Counter(tuple(step for step, _ in steps) for steps in sequences(plan).elements())
    four = ("Brightness", "Contrast", "Color", "Hue")
    assert_law(orders, dict.fromkeys(itertools.permutations(four), 1 / 24))
    for name, low, high in zip(four, (0.6, 0.5, 0.0, -0.1), (1.4, 0.7, 2.5, 0.1), strict=True):
        assert_uniform(values(plan, name), low, high)
    correlation = np.corrcoef([values(drawn(fa.ColorJitter(0.4), 5000), "Brightness"), np.arange(5000)])
    assert abs(correlation[0, 1]) < 4 / np.sqrt(5000)


def test_steps_of_color_jitter_do_not_depend_on_the_others() -> None:
    for name, operation in (("brightness", "Brightness"), ("hue", "Hue")):
        alone = values(drawn(fa.ColorJitter(**{name: 0.2}), 100), operation)
        beside = values(drawn(fa.ColorJitter(contrast=0.3, **{name: 0.2}), 100), operation)
        assert np.array_equal(alone, beside)
    assert drawn(fa.ColorJitter(), 5).slots == 0


def test_pad_crop() -> None:
    plan = drawn(fa.PadCrop(2, "reflect", (9, 8, 7)), COUNT)
    places = Counter(tuple(plan.operations(i)[0].values) for i in range(COUNT))
    assert_law(places, dict.fromkeys(itertools.product(range(-2, 3), repeat=2), 1 / 25))
    assert plan.operations(0)[0].reflect and plan.operations(0)[0].fill == (9, 8, 7)


def test_cutout() -> None:
    plan = drawn(fa.Cutout(5, 0.5), COUNT, (7, 6))
    law: Counter[tuple[int, ...]] = Counter()
    for y, x in itertools.product(range(7), range(6)):
        box = max(y - 2, 0), max(x - 2, 0), min(y + 2, 7), min(x + 2, 6)
        law[(box[0], box[1], box[2] - box[0], box[3] - box[1])] += 0.5 / 42
    law[()] = 0.5
    boxes = Counter(tuple(op.values[:4]) for i in range(COUNT) for op in plan.operations(i))
    assert_law({**boxes, (): int((plan.counts == 0).sum())}, law)


def test_cutout_inside() -> None:
    plan = drawn(fa.Cutout(5, inside=True, value=(1, 2, 3)), COUNT, (7, 6))
    boxes = Counter(tuple(plan.operations(i)[0].values) for i in range(COUNT))
    assert_law(boxes, {(y, x, 5, 5): 1 / 6 for y in range(3) for x in range(2)})


def erased_box(uniform, integers, size: tuple[int, int], area, ratio, count: int) -> tuple[int, ...] | None:
    """Random erasing (Zhong et al.) as torchvision and timm write it: (y, x, height, width)."""
    height, width = size
    for _ in range(10):
        target = height * width * uniform(*area) / count
        aspect = np.exp(uniform(np.log(ratio[0]), np.log(ratio[1])))
        h, w = round(np.sqrt(target * aspect)), round(np.sqrt(target / aspect))
        if h < height and w < width:
            return int(integers(0, height - h + 1)), int(integers(0, width - w + 1)), h, w
    return None


@pytest.mark.parametrize(
    ("policy", "size", "area", "ratio", "most"),
    [
        (fa.RandomErasing(1.0), (224, 224), (0.02, 0.33), (0.3, 3.3), 1),
        (fa.RandomErasing(1.0), (32, 10), (0.02, 0.33), (0.3, 3.3), 1),
        (fa.RandomErasing(1.0, "pixel", dialect="timm"), (224, 160), (0.02, 1 / 3), (0.3, 1 / 0.3), 1),
        (fa.RandomErasing(1.0, "channel", 3, dialect="timm"), (40, 30), (0.02, 1 / 3), (0.3, 1 / 0.3), 3),
        (fa.RandomErasing(1.0, scale=(0.5, 0.9), ratio=(0.6, 2.0)), (40, 30), (0.5, 0.9), (0.6, 2.0), 1),
    ],
)
def test_random_erasing(policy, size, area, ratio, most: int) -> None:
    generator, count = np.random.default_rng(5), 12_000
    expected, numbers = [], Counter()
    for _ in range(count):
        boxes = int(generator.integers(1, most + 1))
        made = [erased_box(generator.uniform, generator.integers, size, area, ratio, boxes) for _ in range(boxes)]
        made = [box for box in made if box is not None]
        expected += made
        numbers[len(made)] += 1
    plan = drawn(policy, count, size, seed=4)
    actual = np.array([op.values[:4] for i in range(count) for op in plan.operations(i)])
    table = [[counted.get(k, 0) for k in range(most + 1)] for counted in (numbers, Counter(plan.counts.tolist()))]
    used = [column for column in zip(*table, strict=True) if sum(column)]
    assert len(used) == 1 or stats.chi2_contingency(np.array(used).T).pvalue > LEAST_P
    for statistic in (
        lambda b: b[:, 2] * b[:, 3],
        lambda b: b[:, 2] / b[:, 3],
        lambda b: b[:, 0] + b[:, 2] / 2,
        lambda b: b[:, 1] + b[:, 3] / 2,
    ):
        assert stats.ks_2samp(statistic(actual), statistic(np.array(expected))).pvalue > LEAST_P


def test_random_erasing_probability_and_fillings() -> None:
    for value, name in ((0.5, "ErasePixelsNormalized"), ((1, 2, 3), "EraseConstant"), ("pixel", "EraseNormal")):
        plan = drawn(fa.RandomErasing(0.25, value), COUNT)
        assert_share((plan.counts == 1).sum(), COUNT, 0.25)
        made = [plan.operations(i)[0] for i in plan.counts.nonzero().flatten().tolist()]
        assert {op.name for op in made} == {name}
        if name == "EraseNormal":
            words = np.array([op.values[4] for op in made])
            assert_uniform(words, -(2**31), 2**31)
        elif name == "EraseConstant":
            assert {op.fill for op in made} == {(1, 2, 3)}
        else:
            assert {op.values[4] for op in made} == {0.5} and all(op.before_mixing for op in made)
    after = drawn(fa.RandomErasing(1.0, "channel", before_mixing=False), 5)
    assert [(op.per_channel, op.before_mixing) for i in range(5) for op in after.operations(i)] == [(True, False)] * 5


SIGNED = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness")


def recipe_magnitude(name: str, k: int, bins: int, size: tuple[int, int], policy: str) -> float:
    """torchvision's magnitudes as its documentation has them: bin k of ``bins``."""
    wide = policy == "wide"

    def share_of(last: float) -> float:
        return float(torch.linspace(0, last, bins)[k])

    if name.startswith("Shear"):
        return share_of(0.99 if wide else 0.3)
    if name.startswith("Translate"):
        side = size[1] if name == "TranslateX" else size[0]
        return float(int(share_of(32 if wide else side * 150 / 331)))
    if name == "Rotate":
        return share_of(135 if wide else 30)
    if name == "Posterize":
        return 8 - round((6 if wide else 4) * k / (bins - 1))
    if name == "Solarize":
        return 255 - share_of(255)
    return share_of(0.99 if wide else 0.9)


def test_trivial_augment() -> None:
    plan = drawn(fa.TrivialAugmentWide(), COUNT, None)
    names = ["Identity", *SIGNED, "Posterize", "Solarize", "AutoContrast", "Equalize"]
    counted = sequences(plan)
    shares: Counter[str] = Counter()
    for steps, number in counted.items():
        shares[steps[0][0] if steps else "Identity"] += number
    assert_law(shares, dict.fromkeys(names, 1 / 14))
    for name in names:
        found = Counter({steps[0][1]: n for steps, n in counted.items() if steps and steps[0][0] == name})
        if None in found or not found:
            continue
        law: Counter[float] = Counter()
        for k in range(31):
            magnitude = recipe_magnitude(name, k, 31, SIZE, "wide")
            offset = 1.0 if name in ("Brightness", "Color", "Contrast", "Sharpness") else 0.0
            for sign in (1, -1) if name in SIGNED else (1,):
                law[round(offset + sign * magnitude, 4) + 0.0] += 1 / 31 / (2 if name in SIGNED else 1)
        assert_law(Counter({round(value, 4) + 0.0: n for value, n in found.items()}), law)


def test_rand_augment_of_torchvision() -> None:
    plan = drawn(fa.RandAugment(), COUNT)
    layer: dict = {("Identity", None): 1 / 14, ("AutoContrast", None): 1 / 14, ("Equalize", None): 1 / 14}
    for name in (*SIGNED, "Posterize", "Solarize"):
        magnitude = recipe_magnitude(name, 9, 31, SIZE, "rand")
        offset = 1.0 if name in ("Brightness", "Color", "Contrast", "Sharpness") else 0.0
        for sign in (1, -1) if name in SIGNED else (1,):
            layer[name, round(offset + sign * magnitude, 4)] = 1 / 14 / (2 if name in SIGNED else 1)
    rounded: Counter = Counter()
    for steps, number in sequences(plan).items():
        rounded[tuple((name, None if value is None else round(value, 4)) for name, value in steps)] += number
    assert_law(rounded, one_after_another(layer, layer))


def test_levels_of_timm_are_normal_and_clipped() -> None:
    plan = drawn(fa.from_timm("rand-m9-mstd0.5-inc1-p1.0-n1"), 6 * COUNT)
    level = np.abs(values(plan, "Rotate")) / 3
    assert_share((level > 10 - 1e-6).sum(), len(level), stats.norm(9, 0.5).sf(10))
    inside = level[level < 10 - 1e-6]
    law = stats.truncnorm(-np.inf, 2, 9, 0.5)
    assert stats.kstest(inside, law.cdf).pvalue > LEAST_P
    assert_share((values(plan, "Rotate") > 0).sum(), len(level), 0.5)


def test_infinite_deviation_is_uniform() -> None:
    plan = drawn(fa.from_timm("rand-m8-mstd101-inc1-p1.0"), COUNT)
    assert_uniform(np.abs(values(plan, "ShearX")) / 0.03, 0, 8)
    assert_uniform(np.abs(values(plan, "TranslateY")) / (0.045 * SIZE[0]), 0, 8)


def test_weighted_sets_are_drawn_without_replacement() -> None:
    weights = {
        **{"Rotate": 3.0, "ShearX": 2.0, "ShearY": 2.0, "TranslateX": 1.0, "TranslateY": 1.0},
        **dict.fromkeys(("Color", "Sharpness", "AutoContrast"), 0.25),
        **dict.fromkeys(("Solarize", "SolarizeAdd", "Contrast", "Brightness", "Equalize", "Posterize", "Invert"), 0.05),
    }
    plan = drawn(fa.from_timm("rand-tweights-p1.0-n2"), COUNT)
    total, law = sum(weights.values()), {}
    for first, second in itertools.permutations(weights, 2):
        law[first, second] = weights[first] / total * weights[second] / (total - weights[first])
    assert_law(Counter(tuple(name for name, _ in steps) for steps in sequences(plan).elements()), law)


@pytest.mark.parametrize("dialect", ["torchvision", "timm"])
def test_aug_mix(dialect) -> None:
    count = 8000
    plan = drawn(fa.AugMix(dialect=dialect), count)
    depths: Counter[int] = Counter()
    names: Counter[str] = Counter()
    weights, ends = [], []
    for i in range(count):
        operations = plan.operations(i)
        assert operations[0].name == "AugMixBegin" and operations[-1].name == "AugMixEnd"
        ends.append(operations[-1].values)
        row, depth = [], 0
        for operation in operations[1:-1]:
            if operation.name == "AugMixChainEnd":
                row.append(operation.values[0])
                depths[depth] += 1
                depth = 0
            else:
                names[operation.name] += 1
                depth += 1
        assert depth == 0
        weights.append(row)
    assert_law(depths, {1: 1 / 3, 2: 1 / 3, 3: 1 / 3})
    thirteen = (*SIGNED, "Posterize", "Solarize", "AutoContrast", "Equalize")
    assert_law(names, dict.fromkeys(thirteen, 1 / 13))
    assert np.allclose(np.sum(weights, 1), 1, atol=1e-6) and np.allclose(np.sum(ends, 1), 1, atol=1e-6)
    for column in np.array(weights).T:
        assert stats.kstest(column, stats.beta(1, 2).cdf).pvalue > LEAST_P
    assert_uniform([kept for kept, _ in ends], 0, 1)
    rotations = np.abs(values(plan, "Rotate"))
    if dialect == "timm":
        assert_uniform(rotations, 0, 9)
    else:
        bins = Counter(np.round(rotations, 3).tolist())
        assert_law(bins, {0.0: 1 / 3, 3.333: 1 / 3, 6.667: 1 / 3})


def test_aug_mix_without_enhancements() -> None:
    plan = drawn(fa.AugMix(all_ops=False, depth=2, width=1), COUNT)
    names = Counter(name for steps in sequences(plan).elements() for name, _ in steps if not name.startswith("AugMix"))
    nine = (*SIGNED[:5], "Posterize", "Solarize", "AutoContrast", "Equalize")
    assert_law(names, dict.fromkeys(nine, 1 / 9))
    assert plan.slots == 5 and bool((plan.counts == 5).all())


def test_three_augment() -> None:
    plan = drawn(fa.ThreeAugment(0.3), COUNT)
    assert_law(
        Counter(steps[0][0] for steps in sequences(plan).elements()),
        dict.fromkeys(("Grayscale", "Solarize", "GaussianBlur"), 1 / 3),
    )
    assert bool((plan.counts == 4).all()) and set(values(plan, "Solarize")) == {128.0}
    assert_uniform(values(plan, "GaussianBlur"), 0.1, 2.0)
    for name in ("Brightness", "Contrast", "Color"):
        assert_uniform(values(plan, name), 0.7, 1.3)


def test_random_apply_and_choice() -> None:
    policy = fa.Compose(
        [
            fa.RandomApply([fa.Invert(), fa.Equalize()], 0.3),
            fa.RandomChoice([fa.Grayscale(), fa.Posterize(2), fa.RandomHorizontalFlip(1.0)], p=[0.5, 0.2, 0.3]),
        ]
    )
    plan = drawn(policy, COUNT)
    applied = one_after_another({("Identity", None): 0.7, ("Both", None): 0.3})
    law = {}
    for both, p in applied.items():
        first = (("Invert", None), ("Equalize", None)) if both else ()
        law[*first, ("Grayscale", None)] = p * 0.5
        law[*first, ("Posterize", 2.0)] = p * 0.2
        law[first] = p * 0.3
    assert_law(sequences(plan), law)
    others = torch.tensor([CODE["Grayscale"], CODE["Posterize"]])
    assert torch.equal(plan.flip_x, ~torch.isin(plan.operation_words, others).any(1))


def test_windows_are_those_of_the_core(generator: torch.Generator) -> None:
    from fastmix import _core

    sizes = torch.randint(1, 600, (500, 2), generator=generator).numpy()
    policy = fa.RandomResizedCrop((0.1, 0.9), (0.5, 2.0), "random", "image")
    plan = policy.plan(keys(500), image_sizes=sizes)
    spec = _core.CropSpec((0.1, 0.9), (0.5, 2.0), 0.5)
    assert np.array_equal(plan.window.numpy(), _core.random_resized_crop(spec, sizes, 1, keys(500).rows)[0])
    filters = Counter((plan.rows[:, 1] >> 8 & 15).tolist())
    assert_law(filters, {2: 0.5, 3: 0.5})
    assert bool((plan.rows[:, 1] >> 2 & 1 == 1).all()) and not bool(plan.flip_x.any())


def test_simple_random_crop() -> None:
    policy, count = fa.SimpleRandomCrop(), 30_000
    same = policy.plan(keys(count), (32, 32), np.full((count, 2), 32))
    places = Counter(tuple(same.operations(i)[0].values) if same.counts[i] else (0, 0) for i in range(count))
    assert_law(places, dict.fromkeys(itertools.product(range(-4, 5), repeat=2), 1 / 81))
    assert bool((same.window == torch.tensor([0, 0, 32, 32])).all())
    # 96 x 240 becomes 32 x 80: the window moves by pixels of the decoded image, three for each of the output.
    wide = policy.plan(keys(count), (32, 32), np.tile([[96, 240]], (count, 1)))
    assert bool((wide.window[:, 0] == 0).all() and (wide.window[:, 2:] == 96).all())
    beside = [wide.operations(i)[0].values[1] if wide.counts[i] else 0 for i in range(count)]
    offset = Counter((wide.window[:, 1] // 3 + torch.tensor(beside)).tolist())
    assert bool((wide.window[:, 1] % 3 == 0).all())
    assert_law(offset, dict.fromkeys(range(-4, 53), 1 / 57))
    assert set(wide.window[:, 1][torch.tensor(beside) != 0].tolist()) == {0, 144}


def test_scheduled_policies_are_the_policies_of_their_epochs() -> None:
    magnitude = fa.Linear(5, 15, start_epoch=2, end_epoch=12)
    policy = fa.Scheduled(fa.RandAugment(), magnitude=magnitude, start_epoch=1, end_epoch=14)
    for epoch, expected in ((0, None), (1, 5), (2, 5), (3, 6), (7, 10), (12, 15), (13, 15), (14, None)):
        plan = drawn(policy, 64, epoch=epoch)
        plain = fa.RandAugment(magnitude=0 if expected is None else expected)
        empty = fa.SamplePlan.identity(64, 2)
        assert plan == (empty if expected is None else drawn(plain, 64, epoch=epoch))
    steps = fa.Scheduled(fa.Grayscale(), prob=fa.Steps([(0, 0.0), (3, 1.0)]))
    chain = fa.Compose([fa.RandomApply(steps, 1.0), fa.RandomChoice([steps])])
    assert [int(drawn(chain, 4, epoch=epoch).counts.sum()) for epoch in (0, 2, 3, 9)] == [0, 0, 8, 8]


def test_steps_name() -> None:
    assert step("Rotate", -0.0) == ("Rotate", 0.0)
