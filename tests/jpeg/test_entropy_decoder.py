"""fastmix's reading of JPEG coefficients: libjpeg's pixels, and of hostile bytes nothing but a refusal."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from native import ROOT, compiled
from PIL import Image

import fastmix.dali

SOURCES = [ROOT / "csrc/jpeg" / f"{name}.cc" for name in ("ac_table", "entropy_decoder", "huffman_table", "scan_bytes")]

fastmix.dali.load()
pytestmark = pytest.mark.skipif(not fastmix.dali.decodes_jpeg(), reason="built without libjpeg-turbo")


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    return compiled(
        tmp_path_factory.mktemp("entropy"), [Path(__file__).with_name("entropy_test.cc"), *SOURCES], "-ljpeg"
    )


def files(folder: Path) -> list[Path]:
    """Soft and noisy pictures, few and many bits per symbol: long codes, large values, codes of their own, restarts."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (150, 211, 3), dtype=np.uint8)
    soft = Image.fromarray(noise[:20, :30]).resize((211, 150), Image.Resampling.BICUBIC)
    options = [
        {"quality": quality, "subsampling": subsampling, "optimize": k in (1, 3), "restart_marker_blocks": restarts}
        for k, (quality, subsampling, restarts) in enumerate(
            [(5, 2, 0), (50, 2, 3), (75, 1, 0), (90, 0, 1), (96, 2, 0), (100, 0, 0), (100, 2, 5)]
        )
    ]
    written = []
    for picture in (soft, Image.fromarray(noise), soft.convert("L"), Image.fromarray(noise).convert("CMYK")):
        for option in [*options, {"progressive": True}]:
            written.append(folder / f"{len(written):02d}.jpg")
            picture.save(written[-1], **option)
    return written


@pytest.mark.parametrize("seed", range(2))
def test_pixels_are_libjpegs_and_damage_is_refused(program, tmp_path, seed):
    names = files(tmp_path)
    done = subprocess.run([program, str(seed), "60", *names], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    both, neither, only_libjpeg = map(int, done.stdout.split())
    # Bits that only change a picture are seen by nobody. Of blocks with too many coefficients libjpeg says nothing.
    assert both > 400 and neither > 400 and only_libjpeg < both
