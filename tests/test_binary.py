"""The built operator library: what it needs, what it asks torch for, what it shows."""

import re
import shutil
import subprocess
import sys

import pytest

from fastmix.ops import library as _library

ALLOWED_LIBRARIES = {
    "libtorch.so",
    "libtorch_cpu.so",
    "libc10.so",
    "libstdc++.so.6",
    "libgcc_s.so.1",
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "librt.so.1",
    "libpthread.so.0",
}
# LibTorch's stable C functions, all of torch 2.10 or older. A new name here needs a look at the version
# that brought it: the library must load under every torch from 2.10 on.
STABLE_SYMBOLS = re.compile(
    r"aoti_torch_(abi_version|library_(init_def|init_impl|init_fragment|def)|delete_library_object|delete_tensor_object"
    r"|new_(tensor_handle|uninitialized_tensor)"
    r"|get_(dim|numel|sizes|strides|size|stride|dtype|device_type|device_index|layout|storage_offset)|is_contiguous"
    r"|device_type_\w+|dtype_\w+|layout_\w+|memory_format_\w+|create_device_guard|delete_device_guard"
    r"|call_dispatcher)"
    r"|torch_(library_impl|call_dispatcher|parallel_for|get_const_data_ptr|get_mutable_data_ptr|new_list_reserve_size"
    r"|list_size|list_get_item|list_push_back|delete_list)"
)
CURRENT_STREAM = "aoti_torch_get_current_cuda_stream"


def readelf(*options: str) -> str:
    program = shutil.which("readelf")
    if program is None:
        pytest.skip("needs readelf (binutils)")
    command = [program, "--wide", *options, str(_library.LIBRARY)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbols() -> list[tuple[str, str, str]]:
    """(name, binding, section) of every dynamic symbol; the section is UND where another library has it."""
    found = []
    for line in readelf("--dyn-syms").splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[0].rstrip(":").isdigit():
            found.append((fields[7].split("@")[0], fields[4], fields[6]))
    return found


def test_needs_no_more_than_torch_and_the_system():
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("--dynamic")))
    assert needed - ALLOWED_LIBRARIES - {name for name in needed if name.startswith("ld-linux")} == set()
    # Under a CUDA build of torch this one brings libtorch_cuda, and with it the current stream.
    assert "libtorch.so" in needed


def test_names_no_directory():
    assert not re.search(r"\((RPATH|RUNPATH)\)", readelf("--dynamic"))
    for library in _library.LIBRARY.parent.glob("*.so"):
        # A compiler cache may make source paths relative: those are no directory of this machine.
        assert re.findall(rb"(?<![\w.])/[\w./+-]+/(?:csrc|site-packages)/[\w./-]+", library.read_bytes()) == [], library


def test_asks_torch_only_for_its_stable_functions():
    undefined = {name for name, _, section in symbols() if section == "UND"}
    torch_functions = {name for name in undefined if re.match(r"aoti_|torch_", name)}
    unknown = {name for name in torch_functions if not STABLE_SYMBOLS.fullmatch(name)} - {CURRENT_STREAM}
    assert unknown == set()
    # Mangled names of at::, c10::, caffe2:: and torch:: have no stable ABI; those of CUDA must be linked in.
    assert {name for name in undefined if re.match(r"_ZNK?(2at|3c10|6caffe2|5torch)", name)} == set()
    assert {name for name in undefined if re.match(r"cuda|cu[A-Z]|__cuda|Py", name)} == set()


def test_the_current_stream_is_weak():
    assert [(binding, section) for name, binding, section in symbols() if name == CURRENT_STREAM] == [("WEAK", "UND")]


def test_shows_nothing_of_its_own():
    # The CUDA runtime inside must not answer for torch's, nor the core's functions for those of another library.
    shown = {name for name, _, section in symbols() if section not in ("UND", "ABS")}
    assert {name for name in shown if re.search(r"cuda|fastmix", name)} == set()


@pytest.mark.parametrize("broken", [False, True])
def test_a_library_that_does_not_load_says_why(broken, tmp_path):
    library = tmp_path / "libfastmix_torch.so"
    if broken:
        library.write_bytes(b"no library")
    script = (
        "import pathlib, sys; from fastmix.ops import library; library.LIBRARY = pathlib.Path(sys.argv[1]); "
        "library.load()"
    )
    run = subprocess.run([sys.executable, "-c", script, str(library)], capture_output=True, text=True)
    error = run.stderr[run.stderr.index("ImportError: fastmix:") :]
    assert str(library) in error and "pip install" in error
    if broken:
        assert "file too short" in error or "invalid ELF header" in error
        assert "Expected torch 2.10 or newer, got 2." in error
    else:
        assert "found none" in error
