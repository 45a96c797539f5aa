"""``DataLoader(decode=)``: who decodes is not seen but in time and a few grey levels, whatever lies in the folder."""

import functools
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import hostile
import numpy as np
import pytest
import torch
from data_support import make, same
from PIL import Image
from test_loader_values import PIXELS

import fastmix as fm
import fastmix.dali
from fastmix.loader import DataError, settings
from fastmix.loader.graph import builder

fastmix.dali.load()
pytestmark = [
    pytest.mark.skipif(not fastmix.dali.decodes_jpeg(), reason="built without libjpeg-turbo"),
    pytest.mark.filterwarnings("ignore::fastmix.loader.BadSampleWarning"),
]
SIZE = 32


def picture(seed: int, height: int = 420, width: int = 560) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 256, (height // 10, width // 10, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> list[tuple[Path, int]]:
    """40 files, most of them large for SIZE: all orientations, gray, CMYK, PNG, WebP, small ones."""
    folder = tmp_path_factory.mktemp("decode")
    files = []
    for i in range(40):
        image, options, ending = picture(i), {"quality": 92}, "jpg"
        if i < 8:
            options["exif"] = Image.Exif()
            options["exif"][0x0112] = i + 1
        elif i < 12:
            image = picture(i, 60, 44)
        elif i < 15:
            image, ending = (image, image.convert("L"), image.convert("CMYK"))[i - 12], ("png", "jpg", "jpg")[i - 12]
        elif i == 15:
            ending = "webp"
        elif i == 16:
            options["progressive"] = True
        files.append((folder / f"{i:02d}.{ending}", i))
        image.save(files[-1][0], **options)
    return files


@pytest.mark.parametrize("train", [True, False])
def test_both_show_the_same(folder, train):
    options = {"size": SIZE, "train": train, "seed": 3, **PIXELS}
    ours, theirs = make(folder, 8, **options), make(folder, 8, decode="dali", **options)
    assert (ours.graph.decode, theirs.graph.decode) == ("fastmix", "dali")
    equal, means = set(), []
    for (found, ids), (expected, labels) in zip(ours, theirs, strict=True):
        assert ids.tolist() == labels.tolist()
        difference = (found - expected).abs()
        # More than on photographs: this is all edges. What is turned wrongly is 80 off on average.
        assert difference.max() < 32 and difference.mean(dim=(1, 2, 3)).max() < 3
        means.append(difference.mean())
        equal |= set(ids[difference.amax(dim=(1, 2, 3)) == 0].tolist())
    assert {8, 9, 10, 11, 12, 14, 15} <= equal and len(equal) < 38
    assert 0 < np.mean(means) < 1


def test_small_images_are_dalis_to_the_bit(numbered):
    options = {"size": 224, "seed": 3, "mix": fm.Mixup(0.4), "num_classes": len(numbered)}
    assert same(make(numbered, 7, **options), make(numbered, 7, decode="dali", **options))


def test_batches_do_not_depend_on_threads_depth_or_resuming(folder):
    options = {"size": SIZE, "mix": fm.CutMix(1.0), "num_classes": 40, "seed": 5}
    expected = list(make(folder, 8, **options))
    assert same(make(folder, 8, num_threads=1, depth=4, **options), expected)
    first = make(folder, 8, **options)
    running = iter(first)
    for _ in range(2):
        next(running)
    resumed = make(folder, 8, num_threads=3, **options)
    resumed.load_state_dict(first.state_dict())
    assert same(resumed, expected[2:])


def mutated(data: bytes, generator: np.random.Generator) -> bytes:
    """Cut off, or with some bytes changed: half of the time among the headers."""
    if generator.random() < 0.3:
        return data[: generator.integers(1, len(data))]
    damaged = np.frombuffer(data, np.uint8).copy()
    places = generator.integers(0, generator.choice([700, len(data)]), generator.integers(1, 6))
    damaged[places] = generator.choice([0x00, 0xFF, 0xD9, *generator.integers(0, 256, 4)], len(places))
    return damaged.tobytes()


@pytest.mark.parametrize("seed", range(3))
def test_the_same_files_are_bad(folder, tmp_path, seed):
    """Evaluation's window ends near the lower border, so both decoders see most of the damage."""
    generator = np.random.default_rng(seed)
    files = []
    for i in range(120):
        source = folder[generator.integers(16, 40)][0]
        files.append((tmp_path / f"{i:03d}.jpg", i))
        files[-1][0].write_bytes(mutated(source.read_bytes(), generator) if i % 4 else source.read_bytes())
    found = {}
    for decode in ("fastmix", "dali"):
        loader = make(files, 8, size=SIZE, decode=decode, train=False, on_error="skip", max_bad=1.0)
        count = sum(len(images) for images, _ in loader)
        found[decode] = sorted(Path(sample.path).name for sample in loader.bad_samples)
        assert count == len(files) - len(found[decode])
    assert found["fastmix"] == found["dali"]
    assert 10 < len(found["dali"]) <= 90


def test_hostile_files_are_found(folder, tmp_path):
    files, expected = [], []
    for i, (maker, (path, _)) in enumerate(zip([*hostile.BAD, *hostile.GOOD], folder[17:], strict=False)):
        files.append((Path(shutil.copy(path, tmp_path)), i))
        maker(files[-1][0])
        if maker in hostile.BAD:
            expected.append(str(files[-1][0]))
    loader = make(files, 5, size=SIZE, on_error="skip", max_bad=1.0, train=False)
    assert sum(len(images) for images, _ in loader) == len(hostile.GOOD)
    assert sorted(sample.path for sample in loader.bad_samples) == sorted(expected)
    with pytest.raises(DataError, match="truncated"):
        list(make(files[1:2], 1, size=SIZE))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decode": "pillow"}, "decode to be one of auto, fastmix, dali"),
        ({"hw_decoder_load": 0.5}, "0 with device='cpu', got 0.5"),
        ({"hw_decoder_load": -1}, r"expected hw_decoder_load in \[0, 1\]"),
        ({"decode": "fastmix", "resampler": "dali"}, "needs resampler='fastmix'"),
        ({"decode": "fastmix", "dali_augment": lambda images: images}, "needs resampler='fastmix'"),
    ],
)
def test_bad_arguments(small, options, message):
    with pytest.raises(ValueError, match=message):
        make(small[:4], 4, **options)


@pytest.mark.parametrize(("decode", "uses"), [("fastmix", "fastmix__Decode"), ("dali", "decoders__Image")])
def test_the_graph_for_the_gpu_without_a_gpu(small, decode, uses):
    """It can be described but not built: where it decodes, and that statuses come back to the CPU."""
    spec = replace(make(small[:4]).graph, device_id=0, decode=decode)
    with builder.empty_pipeline(spec, 4, 1) as pipeline:
        images, *report = builder._resampled(spec)
        pipeline.set_outputs(images, *report)
    assert images.device == "gpu" and {node.device for node in report} == {"cpu"}
    mixed = {op.name for op in described(images) if op.device == "mixed"}
    assert mixed == {uses}


def described(node) -> list:
    """The operators that a node comes from: name and device."""
    found, left = {}, [node.source]
    while left:
        op = left.pop()
        if id(op) in found:
            continue
        found[id(op)] = SimpleNamespace(name=op._op.schema.Name(), device=op._op.device)
        left += [parent.source for parent in op.inputs if parent.source is not None]
    return list(found.values())


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_hybrid_decoder_never_uses_the_hardware_engine(share):
    check = functools.partial(settings.choose_hw_load, share, torch.device("cuda", 0))
    assert check("auto") == share
    if share:
        with pytest.raises(ValueError, match="expected hw_decoder_load=0 with decode='fastmix'"):
            check("fastmix")


@pytest.mark.parametrize(("decode", "chosen"), [("auto", "dali"), ("dali", "dali"), ("fastmix", "fastmix")])
def test_dali_decodes_on_the_gpu_by_default(decode, chosen):
    assert settings.choose_decode(decode, torch.device("cuda", 0), "fastmix") == chosen


def test_without_the_operator(small, monkeypatch):
    monkeypatch.setattr(fastmix.dali, "decodes_jpeg", lambda: False)
    assert make(small[:4], 4).graph.decode == "dali"
    with pytest.raises(ValueError, match="install libjpeg-turbo's headers"):
        make(small[:4], 4, decode="fastmix")
