"""The release's scripts: what a build asks for, and what the check of a wheel finds."""

import json
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import fastmix

ROOT = Path(__file__).parent.parent
PACKAGE = Path(fastmix.__file__).parent


@pytest.fixture
def release(monkeypatch):
    """Import the scripts as they import one another."""
    monkeypatch.syspath_prepend(str(ROOT / "release"))
    import backend
    import check_wheel

    yield backend, check_wheel
    for name in ("backend", "check_wheel"):
        del sys.modules[name]


@pytest.fixture
def environment(monkeypatch, release, tmp_path):
    """An environment without packages: a function installs some in name."""
    backend, _ = release
    monkeypatch.setattr(backend.sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delenv("FASTMIX_CUDA", raising=False)

    def install(name: str, version: str) -> None:
        folder = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")

    return install


def pinned(file: str, package: str) -> str:
    (line,) = (line for line in (ROOT / "requirements" / file).read_text().splitlines() if line.startswith(package))
    return line


def test_the_build_follows_the_installed_dali(environment, release, monkeypatch):
    backend, _ = release
    assert backend.dali_requirement() == pinned("lock.txt", "nvidia-dali")
    monkeypatch.setenv("FASTMIX_CUDA", "12")
    assert backend.dali_requirement() == pinned("lock.txt", "nvidia-dali").replace("130", "120")
    monkeypatch.delenv("FASTMIX_CUDA")
    environment("nvidia-dali-cuda120", "2.9.0")
    assert backend.dali_requirement() == "nvidia-dali-cuda120==2.9.0"
    environment("nvidia-dali-cuda130", "2.5.0")
    with pytest.raises(ValueError, match=r"expected one DALI, found .*cuda120==2.9.0 and .*cuda130==2.5.0"):
        backend.dali_requirement()
    monkeypatch.setenv("FASTMIX_CUDA", "13")
    assert backend.dali_requirement() == "nvidia-dali-cuda130==2.5.0"
    monkeypatch.setenv("FASTMIX_CUDA", "11")
    with pytest.raises(ValueError, match="expected 12 or 13, got '11'"):
        backend.dali_requirement()


def test_compilers_come_from_pypi_where_there_are_none(environment, release, monkeypatch, tmp_path):
    backend, _ = release
    monkeypatch.setenv("FASTMIX_NVCC", "pip")
    assert pinned("nvcc.txt", "nvidia-cuda-nvcc") in backend.compile_requirements()
    environment("nvidia-dali-cuda120", "2.4.0")
    assert pinned("cuda12_headers.txt", "nvidia-cuda-runtime") in backend.compile_requirements()
    monkeypatch.delenv("FASTMIX_NVCC")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "nvcc").touch()
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    assert backend.compile_requirements() == [*backend.TOOLS, "nvidia-dali-cuda120==2.4.0"]


def test_a_source_archive_needs_no_compiler(release):
    backend, _ = release
    assert backend.get_requires_for_build_sdist() == []
    assert {*backend.TOOLS} <= {*backend.get_requires_for_build_wheel()}


def test_a_source_archive_holds_what_the_build_reads(tmp_path):
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode != 0:
        pytest.skip("needs a git checkout")
    # A copy: writing an archive changes the metadata of an installed tree.
    tree = tmp_path / "tree"
    for name in tracked.stdout.splitlines():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    (tree / "fastmix" / "libfastmix_torch.so").touch()
    code = "import sys; sys.path.insert(0, 'release'); import backend; backend.build_sdist(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, tmp_path], cwd=tree, check=True, capture_output=True)
    (path,) = tmp_path.glob("fastmix-*.tar.gz")
    with tarfile.open(path) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    read = {"CMakeLists.txt", "setup.py", "pyproject.toml", "release/backend.py", "README.md", "THIRD_PARTY.md"}
    read |= {"requirements/nvcc.txt", "requirements/cuda12_headers.txt"}
    read |= {name for name in tracked.stdout.splitlines() if name.startswith(("csrc/", "fastmix/"))}
    assert read - held == set()
    assert [name for name in held if name.startswith("tests/") or name.endswith(".so")] == []


def test_the_extras_and_the_tested_versions_are_those_of_the_lock_file():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for cuda in ("12", "13"):
        assert project["optional-dependencies"][f"cuda{cuda}"] == [
            pinned("lock.txt", "nvidia-dali").replace("13", cuda)
        ]
    assert not any("dali" in line for line in project["dependencies"])


def dali_version() -> str:
    return json.loads((PACKAGE / "libdali_fastmix.json").read_text())["dali"]


@pytest.fixture
def wheel(tmp_path):
    """Pack the built libraries as a wheel: a function, whose changes map names in the wheel to bytes or None."""
    if shutil.which("readelf") is None:
        pytest.skip("needs readelf (binutils)")
    if not (PACKAGE / "libdali_fastmix_jpeg.so").exists():
        pytest.skip("needs a build with libjpeg-turbo")
    dali = dali_version()
    info = "fastmix-1.0.dist-info"
    metadata = "".join(f"Requires-Dist: nvidia-dali-cuda{c}0=={dali} ; extra == 'cuda{c}'\n" for c in (12, 13))
    contents = {
        **{f"fastmix/{path.name}": path.read_bytes() for path in [*PACKAGE.glob("*.so"), *PACKAGE.glob("*.json")]},
        f"{info}/METADATA": metadata.encode(),
        f"{info}/licenses/LICENSE": b"",
        f"{info}/licenses/THIRD_PARTY.md": b"",
    }

    def pack(changes: dict[str, bytes | None], tag: str = "manylinux_2_99_x86_64") -> Path:
        python = f"cp{sys.version_info.major}{sys.version_info.minor}"
        path = tmp_path / f"fastmix-1.0-{python}-{python}-{tag}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in {**contents, **changes}.items():
                if data is not None:
                    archive.writestr(name, data)
        return path

    return pack


def test_a_wheel_that_is_not_whole_is_refused(release, wheel):
    _, check_wheel = release
    # A build that is not for a wheel may use the system's libjpeg-turbo.
    module = next(PACKAGE.glob("_jpeg.*.so")).name
    names = (module, "libdali_fastmix_jpeg.so", "libdali_fastmix_codec.so")
    system = {f"fastmix/{name}: needs libjpeg.so.62" for name in names}
    # Nor need it have kernels.
    assert set(check_wheel.problems(wheel({}))) <= system | {"has no CUDA kernels"}
    torch = (PACKAGE / "libfastmix_torch.so").read_bytes()
    changes = {
        "fastmix/libdali_fastmix_codec.so": None,
        "fastmix/libfastmix_torch.so": torch.replace(b"libtorch_cpu.so", b"libother_cpu.so"),
        "fastmix/_core.cpython-399-x86_64-linux-gnu.so": torch,
        "fastmix/libdali_fastmix.json": json.dumps({"dali": dali_version(), "cuda": ""}).encode(),
        "fastmix-1.0.dist-info/licenses/THIRD_PARTY.md": None,
        "fastmix-1.0.dist-info/METADATA": b"Requires-Dist: nvidia-dali-cuda130==9.9 ; extra == 'cuda13'\n",
    }
    found = check_wheel.problems(wheel(changes))
    assert "lacks fastmix/libdali_fastmix_codec.so" in found
    assert "fastmix/libfastmix_torch.so: needs libother_cpu.so" in found
    assert "expected no fastmix/_core.cpython-399-x86_64-linux-gnu.so" in found
    assert "has no CUDA kernels" in found
    assert "lacks the licence file THIRD_PARTY.md" in found
    assert any(line.startswith("expected DALI") and "9.9" in line for line in found)


def test_a_tag_that_promises_too_much_is_refused(release, wheel):
    _, check_wheel = release
    found = check_wheel.problems(wheel({}, "manylinux_2_5_x86_64"))
    assert any("newer than the tag's 2.5" in line for line in found)
    (line,) = check_wheel.problems(wheel({}, "linux_x86_64"))
    assert line.startswith("expected a name like fastmix-1.0-cp311")
