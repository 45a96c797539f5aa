"""Windows of JPEGs of every sampling, at every scale, have the pixels that the whole picture has."""

import subprocess
from pathlib import Path

import pytest
from native import ROOT, compiled

import fastmix.dali

NAMES = ["ac_table", "entropy_decoder", "huffman_table", "scan_bytes", "jpeg_decoder", "orientation", "reduced_region"]
SOURCES = [ROOT / "csrc/jpeg" / f"{name}.cc" for name in NAMES]
SOURCES += [ROOT / "csrc/core/resample" / f"{name}.cc" for name in ("source", "window", "filter_taps")]

fastmix.dali.load()
pytestmark = pytest.mark.skipif(not fastmix.dali.decodes_jpeg(), reason="built without libjpeg-turbo")


@pytest.mark.parametrize("options", [["-DFASTMIX_JPEG_INTERNALS"], []], ids=["own entropy decoder", "libjpeg alone"])
def test_windows_have_the_pixels_of_the_whole(tmp_path, options):
    program = compiled(tmp_path, [Path(__file__).with_name("sampling_test.cc"), *SOURCES], *options, "-ljpeg")
    for seed in range(2):
        done = subprocess.run([program, str(seed)], capture_output=True, text=True)
        assert done.returncode == 0 and not done.stderr, done.stderr
        counts = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
        one_scan, scan_each, progressive, incomplete = counts
        for windows, left, wrong in (one_scan, scan_each, progressive):
            assert windows > 500 and left == 0 and wrong == 0
        # Smoothing of incomplete files crosses a window's border, so others decode them, as a whole.
        windows, left, _ = incomplete
        assert windows > 500 and left == windows
