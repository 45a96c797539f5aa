import numpy as np
import pytest
import torch

from fastmix import CutMix, DirichletMix, MixPlan, Mixup, mix

NAMES = ["partner", "weight_in", "weight_out", "box", "label_weight"]


def arrays(batch: int = 3) -> dict[str, torch.Tensor]:
    return {
        "partner": torch.arange(batch, dtype=torch.int32).roll(1),
        "weight_in": torch.zeros(batch),
        "weight_out": torch.ones(batch),
        "box": torch.tensor([[0, 1, 2, 3]] * batch, dtype=torch.int32).reshape(batch, 4),
        "label_weight": torch.full((batch,), 0.5),
    }


def test_entries_read_as_numpy_arrays() -> None:
    plan = CutMix().plan(5, (8, 8), seed=1)
    shapes = {name: np.asarray(getattr(plan, name)).shape for name in NAMES}
    assert shapes == {name: (5, 4) if name == "box" else (5,) for name in NAMES}
    dtypes = [np.asarray(getattr(plan, name)).dtype for name in NAMES]
    assert dtypes == [np.int32, np.float32, np.float32, np.int32, np.float32]
    assert len(plan) == 5


def test_editing_a_view_changes_what_is_mixed() -> None:
    plan = MixPlan.identity(2)
    plan.partner[:] = torch.tensor([1, 0])
    plan.weight_out[0] = 0.25
    plan.box[1] = torch.tensor([0, 0, 1, 1])
    plan.weight_in[1] = 0.0
    images = torch.tensor([[[0.0, 0.0]], [[4.0, 8.0]]])
    assert mix(images, plan).tolist() == [[[3.0, 6.0]], [[0.0, 8.0]]]
    assert plan == MixPlan.from_arrays([1, 0], [1, 0], [0.25, 1], [[0] * 4, [0, 0, 1, 1]], [1, 1])


def test_a_clone_is_not_edited() -> None:
    plan = MixPlan.mixup([1, 0], 0.25)
    clone = plan.clone()
    plan.weight_out[:] = 1.0
    assert clone == MixPlan.mixup([1, 0], 0.25) != plan


def test_rows_are_the_layout_that_files_and_operators_have() -> None:
    plan = MixPlan.from_arrays([1, 0], [0.5, 1], [1, 0.25], [[1, 2, 3, 4], [0] * 4], [0.75, 0.25])
    floats = plan.rows.numpy().view(np.float32)
    assert plan.rows.numpy().tobytes()[:4] == b"\x01\x01MF"
    assert plan.rows[0, 1] == 1 and floats[0, 2] == 0.5 and floats[0, 3] == 1 and floats[0, 8] == 0.75
    assert plan.rows[:, 4:8].tolist() == [[1, 2, 3, 4], [0] * 4]
    assert plan.rows[:, 9].tolist() == [-1, -1] and not plan.rows[:, 10:].any()


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (torch.zeros(2, 16), TypeError, r"int32 tensor on the CPU, got torch.float32 on cpu"),
        (np.zeros((2, 16), np.int32), TypeError, "int32 tensor on the CPU, got ndarray"),
        (torch.zeros(2, 16, dtype=torch.int32, device="meta"), TypeError, "on meta"),
        (torch.zeros(2, 15, dtype=torch.int32), ValueError, r"rows \(B, 16\), got \(2, 15\)"),
        (torch.zeros(16, 2, dtype=torch.int32).T, ValueError, "contiguous rows"),
        (torch.zeros(2, 16, dtype=torch.int32), ValueError, "expected the header .* got 0x0"),
        (DirichletMix().plan(2).rows, ValueError, "expected the header .* got 0x464d0102"),
    ],
)
def test_other_rows_are_refused(rows, error: type, message: str) -> None:
    with pytest.raises(error, match=rf"MixPlan\.rows: expected .*{message}" if "header" not in message else message):
        MixPlan(rows)


@pytest.mark.parametrize("name", NAMES)
def test_other_shapes_are_refused(name: str) -> None:
    values = arrays()
    for value in (values[name][:2], values[name][None], values[name][0].clone()):
        # The batch size is the partners': another number of them shows at the next entry.
        with pytest.raises(ValueError, match=r"MixPlan\.\w+: expected shape \(\d*,( 4)?\)?.*got \("):
            MixPlan.from_arrays(**{**values, name: value})


def test_boxes_have_four_columns() -> None:
    with pytest.raises(ValueError, match=r"MixPlan\.box: expected shape \(3, 4\), got \(3, 3\)"):
        MixPlan.from_arrays(**{**arrays(), "box": torch.zeros(3, 3, dtype=torch.int32)})


def test_from_arrays_casts_lists_and_numpy() -> None:
    lists = MixPlan.from_arrays([1, 0], [0, 0], [1, 1], [[0, 0, 2, 2], [1, 1, 1, 1]], [0.5, 1])
    numpy = MixPlan.from_arrays(
        np.array([1, 0]), np.zeros(2), np.ones(2, np.float16), np.array([0, 0, 2, 2, 1, 1, 1, 1.0]), np.array([0.5, 1])
    )
    assert lists == numpy
    assert (lists.partner.dtype, lists.weight_in.dtype, lists.box.dtype) == (torch.int32, torch.float32, torch.int32)
    assert len(MixPlan.from_arrays([], [], [], [], [])) == 0


def test_from_arrays_of_a_plan_is_that_plan() -> None:
    plan = CutMix(per="sample").plan(6, (9, 5), seed=3)
    assert MixPlan.from_arrays(*(np.asarray(getattr(plan, name)) for name in NAMES)) == plan


def test_weights_from_lists_keep_float32_under_any_default_dtype() -> None:
    try:
        torch.set_default_dtype(torch.float16)
        plan = MixPlan.mixup([1, 0], [0.1, 0.3])
    finally:
        torch.set_default_dtype(torch.float32)
    assert np.array_equal(plan.weight_out, np.array([0.1, 0.3], np.float32))


@pytest.mark.parametrize(
    "partner", [[2**32, 0], np.array([2**31, 0]), [0.5, 1.0], np.array([float("nan"), 0]), torch.tensor([0, -(2**40)])]
)
def test_partners_that_no_int32_holds_are_refused(partner) -> None:
    with pytest.raises(ValueError, match=r"MixPlan\.partner: expected integers that fit torch\.int32"):
        MixPlan.from_arrays(partner, [1, 1], [1, 1], [[0] * 4] * 2, [1, 1])
    with pytest.raises(ValueError, match=r"MixPlan\.partner: expected integers that fit torch\.int32"):
        MixPlan.mixup(partner, 0.5)


def test_from_arrays_refuses_shapes_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"MixPlan\.weight_out: expected shape \(2,\), got \(3,\)"):
        MixPlan.from_arrays([1, 0], [1, 1], [1, 1, 1], [0] * 8, [1, 1])
    for box in (np.zeros((4, 2)), np.zeros(7), np.zeros((2, 2, 4))):
        with pytest.raises(ValueError, match=r"MixPlan\.box: expected shape \(2, 4\)"):
            MixPlan.from_arrays([1, 0], [1, 1], [1, 1], box, [1, 1])


def test_mixup_takes_one_weight_or_many() -> None:
    one, many = MixPlan.mixup([1, 0], 0.25), MixPlan.mixup(torch.tensor([1, 0]), np.array([0.25, 0.25]))
    assert one == many
    assert one.weight_in.tolist() == one.weight_out.tolist() == one.label_weight.tolist() == [0.25, 0.25]
    assert one.box.tolist() == [[0] * 4] * 2
    for weight in ([0.5], [0.5] * 3, [[0.5, 0.5]]):
        with pytest.raises(ValueError, match=r"MixPlan\.weight_in: expected shape \(2,\)"):
            MixPlan.mixup([1, 0], weight)
    for partner in (1, [[1, 0]]):
        with pytest.raises(ValueError, match=r"MixPlan\.partner: expected shape"):
            MixPlan.mixup(partner, 0.5)


def test_identity_mixes_nothing() -> None:
    plan = MixPlan.identity(4)
    assert plan.partner.tolist() == [0, 1, 2, 3]
    assert torch.equal(plan.weight_out, torch.ones(4)) and torch.equal(plan.label_weight, torch.ones(4))
    assert len(MixPlan.identity(0)) == 0
    with pytest.raises(ValueError, match="expected batch_size >= 0, got -1"):
        MixPlan.identity(-1)


def test_equality_reads_every_entry() -> None:
    plan = MixPlan.from_arrays(**arrays())
    assert plan == MixPlan.from_arrays(**arrays())
    for name in NAMES:
        values = arrays()
        values[name][0] += 1
        assert plan != MixPlan.from_arrays(**values), name
    assert plan != MixPlan.from_arrays(**arrays(4)) and plan != MixPlan.identity(3)
    assert plan != "plan" and plan.__eq__(3) is NotImplemented
    assert Mixup().plan(4, seed=1) == Mixup().plan(4, seed=1) != Mixup().plan(4, seed=2)
