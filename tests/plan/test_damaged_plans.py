"""Damaged plan files of every type: one ValueError that names the type, never another exception."""

import io
import itertools
import tracemalloc
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmix as fm
from fastmix import augment

MASKED = fm.MixPlan.masked([1, 0, 2], torch.tensor([[[True, False, True, True]]]), [0, -1, 0])
PLANS = [fm.CutMix(per="sample").plan(3, (9, 13)), MASKED, fm.DirichletMix(3).plan(4)]
PLANS.append(augment.RandAugment().plan(augment.SampleKeys(0, 0, np.arange(3)), (224, 224)))
by_type = pytest.mark.parametrize("plan", PLANS, ids=["MixPlan", "MixPlan with masks", "MultiwayPlan", "SamplePlan"])
few = settings(max_examples=60, deadline=None)


def npz(arrays: dict[str, np.ndarray]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def content(plan) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(saved(plan))) as archive:
        return {name: archive[name] for name in archive.files}


def saved(plan) -> bytes:
    arrays = {"rows": plan.rows.numpy()}
    return npz(arrays if plan.masks is None else {**arrays, "masks": plan.masks.numpy()})


def read(plan, data: bytes, folder) -> object:
    """The plan in ``data``, or None where it was refused as it should be."""
    path = folder / "plan.npz"
    path.write_bytes(data)
    try:
        return type(plan).load(path)
    except ValueError as error:
        assert str(error).startswith(type(plan).__name__), error


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("plans")


@by_type
def test_whole_files_are_read(plan, folder) -> None:
    assert read(plan, saved(plan), folder) == plan


@by_type
def test_every_truncation_is_refused(plan, folder) -> None:
    data = saved(plan)
    assert all(read(plan, data[:end], folder) is None for end in range(0, len(data), 7))


@by_type
@few
@given(data=st.data())
def test_changed_bytes_are_refused_or_leave_a_plan(plan, folder, data) -> None:
    damaged = bytearray(saved(plan))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    read(plan, bytes(damaged), folder)


DTYPES = ["u1", "i1", "u2", ">i4", "u4", "i8", "u8", "f2", ">f4", "f8", "g", "c8", "?", "S3", "U2", "M8[s]", "i4,f4"]


@by_type
@few
@given(data=st.data())
def test_other_dtypes_and_shapes_are_refused_or_a_plan(plan, folder, data) -> None:
    arrays = content(plan)
    name = data.draw(st.sampled_from(sorted(arrays)))
    dtype = np.dtype(data.draw(st.sampled_from(DTYPES)))
    shape = tuple(data.draw(st.lists(st.integers(0, 3), max_size=5)))
    size = int(np.prod(shape)) * dtype.itemsize
    raw = data.draw(st.binary(min_size=size, max_size=size))
    if data.draw(st.booleans()):
        arrays[name] = np.frombuffer(raw, dtype).reshape(shape) if size else np.zeros(shape, dtype)
    elif dtype.kind in "iufb":
        arrays[name] = arrays[name].astype(dtype)
    else:
        arrays.pop(name)
    read(plan, npz(arrays), folder)


@by_type
@pytest.mark.parametrize("shape", ["(2**62,)", "(1099511627776, 4)", "(-1,)", "(3, -2)", "(3.5,)", "('3',)", "((", "1"])
def test_hostile_headers_are_refused(plan, shape: str, folder) -> None:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    member = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(12)
    file = io.BytesIO(saved(plan))
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(out := io.BytesIO(), "w") as hostile:
        for name in archive.namelist():
            hostile.writestr(name, member if name == "rows.npy" else archive.read(name))
    assert read(plan, out.getvalue(), folder) is None


def test_one_type_of_plan_is_not_read_as_the_other(tmp_path) -> None:
    for plan, other in itertools.permutations((PLANS[0], PLANS[2], PLANS[3]), 2):
        assert read(plan, saved(other), tmp_path) is None


def test_other_arrays_are_not_read(tmp_path) -> None:
    path = tmp_path / "plan.npz"
    np.savez_compressed(path, rows=PLANS[0].rows.numpy(), junk=np.zeros(2**26, np.uint8))
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"expected the array rows, and perhaps masks, in .* got \['junk', 'rows'\]"):
        fm.MixPlan.load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**24
