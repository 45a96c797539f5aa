"""What all policies share: text, keys, independence of everything but the key, and one clear error for bad input."""

import dataclasses
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from laws import SIZE, keys

from fastmix import augment as fa
from fastmix.augment import SampleKeys, SamplePlan, SamplePolicy
from fastmix.augment.draws import Draws

POLICIES = [
    fa.RandomResizedCrop(interpolation="random", edges="image"),
    fa.SimpleRandomCrop(2),
    fa.RandomHorizontalFlip(),
    fa.RandomVerticalFlip(0.1),
    fa.Grayscale(0.2),
    fa.Invert(0.5),
    fa.Equalize(),
    fa.AutoContrast(0.5),
    fa.Solarize(100.5, 0.5),
    fa.SolarizeAdd(30),
    fa.Posterize(0),
    fa.Brightness((0.5, 1.5)),
    fa.Contrast(1.5),
    fa.Color(0.5),
    fa.Sharpness((0.0, 2.0), 0.3),
    fa.GaussianBlur((0.1, 2.0), 0.5),
    fa.ColorJitter(0.4, 0.4, (0.5, 1.0), 0.1),
    fa.ShearX(0.3),
    fa.ShearY(0.3, 0.5, "nearest", (1, 2, 3)),
    fa.TranslateX((2, 3)),
    fa.TranslateY(4.5),
    fa.Rotate(30, interpolation="random"),
    fa.PadCrop(4, "reflect"),
    fa.RandomErasing(0.9, "pixel", 3, "timm", before_mixing=False),
    fa.Cutout(16, value=(1, 2, 3)),
    fa.AutoAugment(),
    fa.AutoAugment("v0", magnitude_std=0.5),
    fa.RandAugment(),
    fa.RandAugment(3, 5, "timm", operations="weights", magnitude_std=float("inf")),
    fa.TrivialAugmentWide(),
    fa.AugMix(),
    fa.AugMix(dialect="timm", width=2, depth=1),
    fa.ThreeAugment(),
    fa.from_timm("rand-m9-mstd0.5-inc1"),
    fa.Compose([fa.RandomHorizontalFlip(), fa.Compose([]), fa.TrivialAugmentWide(), fa.RandomErasing()]),
    fa.RandomApply(fa.ColorJitter(0.4), 0.8),
    fa.RandomChoice([fa.Invert(), fa.Compose([fa.Equalize(), fa.Rotate(3)])], [0.25, 0.75]),
    fa.Scheduled(fa.RandAugment(), magnitude=fa.Linear(5, 15, 0, 9), start_epoch=1, end_epoch=300),
    fa.Scheduled(fa.Grayscale(), prob=fa.Steps([(0, 0.1), (5, 0.9)])),
]
every = pytest.mark.parametrize("policy", POLICIES, ids=[type(policy).__name__ for policy in POLICIES])


def plan(policy: SamplePolicy, key: SampleKeys) -> SamplePlan:
    heights = 100 + np.asarray(key.sample) % 7
    return policy.plan(key, (96, 96), np.stack((heights, heights + 50), 1))


def test_every_policy_is_tested() -> None:
    made = {name for name in fa.__all__ if isinstance(getattr(fa, name), type)}
    policies = {name for name in made if issubclass(getattr(fa, name), SamplePolicy)} - {"SamplePolicy"}
    assert policies == {type(policy).__name__ for policy in POLICIES}


@every
def test_text_makes_the_policy_again(policy: SamplePolicy) -> None:
    again = eval(repr(policy), {**vars(fa), "inf": float("inf")})
    assert again == policy and hash(again) == hash(policy) and repr(again) == repr(policy)


@every
def test_a_row_depends_on_its_key_alone(policy: SamplePolicy) -> None:
    whole = plan(policy, keys(64, epoch=2))
    assert whole == plan(policy, keys(64, epoch=2)) and len(whole) == 64 and whole.slots == policy.slots
    # Two ranks, in another order, by threads.
    samples = [np.arange(0, 64, 2)[::-1], np.arange(1, 64, 2)]
    with ThreadPoolExecutor(2) as threads:
        parts = list(threads.map(lambda sample: plan(policy, SampleKeys(1, 2, sample)), samples))
    for part, sample in zip(parts, samples, strict=True):
        assert part == whole.select(sample.copy())
    assert plan(policy, keys(0)) == SamplePlan.identity(0, policy.slots)


# Without those that do the same with all samples, such as Equalize().
random = [policy for policy in POLICIES if len(plan(policy, keys(64, epoch=2)).rows.unique(dim=0)) > 1]


@pytest.mark.parametrize("policy", random, ids=[type(policy).__name__ for policy in random])
def test_every_part_of_the_key_matters(policy: SamplePolicy) -> None:
    whole = plan(policy, keys(64, epoch=2))
    for other in ({"seed": 2}, {"epoch": 3}, {"occurrence": 1}, {"view": 1}):
        assert plan(policy, keys(64, **{"epoch": 2, **other})) != whole


def test_occurrences_draw_independently() -> None:
    first, second = (fa.Rotate(30).plan(keys(5000, occurrence=n)).parameters[:, 0, 0].numpy() for n in (0, 1))
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(5000)


def test_policies_of_one_chain_draw_independently() -> None:
    chain = fa.Compose([fa.Rotate(30), fa.Rotate(30), fa.Brightness((0.5, 1.5))])
    values = chain.plan(keys(5000)).parameters[:, :, 0].numpy()
    assert np.abs(np.corrcoef(values.T) - np.eye(3)).max() < 4 / np.sqrt(5000)


def test_a_new_policy_leaves_the_draws_of_the_others() -> None:
    few = fa.Compose([fa.RandomHorizontalFlip(), fa.Rotate(30), fa.GaussianBlur()]).plan(keys(64))
    many = fa.Compose(
        [
            fa.RandomApply(fa.ColorJitter(0.4), 1.0),
            fa.RandomHorizontalFlip(),
            fa.Rotate(30),
            fa.Invert(),
            fa.GaussianBlur(),
        ]
    ).plan(keys(64))
    assert torch.equal(few.flip_x, many.flip_x)
    assert torch.equal(few.parameters[:, 0], many.parameters[:, 1])
    assert torch.equal(few.parameters[:, 1], many.parameters[:, 3])


def test_more_layers_leave_the_first_ones() -> None:
    two, three = (fa.RandAugment(num).plan(keys(64), SIZE) for num in (2, 3))
    first = two.counts == 2
    assert torch.equal(two.rows[first, 16:], three.rows[first, 16:24])


def test_flips_behind_operations_on_values_are_the_same() -> None:
    last = fa.Compose([fa.ColorJitter(0.4), fa.RandomHorizontalFlip()])
    first = fa.Compose([fa.RandomHorizontalFlip(), fa.ColorJitter(0.4)])
    assert last.plan(keys(64)) == first.plan(keys(64))
    twice = fa.Compose([fa.RandomHorizontalFlip(1.0), fa.RandomHorizontalFlip(1.0)]).plan(keys(3))
    assert not bool(twice.flip_x.any())


def test_plans_are_the_same_in_another_process() -> None:
    code = (
        "import numpy as np; from fastmix.augment import *\n"
        "for policy in (TrivialAugmentWide(), from_timm('rand-m9-mstd0.5-inc1'), AugMix(),"
        " RandomErasing(0.5, 'pixel', dialect='timm')):\n"
        "    print(policy.plan(SampleKeys(7, 3, np.arange(100)), (224, 224)).digest())"
    )
    there = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    policies = (
        fa.TrivialAugmentWide(),
        fa.from_timm("rand-m9-mstd0.5-inc1"),
        fa.AugMix(),
        fa.RandomErasing(0.5, "pixel", dialect="timm"),
    )
    here = [policy.plan(SampleKeys(7, 3, np.arange(100)), (224, 224)).digest() for policy in policies]
    assert there == here
    # Fixed for good: a seed means the same augmentation in every version.
    assert here == [
        "2342f602d64658fd6041ba2e467526af4c0814ff73ba7ee3ed6a49d1fc4c2e22",
        "f3af478340c39db76dce03770c3a6719976e4750df9db64f381a1472b91e96fe",
        "dd94a49ff82ad67f81901acd183fd51f03ba7369bf03164bc75113215363b067",
        "5570432be52a01e6fe809b57bc66eb8da462160c97a6dbbf271beb66db8c88f9",
    ]


@pytest.mark.parametrize(
    "name", ["RandAugment", "AutoAugment", "AugMix", "RandomErasing", "Cutout", "SimpleRandomCrop"]
)
def test_missing_sizes_are_refused(name: str) -> None:
    with pytest.raises(
        ValueError, match=rf"{name}: expected size=\(height, width\) of the images in plan\(\), got None"
    ):
        getattr(fa, name)().plan(keys(2))


def test_bad_arguments_of_plan_are_refused() -> None:
    crop = fa.RandomResizedCrop()
    for arguments, error, message in (
        ((3,), TypeError, "RandomResizedCrop.plan: expected SampleKeys, got int"),
        ((keys(2),), ValueError, r"RandomResizedCrop: expected image_sizes \(N, 2\)"),
        ((keys(2), (224,)), ValueError, r"plan: expected size=\(height, width\), got \(224,\)"),
        ((keys(2), None, [[1, 2]]), ValueError, r"integers of shape \(2, 2\), got int64 \(1, 2\)"),
        ((keys(2), None, [[1.0, 2]] * 2), ValueError, "integers of shape"),
        ((keys(2), None, [[1, 0]] * 2), ValueError, r"image_sizes in \[1, 2\*\*31\), got 0 to 1"),
        ((SampleKeys(0, 0, np.array([1.5, 2])),), TypeError, "plan: expected sample as integers, got float64"),
        ((SampleKeys(0, 0, np.zeros((2, 2), int)),), ValueError, r"expected sample of shape .* got \(2, 2\)"),
        ((SampleKeys(0, 0, np.int64(2)),), ValueError, r"expected sample of shape \(N,\)"),
        ((SampleKeys(0, 0, np.arange(2), np.arange(3)),), ValueError, r"expected occurrence of shape .* got \(3,\)"),
        ((SampleKeys(0, 0, np.arange(2), 0, "left"),), TypeError, "expected view as integers"),
        ((SampleKeys(0, 2**32, np.arange(2)), None, [[3, 3]] * 2), ValueError, "epoch in .*, got 4294967296"),
        ((SampleKeys(-1, 0, np.arange(2)), None, [[3, 3]] * 2), ValueError, r"seed in \[0, 2\*\*64\), got -1"),
    ):
        with pytest.raises(error, match=message):
            crop.plan(*arguments)
    with pytest.raises(ValueError, match="expected a square size, got 224 x 160"):
        fa.SimpleRandomCrop().plan(keys(2), SIZE, [[300, 300]] * 2)
    with pytest.raises(ValueError, match="expected side <= 8 with inside=True, got 9"):
        fa.Cutout(9, inside=True).plan(keys(2), (8, 9))
    with pytest.raises(ValueError, match="up to 65535 pixels on a side, got 70000"):
        fa.RandomErasing().plan(keys(2), (8, 70000))


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fa.RandomHorizontalFlip(1.5), r"RandomHorizontalFlip: expected prob in \[0, 1\], got 1.5"),
        (lambda: fa.Grayscale(NAN), r"Grayscale: expected prob in \[0, 1\], got nan"),
        (lambda: fa.Solarize(257), r"Solarize: expected threshold in \[0, 256\], got 257.0"),
        (lambda: fa.SolarizeAdd(-1), "SolarizeAdd: expected addend >= 0, got -1"),
        (lambda: fa.Posterize(9), r"Posterize: expected bits in \[0, 8\], got 9.0"),
        (lambda: fa.Brightness(-0.5), "Brightness: expected factor with 0 <= least <= most <= 1000"),
        (lambda: fa.Contrast((2.0, 1.0)), "Contrast: expected factor with 0 <= least <= most"),
        (lambda: fa.Color((1, 2, 3)), r"Color: expected factor as a number or \(least, most\)"),
        (lambda: fa.GaussianBlur((-1, 2)), "GaussianBlur: expected sigma with 0 <= least"),
        (lambda: fa.GaussianBlur(INF), "GaussianBlur: expected sigma with"),
        (lambda: fa.ColorJitter(-0.1), "ColorJitter: expected brightness >= 0, got -0.1"),
        (lambda: fa.ColorJitter(hue=0.6), "ColorJitter: expected hue with -0.5 <= least <= most <= 0.5, got 0.6"),
        (lambda: fa.ThreeAugment(-1), "expected brightness >= 0"),
        (lambda: fa.ShearX(1.5), "ShearX: expected amount with -1 <= least"),
        (lambda: fa.Rotate(NAN), "Rotate: expected amount with"),
        (lambda: fa.Rotate(3, interpolation="lanczos"), "Rotate: expected interpolation to be one of nearest"),
        (lambda: fa.Rotate(3, fill=300), r"Rotate: expected fill in \[0, 255\]"),
        (lambda: fa.PadCrop(-1), "PadCrop: expected padding >= 0, got -1"),
        (lambda: fa.PadCrop(4, "edge"), "PadCrop: expected mode to be one of constant, reflect, got 'edge'"),
        (lambda: fa.RandomResizedCrop((0, 1)), r"expected 0 < scale\[0\]"),
        (lambda: fa.RandomResizedCrop(interpolation="area"), "interpolation to be one of nearest, box, bilinear"),
        (lambda: fa.RandomResizedCrop(edges="pad"), "edges to be one of crop, image"),
        (lambda: fa.RandomErasing(value="random"), "expected value as a number, a colour, 'pixel' or 'channel'"),
        (lambda: fa.RandomErasing(value=NAN), "RandomErasing: expected a finite value, got nan"),
        (lambda: fa.RandomErasing(count=2), "expected count=1 for dialect='torchvision', got 2"),
        (lambda: fa.RandomErasing(scale=(0.5, 1.5)), "RandomErasing: expected scale with 0 <= least <= most <= 1"),
        (lambda: fa.RandomErasing(dialect="kornia"), "dialect to be one of torchvision, timm, got 'kornia'"),
        (lambda: fa.Cutout(0), "Cutout: expected side >= 1, got 0"),
        (lambda: fa.AutoAugment("coco"), "policy to be one of imagenet, cifar10, svhn, v0, v0r, original, originalr"),
        (lambda: fa.AutoAugment(magnitude_std=0.5), "expected no magnitude_std for 'imagenet', got 0.5"),
        (lambda: fa.AutoAugment("v0", -1.0), r"magnitude_std in \[0, 1e\+06\], got -1.0"),
        (lambda: fa.RandAugment(magnitude=31), r"RandAugment: expected magnitude in \[0, 31\), got 31"),
        (lambda: fa.RandAugment(magnitude_std=0.5), "expected no magnitude_std for dialect='torchvision'"),
        (lambda: fa.RandAugment(dialect="timm", bins=10), "expected no bins for dialect='timm'"),
        (lambda: fa.RandAugment(dialect="timm", operations="most"), "operations to be one of plain, increasing"),
        (lambda: fa.RandAugment(16, 9, "timm", operations="weights"), "expected num_ops up to 15, got 16"),
        (lambda: fa.RandAugment(prob=2), r"RandAugment: expected prob in \[0, 1\], got 2.0"),
        (lambda: fa.TrivialAugmentWide(1), "TrivialAugmentWide: expected bins >= 2, got 1"),
        (lambda: fa.AugMix(11), r"AugMix: expected severity in \[1, 10\], got 11"),
        (lambda: fa.AugMix(11, dialect="timm"), r"AugMix: expected severity in \[0, 10\], got 11.0"),
        (lambda: fa.AugMix(alpha=0), "AugMix: expected alpha in"),
        (lambda: fa.AugMix(magnitude_std=1.0), "magnitude_std= belongs to dialect='timm'"),
        (lambda: fa.AugMix(dialect="timm", all_ops=False), "expected all_ops=True for dialect='timm'"),
        (lambda: fa.RandomApply(fa.Invert(), -1), r"RandomApply: expected prob in \[0, 1\]"),
        (lambda: fa.RandomChoice([]), "RandomChoice: expected at least one policy"),
        (lambda: fa.RandomChoice([fa.Invert()] * 2, [0.5, 0.6]), "expected 2 probabilities that sum to 1"),
        (
            lambda: fa.Compose([fa.Rotate(3), fa.RandomHorizontalFlip()]),
            "RandomHorizontalFlip before operations that move",
        ),
        (lambda: fa.Compose([fa.Invert(), fa.RandomResizedCrop()]), "one window, before all operations; got RandomRes"),
        (lambda: fa.Compose([fa.SimpleRandomCrop(), fa.RandomResizedCrop()]), "expected one window"),
        (lambda: fa.Compose([fa.RandomErasing(), fa.Invert()]), "expected erasing at the end, got Invert behind it"),
        (lambda: fa.Steps([(1, 5)]), r"Steps: expected growing epochs from 0, got \[1\]"),
        (lambda: fa.Linear(0, 1, 5, 5), "Linear: expected end_epoch >= 6, got 5"),
        (
            lambda: fa.Scheduled(fa.Invert(), magnitude=fa.Linear(0, 1, 0, 1)),
            "expected a policy with magnitude, got Invert",
        ),
        (lambda: fa.Scheduled(fa.RandAugment(), magnitude=fa.Linear(0, 31, 0, 1)), r"magnitude in \[0, 31\), got 31"),
        (lambda: fa.from_timm("auto-m9"), "expected one of rand, augmix, .* at the beginning, got 'auto-m9'"),
        (lambda: fa.from_timm("rand-q9"), "expected no section 'q' for 'rand', got 'rand-q9'"),
        (lambda: fa.from_timm("rand-m"), "expected sections such as 'm9' or 'mstd0.5', got 'm'"),
        (lambda: fa.from_timm("rand-m9.5"), "expected m as int, got '9.5'"),
        (lambda: fa.from_timm("rand-m9-m8"), "expected m once, got it twice"),
        (lambda: fa.from_timm("rand-tall"), "expected tweights, t3a or t3aw, got 'tall'"),
        (lambda: fa.from_timm("v0-m9"), "expected no section 'm' for 'v0'"),
        (lambda: fa.from_timm("rand-p2.0"), r"RandAugment: expected prob in \[0, 1\]"),
    ],
)
def test_bad_policies_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fa.Compose([fa.Invert(), "flip"]), "Compose: expected policies of fastmix.augment, got str"),
        (lambda: fa.RandomApply(None), "RandomApply: expected policies of fastmix.augment, got NoneType"),
        (lambda: fa.Scheduled("x"), "Scheduled: expected a policy of fastmix.augment, got str"),
        (
            lambda: fa.Scheduled(fa.RandAugment(), magnitude=9),
            "Scheduled: expected magnitude as Linear or Steps, got int",
        ),
        (lambda: fa.PadCrop(1.5), "PadCrop: expected padding to be an int"),
        (lambda: fa.RandAugment(magnitude=9.5), "RandAugment: expected magnitude to be an int, got float"),
        (lambda: fa.Grayscale("often"), "Grayscale: prob: expected a number, got 'often'"),
        (lambda: fa.Rotate(3, fill="red"), "Rotate: expected fill as an int or three"),
        (lambda: fa.from_timm(None), "from_timm: expected a string such as 'rand-m9-inc1', got NoneType"),
    ],
)
def test_wrong_types_are_refused(make, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("rand-m9-mstd0.5-inc1", fa.RandAugment(2, 9, "timm", magnitude_std=0.5)),
        ("rand-m9-mstd0.5", fa.RandAugment(2, 9, "timm", magnitude_std=0.5, operations="plain")),
        ("rand", fa.RandAugment(2, 10, "timm", operations="plain")),
        ("rand-n3-p0.8-mmax15-m12-mstd101-inc0", fa.RandAugment(3, 12, "timm", 0.8, INF, 15, "plain")),
        ("rand-tweights", fa.RandAugment(2, 10, "timm", operations="weights")),
        ("rand-t3aw-n1", fa.RandAugment(1, 10, "timm", operations="3aw")),
        ("augmix-m5-w4-d2", fa.AugMix(5, 4, 2, dialect="timm")),
        ("augmix-mstd1-a0.5-b1-d-1", None),
        ("augmix-mstd1-a0.5-b1", fa.AugMix(alpha=0.5, dialect="timm", magnitude_std=1.0)),
        ("original-mstd0.5", fa.AutoAugment("original", 0.5)),
        ("v0r", fa.AutoAugment("v0r")),
        ("3a", fa.ThreeAugment(0)),
    ],
)
def test_config_strings(config: str, expected: SamplePolicy | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="expected sections such as"):
            fa.from_timm(config)
    else:
        assert fa.from_timm(config) == expected


def test_config_strings_take_interpolation_and_mean() -> None:
    policy = fa.from_timm("rand-m9", interpolation="bicubic", mean=(0.5, 0.5, 0.5))
    assert (policy.interpolation, policy.fill) == ("bicubic", (128, 128, 128))
    assert fa.from_timm("v0").fill == (124, 116, 104)


def test_a_policy_of_ones_own() -> None:
    @dataclasses.dataclass(frozen=True, repr=False)
    class Dim(SamplePolicy):
        """Halves the brightness of some samples."""

        prob: float = 0.5

        def draft(self, draws: Draws):
            chosen = self.stream(draws).uniform(1)[:, 0] < self.prob
            return fa.Brightness(0.5).draft(draws).where(chosen)

    drawn = fa.Compose([Dim(), fa.Invert()]).plan(keys(100))
    assert set(drawn.counts.tolist()) == {1, 2} and repr(Dim(0.25)) == "Dim(prob=0.25)"
