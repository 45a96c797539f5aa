"""Checks a wheel's tag, files, libraries, symbols and metadata. Needs readelf.

``python release/check_wheel.py WHEEL``
"""

import email
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from email.message import Message
from pathlib import Path

# torch and DALI bring these, and have loaded them before fastmix's libraries.
OTHERS = frozenset({"libtorch.so", "libtorch_cpu.so", "libc10.so", "libdali.so", "libdali_core.so"})
SYSTEM = re.compile(r"(libstdc\+\+|libgcc_s|libc|libm|libdl|librt|libpthread|ld-linux-[\w-]+)\.so\.\d+")
LIBRARIES = {
    "libfastmix_torch.so",
    "libdali_fastmix.so",
    "libdali_fastmix_jpeg.so",
    "libdali_fastmix_codec.so",
}
# Python's modules, for one version of it.
MODULES = ("_core", "_jpeg")
# libjpeg-turbo, which auditwheel adds where it is not linked statically.
VENDORED = re.compile(r"fastmix\.libs/libjpeg-[0-9a-f]+\.so[.\d]*")
TAG = re.compile(r"fastmix-[^-]+-(cp\d+)-\1-manylinux_2_(\d+)_(x86_64|aarch64)(?:\.manylinux\w+)*\.whl")
LICENCES = ("LICENSE", "THIRD_PARTY.md")


def problems(wheel: Path) -> list[str]:
    """Return what is wrong with a wheel, one line each."""
    tag = TAG.fullmatch(wheel.name)
    if tag is None:
        return [f"expected a name like fastmix-1.0-cp311-cp311-manylinux_2_34_x86_64.whl, got {wheel.name}"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        native = {name for name in names if re.search(r"\.so(\.[\d.]+)?$", name)}
        found = wrong_files(names, native, tag[1])
        for name in sorted(native):
            found += [f"{name}: {text}" for text in wrong_library(folder / name, native, int(tag[2]))]
        record = folder / "fastmix" / "libdali_fastmix.json"
        (metadata,) = folder.glob("*.dist-info/METADATA")
        if record.exists():
            built_with = json.loads(record.read_text())
            found += [] if built_with["cuda"] else ["has no CUDA kernels"]
            found += wrong_metadata(email.message_from_string(metadata.read_text()), built_with["dali"])
    return found


def wrong_files(names: set[str], native: set[str], python: str) -> list[str]:
    """Compare the files with those of a whole build; ``python`` is like "cp311"."""
    modules = {
        module: [name for name in native if re.match(rf"fastmix/{module}\.cpython-{python[2:]}-", name)]
        for module in MODULES
    }
    expected = {f"fastmix/{name}" for name in LIBRARIES}.union(*modules.values())
    found = [f"lacks {name}" for name in sorted((expected | {"fastmix/libdali_fastmix.json"}) - names)]
    found += [f"lacks fastmix/{module} for {python}" for module, files in modules.items() if not files]
    found += [f"expected no {name}" for name in sorted(native - expected) if not VENDORED.fullmatch(name)]
    licences = {Path(name).name for name in names if ".dist-info/licenses/" in name}
    return found + [f"lacks the licence file {name}" for name in LICENCES if name not in licences]


def wrong_library(library: Path, native: set[str], glibc: int) -> list[str]:
    """Compare what a library needs with what its tag promises."""
    dynamic = readelf("--dynamic", library)
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
    inside = {Path(name).name for name in native}
    found = [f"needs {name}" for name in sorted(needed - OTHERS - inside) if not SYSTEM.fullmatch(name)]
    paths = re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", dynamic)
    found += [f"searches {path}" for paths in paths for path in paths.split(":") if not path.startswith("$ORIGIN")]
    versions = {int(minor) for minor in re.findall(r"\bGLIBC_2\.(\d+)", readelf("--version-info", library))}
    if newer := [version for version in versions if version > glibc]:
        found.append(f"needs glibc 2.{max(newer)}, newer than the tag's 2.{glibc}")
    return found


def wrong_metadata(metadata: Message, dali: str) -> list[str]:
    """Compare the dependencies with the DALI that the operators were built with."""
    lines = [line.replace(" ", "") for line in metadata.get_all("Requires-Dist", [])]
    expected = {f'nvidia-dali-cuda{cuda}0=={dali};extra=="cuda{cuda}"' for cuda in (12, 13)}
    found = {line.replace("'", '"') for line in lines if line.startswith("nvidia-dali")}
    return [] if found == expected else [f"expected DALI {dali} as the extras cuda12 and cuda13, got {sorted(found)}"]


def readelf(option: str, library: Path) -> str:
    """Return what readelf prints."""
    return subprocess.run(["readelf", "--wide", option, library], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    lines = problems(Path(sys.argv[1]))
    print("\n".join(lines) or f"{sys.argv[1]}: ok")
    sys.exit(bool(lines))
