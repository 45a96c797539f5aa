"""The C++ programs that mutate files with a corpus kept by coverage, under ASan and UBSan: their sources and runs."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import fuzz.jpeg_files as jpeg_files
import images
from native import ROOT, compiled

CODEC = [
    ROOT / "csrc/codec" / f"{name}.cc" for name in ("kind", "structure", "jpeg_structure", "pnm", "tiff_structure")
]
ENTROPY = [ROOT / "csrc/jpeg" / f"{name}.cc" for name in ("ac_table", "entropy_decoder", "huffman_table", "scan_bytes")]
TRANSCODER = [*ENTROPY, ROOT / "csrc/jpeg/transcode.cc"]
PLAN = [ROOT / "csrc/core/plan" / f"{name}.cc" for name in ("plan", "multiway")]


def image_files() -> dict[str, bytes]:
    return images.readable() | {name: data for name, (data, _) in images.dim_pnms().items()}


@dataclass(frozen=True)
class Program:
    """A program that takes SEED COUNT FILE..., and what it is given."""

    test: str
    sources: list[Path]
    options: tuple[str, ...]
    files: Callable[[], dict[str, bytes]]

    def compile(self, folder: Path) -> Path:
        """Skips the test without a compiler or headers that it needs."""
        sources = [ROOT / "tests" / self.test, *self.sources]
        return compiled(folder, sources, "-fsanitize-coverage=trace-pc", *self.options)

    def write_files(self, folder: Path) -> list[Path]:
        folder.mkdir(exist_ok=True)
        for name, data in self.files().items():
            (folder / name).write_bytes(data)
        return sorted(folder.iterdir())


PROGRAMS = {
    "structure checks": Program("codec/structure_test.cc", CODEC, (), image_files),
    "JPEG entropy decoder": Program("jpeg/entropy_test.cc", ENTROPY, ("-ljpeg",), jpeg_files.plain_and_noisy),
    "JPEG transcoder": Program("jpeg/transcode_test.cc", TRANSCODER, ("-ljpeg",), jpeg_files.plain_and_noisy),
    "plan rows": Program("fuzz/plan_rows_test.cc", PLAN, (), dict),
}


def run(program: Path, *arguments: object, timeout: float = 300, **environment: str) -> str:
    """What it prints; fails if it does not end well."""
    done = subprocess.run(
        [program, *map(str, arguments)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        env={**os.environ, "OPENCV_LOG_LEVEL": "SILENT", **environment},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def corpus_of(output: str) -> dict[str, int]:
    """Sizes of the corpus, of what it began with, and of the edges that it reaches."""
    words = output.split("\n", 1)[0].split()
    return {words[i]: int(words[i + 1]) for i in range(0, 6, 2)}
