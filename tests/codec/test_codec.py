"""csrc/codec, sanitised: structure checks, reading of files, and nvImageCodec behind them, on whatever bytes."""

import importlib.util
from pathlib import Path

import pytest
from fuzz.native_programs import PROGRAMS, corpus_of, run
from native import ROOT, compiled

HERE, CODEC = Path(__file__).parent, ROOT / "csrc/codec"
STRUCTURE = PROGRAMS["structure checks"]
SEEDS = range(3)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("images")
    return STRUCTURE.write_files(folder)


@pytest.fixture(scope="module")
def headers(tmp_path_factory) -> tuple[Path, list[str]]:
    """nvImageCodec's folder, and the options that find its header and the few lines that it needs of CUDA's."""
    import nvidia.dali  # noqa: F401

    package = importlib.util.find_spec("nvidia.nvimgcodec")
    if package is None:
        pytest.skip("needs nvImageCodec, which DALI's wheels bring")
    (where,) = package.submodule_search_locations
    folder = tmp_path_factory.mktemp("headers")
    (folder / "cuda_runtime_api.h").write_text("#include <stddef.h>\ntypedef struct CUstream_st* cudaStream_t;\n")
    return Path(where), [f"-isystem{folder}", f"-isystem{where}/include"]


@pytest.fixture(scope="module")
def decoder(tmp_path_factory, headers) -> tuple[Path, Path]:
    """The program and nvImageCodec's library."""
    where, options = headers
    sources = [
        HERE / "decoder_test.cc",
        *STRUCTURE.sources,
        CODEC / "image_decoder.cc",
        CODEC / "nvimgcodec_library.cc",
    ]
    folder = tmp_path_factory.mktemp("decoder")
    return compiled(folder, sources, *options, "-ldl"), where / "libnvimgcodec.so.0"


def test_the_decoder_for_the_gpu_without_a_gpu(tmp_path, headers):
    program = compiled(tmp_path, [HERE / "hybrid_test.cc", CODEC / "hybrid_decoder.cc"], *headers[1])
    assert int(run(program)) == 4


def test_structure_of_good_and_mutated_files(tmp_path, files):
    program = STRUCTURE.compile(tmp_path)
    for seed in SEEDS:
        output = run(program, seed, 10_000, *files)
        assert int(output.splitlines()[-1]) >= 10
        assert corpus_of(output)["corpus"] > 1.5 * corpus_of(output)["originals"] > 100


def test_reading_files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    sources = [HERE / "read_file_test.cc", CODEC / "read_file.cc", CODEC / "regular_file.cc"]
    run(compiled(tmp_path, sources, "-pthread"), folder)


def test_reading_parts_of_files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    parts = [CODEC / name for name in ("read_range.cc", "open_files.cc", "regular_file.cc")]
    run(compiled(tmp_path, [HERE / "read_range_test.cc", *parts], "-pthread"), folder)


@pytest.mark.parametrize("seed", SEEDS)
def test_decoding_good_and_mutated_files(decoder, files, seed):
    program, library = decoder
    # libjpeg's memory is lost when nvImageCodec's decoder leaves a damaged JPEG.
    output = run(program, library, seed, 60, *files, ASAN_OPTIONS="detect_leaks=0")
    counts = {name: int(count) for name, count in (line.split() for line in output.splitlines())}
    assert sum(counts.values()) == 60 * len(files)
    for outcome in ("ok", "refused", "damaged", "truncated", "too_large", "unknown_format"):
        assert counts[outcome] > 0
    assert counts["ok"] > 1000 and counts["damaged"] + counts["refused"] > 1000


def test_another_version_of_the_library_is_refused(decoder, tmp_path):
    program, _ = decoder
    other = compiled(tmp_path, [HERE / "other_version.cc"], "-shared", "-fPIC", "-fno-sanitize=all")
    message = run(program, other)
    assert "expected nvImageCodec 0.9" in message and "got 0.10" in message
    assert "pip install 'nvidia-nvimgcodec-cu13>=0.9,<0.10'" in message


def test_a_missing_library_is_named(decoder, tmp_path):
    program, _ = decoder
    message = run(program, tmp_path / "nothing.so")
    assert "expected nvImageCodec" in message and str(tmp_path) in message and "pip install" in message
