"""Sample plans: rows, views, edits, text, files, digests, and one clear error for bad input."""

import numpy as np
import pytest
import torch
from laws import SIZE, keys

from fastmix import MixPlan
from fastmix import augment as fa
from fastmix.augment import Operation, SamplePlan
from fastmix.augment.operations import NAMES, VALUES
from fastmix.augment.sample_plan import HEADER

CHAIN = fa.Compose(
    [
        fa.RandomResizedCrop(interpolation="random"),
        fa.RandomHorizontalFlip(),
        fa.ThreeAugment(),
        fa.RandAugment(dialect="timm", magnitude_std=0.5),
        fa.RandomErasing(0.5, "pixel", 2, "timm"),
    ]
)
OPERATIONS = [
    Operation("Invert"),
    Operation("Posterize", (0,)),
    Operation("Solarize", (127.5,)),
    Operation("SolarizeAdd", (110,)),
    Operation("Hue", (-0.5,)),
    Operation("Brightness", (1.75,)),
    Operation("ShearX", (-0.25,), fill=(1, 2, 255), interpolation="nearest"),
    Operation("TranslateY", (-10.5,), fill=(255, 255, 255), interpolation="bicubic"),
    Operation("Rotate", (90.0,)),
    Operation("EraseConstant", (1, 65535, 40000, 2), fill=(7, 8, 9)),
    Operation("EraseNormal", (65535, 65535, 65535, 65535, -(2**31)), per_channel=True),
    Operation("EraseNormal", (0, 0, 1, 1, 2**31 - 1), before_mixing=True),
    Operation("ErasePixelsNormalized", (1, 2, 3, 4, -0.5), before_mixing=True),
    Operation("AugMixBegin"),
    Operation("AugMixChainEnd", (0.25,)),
    Operation("AugMixEnd", (0.75, 0.25)),
    Operation("PadCrop", (-4, 3), fill=(255, 0, 1)),
    Operation("PadCrop", (-(2**31), 2**31 - 1), reflect=True),
]


def plan_of(*operations: Operation) -> SamplePlan:
    return SamplePlan.from_operations([list(operations)])


def drawn(count: int = 9) -> SamplePlan:
    return CHAIN.plan(keys(count), SIZE, np.full((count, 2), 300))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: op.name)
def test_operations_survive_their_words_and_their_text(operation: Operation) -> None:
    assert Operation.from_words(operation.to_words()) == operation
    assert eval(repr(operation), {"Operation": Operation}) == operation
    plan = plan_of(operation)
    assert plan.operations(0) == [operation]
    assert plan.rows.shape == (1, 20) and plan.rows[0, 0] == HEADER and plan.rows[0, 8] == 1


def test_words_are_as_the_layout_says() -> None:
    (words,) = plan_of(Operation("Rotate", (-30.0,), fill=(1, 2, 3), interpolation="bicubic")).rows[:, 16:].tolist()
    assert words == [18 | 2 << 8, np.float32(-30).view(np.int32), 1 | 2 << 8 | 3 << 16, 0]
    (words,) = (
        plan_of(Operation("EraseNormal", (2, 3, 4, 5, 99), per_channel=True, before_mixing=True)).rows[:, 16:].tolist()
    )
    assert words == [20 | 1 << 11 | 1 << 12, 2 | 3 << 16, 4 | 5 << 16, 99]
    (words,) = plan_of(Operation("PadCrop", (-1, 4), fill=(1, 0, 0), reflect=True)).rows[:, 16:].tolist()
    assert words == [24, -1, 4, 1 | 1 << 24]
    (words,) = plan_of(Operation("AugMixEnd", (0.75, 0.25))).rows[:, 16:].tolist()
    assert words == [23, np.float32(0.75).view(np.int32), np.float32(0.25).view(np.int32), 0]
    assert len(NAMES) == 26 and set(VALUES) < set(NAMES)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("Swirl",), ValueError, "name to be one of Identity, .* got 'Swirl'"),
        (("Rotate",), ValueError, r"\(degrees\) for Rotate, got \(\)"),
        (("Invert", (1.0,)), ValueError, r"\(nothing\) for Invert, got \(1.0,\)"),
        (("Posterize", (9,)), ValueError, r"bits as an integer in \[0, 8\], got 9"),
        (("Posterize", (1.5,)), ValueError, "bits as an integer"),
        (("Hue", (0.6,)), ValueError, r"shift as a number in \[-0.5, 0.5\], got 0.6"),
        (("GaussianBlur", (float("nan"),)), ValueError, "sigma as a number .* got nan"),
        (("Rotate", ("x",)), TypeError, "Rotate's degrees: expected a number, got 'x'"),
        (("Rotate", (1.0,), (0, 0, 256)), ValueError, r"fill in \[0, 255\]"),
        (("Rotate", (1.0,), "red"), TypeError, "fill as an int or three"),
        (("Rotate", (1.0,), 0, "lanczos"), ValueError, "interpolation to be one of nearest"),
        (("EraseConstant", (0, 0, 65536, 1)), ValueError, "height as an integer"),
    ],
)
def test_bad_operations_are_refused(arguments, error, message: str) -> None:
    with pytest.raises(error, match=message):
        Operation(*arguments)


def test_bad_rows_are_refused() -> None:
    rows = SamplePlan.identity(2, 1).rows
    for bad, error, message in (
        (None, TypeError, "SamplePlan.rows: expected an int32 tensor on the CPU, got NoneType"),
        (rows.long(), TypeError, "got torch.int64"),
        (rows[:, :19], ValueError, r"contiguous rows \(B, 16 \+ 4 K\), got \(2, 19\)"),
        (rows[:, :8], ValueError, r"got \(2, 8\)"),
        (rows[0], ValueError, r"got \(20,\)"),
        (rows[:, :16], ValueError, r"contiguous rows, got strides \(20, 1\)"),
        (rows + 256, ValueError, "expected the header 0x46530100 in word 0 of every row, got 0x46530200"),
        (MixPlan.identity(2).rows, ValueError, "got 0x464d0101"),
    ):
        with pytest.raises(error, match=message):
            SamplePlan(bad)
    with pytest.raises(ValueError, match="sample plans have no masks"):
        SamplePlan(rows, rows)


def test_views_edit_the_rows() -> None:
    plan = SamplePlan.from_operations(
        [[Operation("Rotate", (10.0,))], [], [Operation("Invert"), Operation("Equalize")]]
    )
    assert plan.slots == 2 and len(plan) == 3 and repr(plan) == "SamplePlan(3 samples, 2 slots)"
    assert plan.counts.tolist() == [1, 0, 2] and (plan.operation_words & 255).tolist() == [[18, 0], [0, 0], [1, 12]]
    plan.parameters[0, 0, 0] = -5.0
    plan.window[1] = torch.tensor([1, 2, 30, 40])
    plan.output_size[:] = torch.tensor([96, 64])
    plan.flip_x = [True, False, True]
    plan.flip_y = torch.tensor([False, True, True])
    assert plan.operations(0) == [Operation("Rotate", (-5.0,))]
    assert plan.rows[1, 2:8].tolist() == [1, 2, 30, 40, 96, 64]
    assert (plan.rows[:, 1] & 3).tolist() == [1, 2, 3] and (plan.rows[:, 1] >> 8).tolist() == [2, 2, 2]
    plan.flip_x = False
    assert plan.flip_x.tolist() == [False] * 3 and plan.flip_y.tolist() == [False, True, True]
    for bad in ([True], [0, 1, 0]):
        with pytest.raises(ValueError, match=r"SamplePlan.flip_x: expected bool of shape \(3,\)"):
            plan.flip_x = bad
    plan.set_operations(2, [Operation("Grayscale")])
    assert plan.operations(2) == [Operation("Grayscale")] and plan.rows[2, 20:].tolist() == [0, 0, 0, 0]
    with pytest.raises(ValueError, match="at most 2 operations, got 3"):
        plan.set_operations(0, [Operation("Invert")] * 3)
    with pytest.raises(TypeError, match="expected an Operation, got str"):
        plan.set_operations(0, ["Invert"])
    with pytest.raises(IndexError):
        plan.operations(3)


def test_select_follows_samples() -> None:
    plan = drawn()
    chosen = plan.select([7, 2, 2])
    assert (
        len(chosen) == 3
        and chosen.operations(0) == plan.operations(7)
        and chosen == plan.select(torch.tensor([7, 2, 2]))
    )
    assert plan.select(torch.arange(9) < 4) == drawn(4)
    chosen.rows[:, 2] += 1
    assert plan == drawn()
    assert len(plan.select([])) == 0


def test_comparison_and_digest() -> None:
    plan = drawn()
    assert plan == plan.clone() and hash(plan) == hash(plan.clone()) and plan != drawn(8) and plan != 3
    assert plan_of(Operation("Rotate", (0.0,))) == plan_of(Operation("Rotate", (-0.0,)))
    edited = plan_of(Operation("Rotate", (0.0,)))
    edited.parameters[0, 0, 0] = -0.0
    assert edited == plan_of(Operation("Rotate", (0.0,)))
    # The words of boxes, offsets and noise are no floats.
    assert plan_of(Operation("PadCrop", (-(2**31), 0))) != plan_of(Operation("PadCrop", (0, 0)))
    assert SamplePlan.identity(2) != MixPlan.identity(2)
    # Fixed for good: digests are kept in logs.
    digest = "6a0351470e732d704617507118b3f17c7e841db1c342b1dc08c5358dcf825ddd"
    assert plan_of(Operation("Rotate", (30.0,)), Operation("Equalize")).digest() == digest


@pytest.mark.parametrize("plan", [drawn(), SamplePlan.identity(0, 3), SamplePlan.identity(2), drawn(1)], ids=range(4))
def test_files_give_the_plan_back(plan: SamplePlan, tmp_path) -> None:
    plan.save(tmp_path / "plan")
    again = SamplePlan.load(tmp_path / "plan")
    assert again == plan and again.digest() == plan.digest() and again.slots == plan.slots


def test_other_plans_are_refused(tmp_path) -> None:
    MixPlan.identity(2).save(tmp_path / "mix")
    with pytest.raises(ValueError, match=r"SamplePlan.load: .*header.*; in .*mix"):
        SamplePlan.load(tmp_path / "mix")
    SamplePlan.identity(2).save(tmp_path / "sample")
    with pytest.raises(ValueError, match=r"MixPlan.load: .*header"):
        MixPlan.load(tmp_path / "sample")


def test_describe() -> None:
    plan = SamplePlan.from_operations(
        [[Operation("Rotate", (30.0,), fill=(1, 2, 3)), Operation("Equalize")], [], OPERATIONS[11:12]]
    )
    plan.flip_x = [True, True, False]
    plan.flip_y = [False, True, False]
    plan.window[1] = torch.tensor([1, 2, 30, 40])
    assert plan.describe(["a", "b", 3]).splitlines() == [
        "sample  window (y, x, h, w)  flip  operations",
        "a       whole                x     Rotate(30, fill (1, 2, 3), bilinear), Equalize",
        "b       (1, 2, 30, 40)       xy    -",
        "3       whole                -     EraseNormal(0, 0, 1, 1, 2147483647, before mixing)",
        "2 of 3 samples have operations",
    ]
    with pytest.raises(ValueError, match=r"one name per sample \(3\), got 1"):
        plan.describe(["a"])
    plan.operation_words[0, 0] = 99
    with pytest.raises(ValueError, match=r"operation codes in \[0, 26\), got 99"):
        plan.describe()
    plan.counts[0] = 7
    with pytest.raises(ValueError, match=r"counts in \[0, 2\], got 7 for sample 0"):
        plan.describe()
