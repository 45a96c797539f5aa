"""Damaged plan files of both types: one ValueError that names the type, never another exception."""

import io
import json
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmix as fm

MASKED = fm.MixPlan.masked([1, 0, 2], torch.tensor([[[True, False, True, True]]]), [0, -1, 0])
PLANS = [fm.CutMix(per="sample").plan(3, (9, 13)), MASKED, fm.DirichletMix(3).plan(4)]
by_type = pytest.mark.parametrize("plan", PLANS, ids=["MixPlan", "MixPlan with masks", "MultiwayPlan"])
few = settings(max_examples=60, deadline=None)


def npz(arrays: dict[str, np.ndarray]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def content(plan) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(saved(plan))) as archive:
        return {name: archive[name] for name in archive.files}


def saved(plan) -> bytes:
    return npz({"version": np.int64(1 + (plan is MASKED)), **plan._arrays()})


def read(plan, data: bytes, folder) -> object:
    """The plan in ``data``, or None where it was refused as it should be."""
    path = folder / "plan.npz"
    path.write_bytes(data)
    try:
        return type(plan).load(path)
    except ValueError as error:
        assert str(error).startswith(type(plan).__name__), error


def parse(plan, text: str) -> object:
    try:
        return type(plan).from_json(text)
    except ValueError as error:
        assert str(error).startswith(type(plan).__name__), error


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("plans")


@by_type
def test_whole_files_are_read(plan, folder) -> None:
    assert read(plan, saved(plan), folder) == plan and parse(plan, plan.to_json()) == plan


@by_type
def test_every_truncation_is_refused(plan, folder) -> None:
    data, text = saved(plan), plan.to_json()
    assert all(read(plan, data[:end], folder) is None for end in range(0, len(data), 7))
    assert all(parse(plan, text[:end]) is None for end in range(len(text)))


@by_type
@few
@given(data=st.data())
def test_changed_bytes_are_refused_or_leave_a_plan(plan, folder, data) -> None:
    damaged = bytearray(saved(plan))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    read(plan, bytes(damaged), folder)
    text = list(plan.to_json())
    text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.characters())
    parse(plan, "".join(text))


DTYPES = ["u1", "i1", "u2", ">i4", "u4", "i8", "u8", "f2", ">f4", "f8", "g", "c8", "?", "S3", "U2", "M8[s]", "i4,f4"]


@by_type
@few
@given(data=st.data())
def test_other_dtypes_and_shapes_are_refused_or_cast(plan, folder, data) -> None:
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
            hostile.writestr(name, member if name == "partner.npy" else archive.read(name))
    assert read(plan, out.getvalue(), folder) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=12,
)


@by_type
@few
@given(data=st.data())
def test_other_json_values_are_refused(plan, data) -> None:
    entries = json.loads(plan.to_json())
    name = data.draw(st.sampled_from(sorted(entries)))
    before, entries[name] = entries[name], data.draw(VALUES)
    again = parse(plan, json.dumps(entries))
    # Only equal values, or as many others that a plan may have, are read.
    assert again is None or entries[name] == before or len(again) == len(plan) or name == "mask"


@by_type
@pytest.mark.parametrize("text", ["[" * 10**5, '{"format": ' + "1" * 5000 + "}", "\ud800", "NaN", "null", '"plan"'])
def test_hostile_text_is_refused(plan, text: str) -> None:
    assert parse(plan, text) is None


@by_type
def test_deep_and_huge_values_are_refused(plan) -> None:
    entries = json.loads(plan.to_json())
    for value in ("[" * 90 + "]" * 90, f"[{10**400}]", "[1, [2]]", "[1e400]", "[NaN]"):
        assert parse(plan, json.dumps({**entries, "partner": 7}).replace('"partner": 7', f'"partner": {value}')) is None


def test_one_type_of_plan_is_not_read_as_the_other(tmp_path) -> None:
    pair, three = PLANS[0], PLANS[2]
    for plan, other in ((pair, three), (three, pair)):
        assert parse(plan, other.to_json()) is None
        assert read(plan, saved(other), tmp_path) is None
