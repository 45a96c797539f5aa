"""fastmix's reading of JPEG coefficients: libjpeg's pixels, and of hostile bytes nothing but a refusal."""

from pathlib import Path

import pytest
from fuzz.native_programs import PROGRAMS, corpus_of, run

PROGRAM = PROGRAMS["JPEG entropy decoder"]


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    return PROGRAM.compile(tmp_path_factory.mktemp("entropy"))


@pytest.mark.parametrize("seed", range(2))
def test_pixels_are_libjpegs_and_damage_is_refused(program, tmp_path, seed):
    output = run(program, seed, 2000, *PROGRAM.write_files(tmp_path / "files"))
    both, neither, only_libjpeg = map(int, output.splitlines()[-1].split())
    # Bits that only change a picture are seen by nobody. Of blocks with too many coefficients libjpeg says nothing.
    assert both > 100 and neither > 400 and only_libjpeg < 2 * both
    assert corpus_of(output)["corpus"] > 2 * corpus_of(output)["originals"]
