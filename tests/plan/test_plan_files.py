"""Plans as text, files and tables; their digest and the validator."""

import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch

import fastmix as fm
from fastmix.plan.boxes import FixedBox

PLANS = [
    fm.Mixup(0.2, per="sample").plan(9, seed=3),
    fm.CutMix(per="sample").plan(5, (33, 17), seed=3),
    fm.HMix(per="sample").plan(4, (8, 8)),
    fm.MixPlan.identity(0),
    fm.MixPlan.identity(1),
    fm.Mixup(1e-3, per="sample").plan(64),
]


@pytest.mark.parametrize("plan", PLANS, ids=range(len(PLANS)))
def test_npz_gives_the_plan_back(plan: fm.MixPlan, tmp_path) -> None:
    path = tmp_path / "plan"
    plan.save(path)
    for again in (fm.MixPlan.load(path), fm.MixPlan.load(str(path))):
        assert again == plan and again.digest() == plan.digest() and hash(again) == hash(plan)
    assert list(tmp_path.iterdir()) == [path]
    with zipfile.ZipFile(path) as archive:
        assert {name.removesuffix(".npy") for name in archive.namelist()} == {"rows"}


def test_a_replayed_plan_gives_the_same_bits_in_another_process(tmp_path) -> None:
    plan = fm.CutMix(per="sample", inside=fm.Beta(0.4)).plan(7, (9, 13), seed=3)
    plan.save(tmp_path / "plan.npz")
    code = (
        "import sys, torch, hashlib, fastmix as fm; plan = fm.MixPlan.load(sys.argv[1]);"
        "x = torch.arange(7 * 3 * 9 * 13, dtype=torch.float32).reshape(7, 3, 9, 13);"
        "print(plan.digest(), hashlib.sha256(fm.mix(x, plan).numpy().tobytes()).hexdigest())"
    )
    import hashlib

    x = torch.arange(7 * 3 * 9 * 13, dtype=torch.float32).reshape(7, 3, 9, 13)
    here = f"{plan.digest()} {hashlib.sha256(fm.mix(x, plan).numpy().tobytes()).hexdigest()}"
    there = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "plan.npz"], check=True, capture_output=True, text=True
    )
    assert there.stdout.strip() == here


def test_the_digest_is_of_the_content_alone() -> None:
    assert (
        fm.MixPlan.mixup([1, 0], 0.25).digest()
        == fm.MixPlan.from_arrays([1, 0], [0.25] * 2, [0.25] * 2, [0] * 8, [0.25] * 2).digest()
    )
    assert fm.MixPlan.mixup([1, 0], 0.0).digest() == fm.MixPlan.mixup([1, 0], -0.0).digest()
    assert len({plan.digest() for plan in PLANS}) == len(PLANS) == len(set(PLANS))
    # Fixed for good: digests are kept in logs.
    assert fm.MixPlan.mixup([1, 0], 0.25).digest() == "519bebc6a0c536de03d60ca08fcb3269c885979b02ccf5579aca4ed610ba1421"


def test_other_files_are_refused(tmp_path) -> None:
    path = tmp_path / "plan.npz"
    with pytest.raises(FileNotFoundError):
        fm.MixPlan.load(path)
    for content in (b"", b"PK", b"not a zip"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"MixPlan.load: expected an NPZ of plain arrays"):
            fm.MixPlan.load(path)
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(ValueError, match=r"MixPlan.load: expected an NPZ"):
        fm.MixPlan.load(tmp_path / "one.npy")
    rows = np.ascontiguousarray(fm.MixPlan.identity(2).rows.numpy())
    for arrays, message in (
        ({"partner": np.zeros(2)}, "expected the array rows, and perhaps masks"),
        ({"rows": rows, "more": rows}, "expected the array rows, and perhaps masks"),
        ({"rows": rows.astype(np.int64)}, "rows of dtype int32, got int64"),
        ({"rows": rows[:, :15]}, r"contiguous rows \(B, 16\), got \(2, 15\)"),
        ({"rows": rows + 256}, "expected the header"),
        ({"rows": rows, "masks": rows}, "masks of dtype uint8, got int32"),
        ({"rows": rows, "masks": np.zeros((2, 3), np.uint8)}, "masks: expected shape"),
    ):
        np.savez(path, **arrays)
        with pytest.raises(ValueError, match=message):
            fm.MixPlan.load(path)


def test_pickles_are_refused_unopened(tmp_path) -> None:
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was opened",))

    path = tmp_path / "plan.npz"
    np.savez(path, rows=np.array([Bomb()], dtype=object))
    with pytest.raises(ValueError, match="plain arrays"):
        fm.MixPlan.load(path)


def test_describe() -> None:
    plan = fm.MixPlan.from_arrays(
        [1, 0, 2, 0],
        [0, 0.5, 1, 0],
        [1, 0.25, 1, 0.5],
        [[0, 0, 2, 2], [0] * 4, [0] * 4, [1, 1, 2, 2]],
        [0.75, 0.25, 1, 0.4],
    )
    assert plan.describe(torch.tensor([7, 8, 9, 10])).splitlines() == [
        "sample  partner  mixed          inside  outside  box (y0, x0, y1, x1)  label",
        "7       8        cut            0.0000  1.0000   (0, 0, 2, 2)          0.7500",
        "8       7        blend                  0.2500                         0.2500",
        "9       9        -                      1.0000                         1.0000",
        "10      7        cut and blend  0.0000  0.5000   (1, 1, 2, 2)          0.4000",
        "3 of 4 samples mixed; repeated partners: out of place only",
    ]
    assert fm.MixPlan.identity(0).describe().endswith("0 of 0 samples mixed; a permutation: safe in place")
    with pytest.raises(ValueError, match=r"one name per sample \(4\), got 2"):
        plan.describe(["a", "b"])


def test_the_validator_says_why_a_plan_is_not_safe_in_place() -> None:
    fm.CutMix(pairing="derangement").plan(5, (8, 9)).check_in_place((8, 9))
    for plan, size, message in (
        (fm.MixPlan.mixup([0, 0, 1], 0.5), None, "0 as partner of 0 and of 1; use mix"),
        (fm.MixPlan.mixup([0, 3], 0.5), None, r"partner in \[0, 2\), got 3 for sample 1"),
        (fm.MixPlan.mixup([1, 0], 1.5), None, r"weight_in in \[0, 1\], got 1.5 for sample 0"),
        (fm.CutMix(box=FixedBox(0, 0, 9, 8)).plan(2, (9, 9)), (8, 9), "within height 8 and width 9"),
    ):
        with pytest.raises(ValueError, match=message):
            plan.check_in_place(size)
    assert fm.MixPlan.mixup([1, 2, 0], 0.5).is_permutation() and not fm.MixPlan.mixup([1, 1], 0.5).is_permutation()
    assert not fm.MixPlan.mixup([0, 7], 0.5).is_permutation()


def test_label_weight_can_be_replaced() -> None:
    plan = fm.CutMix().plan(3, (8, 8))
    other = plan.with_label_weight([0.0, 0.5, 1.0])
    assert other.label_weight.tolist() == [0, 0.5, 1] and torch.equal(other.box, plan.box)
    assert plan.with_label_weight(0.5).label_weight.tolist() == [0.5] * 3
    for bad, message in (([0.5] * 2, "shape"), ([0, 0, 1.1], r"weights in \[0, 1\]"), (float("nan"), r"in \[0, 1\]")):
        with pytest.raises(ValueError, match=message):
            plan.with_label_weight(bad)
