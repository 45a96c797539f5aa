"""Loads the operators into DALI: once per process, and only into the DALI that they were built against."""

from __future__ import annotations

import json
import os
import sys
import threading
import warnings
from pathlib import Path

from fastmix.dali.packages import INSTALL

LIBRARY = Path(__file__).parent.parent / "libdali_fastmix.so"
BUILD = LIBRARY.with_suffix(".json")
# Built only where libjpeg-turbo's headers were found.
JPEG_LIBRARY = LIBRARY.with_name("libdali_fastmix_jpeg.so")
# Built where nvImageCodec's headers were, which DALI's own dependencies bring.
CODEC_LIBRARY = LIBRARY.with_name("libdali_fastmix_codec.so")
REBUILD = "pip install --no-build-isolation --force-reinstall --no-deps ."

_SCHEMAS = ("fastmix__ResampleMix", "fastmix__Mix", "fastmix__RandomResizedCrop")
_JPEG_SCHEMAS = ("fastmix__DecodeJpeg",)
_CODEC_SCHEMAS = ("fastmix__Read", "fastmix__Peek", "fastmix__Decode")
_DYNAMIC_MODE = "nvidia.dali.experimental.dynamic"
_lock = threading.Lock()


def load() -> None:
    """Add ``nvidia.dali.fn.fastmix``, and ``ndd.fastmix`` in dynamic mode. Further calls do nothing.

    A library that DALI loaded itself (``DALI_PRELOAD_PLUGINS``) is not loaded again: DALI ends the process if an
    operator is registered twice.

    Raises:
        ImportError: DALI is not installed, the operators are not built, were built against another version of
            DALI, or do not load. The text names the command that builds them.
    """
    with _lock:
        try:
            import nvidia.dali.fn as fn
        except ImportError as error:
            raise ImportError(
                f"fastmix.dali: expected NVIDIA DALI {_built_against()}, which cannot be imported: {error}; "
                f"install it: {INSTALL}"
            ) from error
        if not hasattr(fn, "fastmix"):
            _load_library()
        if not decodes_jpeg():
            _load_optional(JPEG_LIBRARY, "DALI decodes JPEGs itself")
        if not reports_status():
            # OpenCV, inside nvImageCodec, prints a line for every damaged file.
            os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
            _load_optional(CODEC_LIBRARY, "fn.fastmix.read, peek and decode are missing")
        _add_to_dynamic_mode()


def load_decoders(caller: str) -> None:
    """Call :func:`load`, and refuse a build without ``fn.fastmix.read``, ``peek`` and ``decode``.

    Raises:
        ImportError: as :func:`load`, or these operators are missing.
    """
    load()
    if not reports_status():
        raise ImportError(
            f"{caller}: expected fn.fastmix.read, peek and decode, which this build lacks; install DALI with its "
            f"dependency nvidia-nvimgcodec and build again: {REBUILD}"
        )


def decodes_jpeg() -> bool:
    """Whether ``fn.fastmix.decode_jpeg`` exists, after :func:`load`."""
    import nvidia.dali.fn as fn

    return hasattr(fn.fastmix, "decode_jpeg")


def reports_status() -> bool:
    """Whether ``fn.fastmix.read``, ``peek`` and ``decode`` are there, after :func:`load`."""
    import nvidia.dali.fn as fn

    return hasattr(fn.fastmix, "decode")


def _built_against() -> str:
    if not LIBRARY.exists() or not BUILD.exists():
        raise ImportError(
            f"fastmix.dali: expected the DALI operators at {LIBRARY} and their build record {BUILD.name} beside them, "
            f"found them incomplete or not at all; build them in fastmix's source tree: {REBUILD}"
        )
    return json.loads(BUILD.read_text())["dali"]


def _load_library() -> None:
    import nvidia.dali
    import nvidia.dali.plugin_manager as plugin_manager

    built, installed = _built_against(), nvidia.dali.__version__
    if built != installed:
        package = f"nvidia-dali-cuda{str(nvidia.dali.__cuda_version__)[:2]}0"
        raise ImportError(
            f"fastmix.dali: expected DALI {built}, which the operators were built against, got DALI {installed}; DALI "
            f"promises no compatibility between versions. Install the expected one: pip install {package}=={built}, or "
            f"build the operators again in fastmix's source tree: {REBUILD}"
        )
    try:
        plugin_manager.load_library(str(LIBRARY))
    except RuntimeError as error:
        raise ImportError(
            f"fastmix.dali: DALI could not load {LIBRARY}: {error}\nBuild it again in fastmix's source tree: {REBUILD}"
        ) from error


def _load_optional(library: Path, consequence: str) -> None:
    """Load a library that nothing else needs. Warns if it fails to load."""
    import nvidia.dali.plugin_manager as plugin_manager

    if not library.exists():
        return
    try:
        plugin_manager.load_library(str(library))
    except RuntimeError as error:
        warnings.warn(
            f"fastmix.dali: DALI could not load {library.name}, so {consequence}: {error}",
            stacklevel=3,
        )


def _add_to_dynamic_mode() -> None:
    """Add the operators to dynamic mode, which collected its operators when it was imported.

    DALI has no public call for this. If its internals change, importing dynamic mode after :func:`load` still works.
    """
    dynamic = sys.modules.get(_DYNAMIC_MODE)
    if dynamic is None or hasattr(dynamic, "fastmix"):
        return
    try:
        from nvidia.dali import backend
        from nvidia.dali.experimental.dynamic import _op_builder

        optional = (_JPEG_SCHEMAS if decodes_jpeg() else ()) + (_CODEC_SCHEMAS if reports_status() else ())
        for name in _SCHEMAS + optional:
            _op_builder.build_fn_wrapper(_op_builder.build_operator_class(backend.GetSchema(name)))
    except Exception as error:
        raise ImportError(
            f"fastmix.dali: could not add the operators to {_DYNAMIC_MODE}, which was imported before them; call "
            "fastmix.dali.load() before that import"
        ) from error
