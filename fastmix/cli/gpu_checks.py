"""The doctor's checks of GPU, driver and CUDA kernels."""

from __future__ import annotations

import os
import re
from pathlib import Path

from fastmix.cli.checks import Check
from fastmix.dali.packages import PACKAGES, DaliPackage, installed_dali

DRIVER = Path("/proc/driver/nvidia/version")


def driver_version() -> str | None:
    """Return the version of NVIDIA's kernel module, or None without one."""
    try:
        found = re.search(r"Kernel Module\s+(?:for \S+\s+)?([\d.]+)", DRIVER.read_text())
    except OSError:
        return None
    return found[1] if found else None


def check_driver() -> Check:
    """Compare the driver with what DALI and fastmix's kernels need: that of the newer CUDA of both."""
    dali, compiled, driver = installed_dali(), kernels_cuda(), driver_version()
    # The list begins with the newest CUDA.
    wanted = next((one for one in PACKAGES if one in dali or one.cuda == compiled), None)
    if wanted is None:
        return Check("ok", "driver", f"{driver or 'no NVIDIA driver'}; no CUDA kernels and no DALI")
    who = " and ".join([one.name for one in dali if one == wanted] + ["fastmix's kernels"] * (wanted.cuda == compiled))
    need = f"{who} need{'s' * (who == wanted.name)} driver {wanted.driver} or newer, for CUDA {wanted.cuda}"
    if driver is None:
        return Check("ok", "driver", f"no NVIDIA driver; on a GPU {need}")
    text = f"driver {driver}; {need}"
    if int(driver.split(".")[0]) >= wanted.driver:
        return Check("ok", "driver", text)
    repair = "update the driver"
    if older := [one for one in PACKAGES if one.driver <= int(driver.split(".")[0])]:
        repair += f", or change to CUDA {older[0].cuda}: {change_dali(dali, older[0], compiled)}"
    return Check("fail", "driver", text, f"{repair}; device='cpu' works meanwhile")


def change_dali(installed: list[DaliPackage], wanted: DaliPackage, compiled: int | None) -> str:
    """Return the commands that put another DALI in place of the installed one, and other kernels where they need it."""
    away = f"pip uninstall {' '.join(one.name for one in installed)}, then " if installed else ""
    if compiled is None or compiled <= wanted.cuda:
        return f"{away}pip install 'fastmix[{wanted.extra}]'"
    return f"{away}FASTMIX_CUDA={wanted.cuda} pip install '.[{wanted.extra}]' in fastmix's source tree"


def kernels_cuda() -> int | None:
    """Return the major version of the CUDA that compiled the kernels, or None without kernels."""
    from fastmix import _core

    version = _core.build_info()["cuda"]
    return int(version.split(".")[0]) if version else None


def check_gpu() -> Check:
    """Compare torch's GPUs with the architectures of fastmix's kernels."""
    import torch

    from fastmix import _core

    info = _core.build_info()
    if not torch.cuda.is_available():
        if driver_version() is None:
            return Check("ok", "GPU", "none: everything runs on the CPU")
        if torch.version.cuda is None:
            return Check("warn", "GPU", "torch is a build for CPUs only", "install a CUDA build of torch")
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
        text = f"torch finds none, CUDA_VISIBLE_DEVICES={hidden!r}"
        return Check("warn", "GPU", text, "unset CUDA_VISIBLE_DEVICES, or see torch.cuda.init()'s error")
    found = [(torch.cuda.get_device_name(i), torch.cuda.get_device_capability(i)) for i in range(_count())]
    text = ", ".join(f"{name} (sm_{major}{minor})" for name, (major, minor) in found)
    if not info["cuda"]:
        repair = "build fastmix without -DFASTMIX_CUDA=OFF, or pass device='cpu'"
        return Check("fail", "GPU", f"{text}; this build has no CUDA kernels", repair)
    if bad := [name for name, capability in found if not runs_on(info["cuda_archs"], capability)]:
        arch = "".join(map(str, dict(found)[bad[0]]))
        repair = f"build fastmix again with FASTMIX_CUDA_ARCHS={arch}"
        return Check("fail", "GPU", f"{text}; built for {info['cuda_archs']}, not for {bad[0]}", repair)
    return Check("ok", "GPU", f"{text}; kernels for {info['cuda_archs']}, CUDA {info['cuda']}")


def _count() -> int:
    import torch

    return torch.cuda.device_count()


def runs_on(archs: str, capability: tuple[int, int]) -> bool:
    """Whether kernels for CMake's list of architectures run on a GPU.

    ``90-real`` is machine code, for 9.0 and later GPUs of major version 9; ``120`` adds PTX, for all later GPUs.
    """
    for arch in filter(None, re.split(r"[;,\s]+", archs)):
        number, _, kind = arch.partition("-")
        major, minor = int(number[:-1]), int(number[-1])
        code = kind != "virtual" and major == capability[0] and minor <= capability[1]
        if code or (kind != "real" and (major, minor) <= capability):
            return True
    return False
