"""What evaluation shows: Pillow's pixels after torchvision's and timm's laws, which are written down here once more."""

import math

import numpy as np
import pytest
from data_support import make
from PIL import Image
from test_loader_values import PIXELS
from test_resampling import Pixels, picture

import fastmix as fm

# Upright, lying, scaled up, lines, large.
SIZES = [(375, 500), (500, 375), (224, 224), (31, 47), (9, 300), (300, 9), (2, 3), (640, 480)]
RESAMPLING = {name.lower(): value for name, value in vars(Image.Resampling).items() if not name.startswith("_")}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    # Far from 0 and 255: Pillow also clips between its two passes, what the negative parts of a filter overshoot.
    images = [picture(height, width, "RGB", i).point(lambda v: 64 + v // 2) for i, (height, width) in enumerate(SIZES)]
    paths = [(folder / f"{i}.png", i) for i in range(len(images))]
    for image, (path, _) in zip(images, paths, strict=True):
        image.save(path)
    return paths, images


def torchvisions(image: Image.Image, shorter: int) -> tuple[int, int]:
    """``Resize(shorter)``: (width, height)."""
    longer = int(shorter * max(image.size) / min(image.size))
    return (shorter, longer) if image.width <= image.height else (longer, shorter)


def keeping_ratio(image: Image.Image, resize: tuple[int, int]) -> tuple[int, int]:
    """timm's ``ResizeKeepRatio(resize, longest=0)``."""
    ratio = min(image.height / resize[0], image.width / resize[1])
    return round(image.width / ratio), round(image.height / ratio)


def centre(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """``CenterCrop(size)``."""
    top, left = (round((side - out) / 2.0) for side, out in zip(image.size[::-1], size, strict=True))
    return image.crop((left, top, left + size[1], top + size[0]))


LAWS = {
    "torchvision's": ({"size": 40, "resize": 46}, lambda image: torchvisions(image, 46)),
    "without a margin": ({"size": 41, "resize": 41}, lambda image: torchvisions(image, 41)),
    "timm's crop_pct": ({"size": 45, "crop_pct": 0.95}, lambda image: torchvisions(image, math.floor(45 / 0.95))),
    "crop_pct 1": ({"size": 45, "crop_pct": 1}, lambda image: torchvisions(image, 45)),
    "the default": ({"size": 70}, lambda image: torchvisions(image, 80)),
    "squash": ({"size": 40, "resize": 46, "crop_mode": "squash"}, lambda _: (46, 46)),
    "squash all": ({"size": 64, "crop_pct": 1.0, "crop_mode": "squash"}, lambda _: (64, 64)),
    "a rectangle": (
        {"size": (40, 61), "crop_pct": 0.9},
        lambda image: keeping_ratio(image, (math.floor(40 / 0.9), math.floor(61 / 0.9))),
    ),
    "a rectangle's resize": ({"size": (61, 40), "resize": (70, 41)}, lambda image: keeping_ratio(image, (70, 41))),
    "a rectangle in a square": ({"size": (30, 50), "resize": 50}, lambda image: torchvisions(image, 50)),
    "squash a rectangle": ({"size": (30, 50), "resize": (33, 51), "crop_mode": "squash"}, lambda _: (51, 33)),
}


OTHERS = [(law, name) for law in ("torchvision's", "a rectangle") for name in ("box", "lanczos", "nearest")]


@pytest.mark.parametrize(
    ("law", "interpolation"), [(law, name) for law in LAWS for name in ("bilinear", "bicubic")] + OTHERS
)
def test_pixels_are_pillows_resize_and_crop(files, law, interpolation):
    (paths, images), (arguments, resized) = files, LAWS[law]
    size = arguments["size"] if isinstance(arguments["size"], tuple) else (arguments["size"],) * 2
    seen = 0
    for batch, ids in make(paths, 3, train=False, interpolation=interpolation, **arguments, **PIXELS):
        assert batch.shape[2:] == size
        for pixels, sample in zip(batch, ids.tolist(), strict=True):
            whole = images[sample].resize(resized(images[sample]), RESAMPLING[interpolation])
            expected = np.asarray(centre(whole, size), np.float32)
            found = pixels.permute(1, 2, 0).numpy().round()
            differs = np.abs(found - expected) > 1
            # Float32 windows settle ties of nearest and box, of single rows and columns, in another way than Pillow.
            assert differs.mean() < (0.06 if interpolation in ("nearest", "box") else 1e-9)
            assert np.abs(found - expected)[~differs].mean() < 0.35
            seen += 1
    assert seen == len(images)


def test_training_takes_the_filter_and_rectangles(files):
    paths, _ = files
    pixels = {}
    for name in ("bilinear", "bicubic"):
        loader = make(paths, 8, (40, 60), train=True, interpolation=name, **PIXELS)
        pixels[name], _ = next(iter(loader))
        assert pixels[name].shape == (8, 3, 40, 60) and loader.size == (40, 60)
    difference = (pixels["bilinear"] - pixels["bicubic"]).abs()
    assert 0.1 < difference.mean() < 10


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"resize": 256, "crop_pct": 0.9}, ValueError, "expected resize or crop_pct, got resize=256 and crop_pct=0.9"),
        ({"resize": 39}, ValueError, r"expected resize of at least size=\(40, 40\), got 39"),
        ({"resize": (50, 39)}, ValueError, "expected resize of at least size"),
        ({"resize": "fastmix"}, TypeError, "expected resize to be an int, got str"),
        ({"resize": (1, 2, 3)}, ValueError, "one number or .height, width."),
        ({"crop_pct": 0}, ValueError, r"expected crop_pct in \(0, 1\], got 0"),
        ({"crop_pct": 1.1}, ValueError, "expected crop_pct in"),
        ({"crop_pct": "0.9"}, TypeError, "crop_pct: expected a number"),
        ({"crop_mode": "rkrc"}, ValueError, "crop_mode to be one of center, squash, border, got 'rkrc'"),
        (
            {"interpolation": "cubic"},
            ValueError,
            "interpolation to be one of None, nearest, box, bilinear",
        ),
        ({"train": True, "resize": 46}, ValueError, "expected resize=46 with train=False"),
        ({"train": True, "crop_pct": 0.9}, ValueError, "expected crop_pct=0.9 with train=False"),
        ({"train": True, "crop_mode": "squash"}, ValueError, "expected crop_mode='squash' with train=False"),
        ({"resampler": "dali", "interpolation": "bicubic"}, ValueError, "expected resampler='fastmix' for another"),
        ({"resampler": "dali", "crop_mode": "border"}, ValueError, "expected resampler='fastmix' for another"),
        ({"size": (1, 2, 3)}, ValueError, "expected size as one number or .height, width."),
        ({"size": 4.5}, TypeError, "expected size to be an int, got float"),
    ],
)
def test_arguments_that_contradict_each_other(files, arguments, error, message):
    with pytest.raises(error, match=message):
        make(files[0], **{"batch_size": 2, "size": 40, "train": False, **arguments})


def test_the_view_is_part_of_the_state(files):
    state = make(files[0], 2, 40, train=False, resize=46).state_dict()
    make(files[0], 2, 40, train=False, resize=46).load_state_dict(state)
    make(files[0], 2, 40, train=False).load_state_dict(state)  # 40 * 256 / 224 is 46
    with pytest.raises(ValueError, match=r"view=\[42, 42, 'center'\] \(got None\)"):
        make(files[0], 2, 40, train=False, crop_pct=0.95).load_state_dict(state)
    with pytest.raises(ValueError, match=r"interpolation='bicubic' \(got 'bilinear'\)"):
        make(files[0], 2, 40, train=False, interpolation="bicubic").load_state_dict(state)


def with_border(image: Image.Image, size: tuple[int, int], resize: tuple[int, int], filter: str) -> Image.Image:
    """timm's ``ResizeKeepRatio(resize, longest=1)`` and ``CenterCropOrPad(size)``, with the mean colour."""
    ratio = max(image.height / resize[0], image.width / resize[1])
    image = image.resize((round(image.width / ratio), round(image.height / ratio)), RESAMPLING[filter])
    (height, width), fill = size, tuple(round(255 * value) for value in fm.IMAGENET_MEAN)
    left, top = max(width - image.width, 0) // 2, max(height - image.height, 0) // 2
    padded = Image.new("RGB", (max(width, image.width), max(height, image.height)), fill)
    padded.paste(image, (left, top))
    return centre(padded, size)


@pytest.mark.parametrize("filter", ["bilinear", "bicubic"])
@pytest.mark.parametrize(
    ("size", "view", "resize"),
    [
        ((48, 48), {"crop_pct": 1.0}, (48, 48)),
        ((48, 48), {"crop_pct": 0.8}, (60, 60)),
        ((48, 48), {}, (55, 55)),
        ((40, 64), {"crop_pct": 0.9}, (44, 71)),
        ((64, 40), {"resize": (70, 41)}, (70, 41)),
    ],
)
def test_borders_are_timms(files, size, view, resize, filter):
    paths, images = files
    mean, std = (np.float32(values) for values in (fm.IMAGENET_MEAN, fm.IMAGENET_STD))
    for data in (paths, Pixels(images)):
        options = {"train": False, "crop_mode": "border", "interpolation": filter, "num_classes": len(images), **view}
        loader = make(data, 3, size, **options)
        for batch, ids in loader:
            for pixels, sample in zip(batch, ids.tolist(), strict=True):
                expected = np.asarray(with_border(images[sample], size, resize, filter), np.float32)
                found = (pixels.permute(1, 2, 0).numpy() * std + mean) * 255
                difference = np.abs(found - expected)
                # Where the crop cuts something off, the window's float32 moves single pixels by one level.
                assert difference.max() < 1.01 and (difference > 0.01).mean() < (0.005 if size != resize else 1e-9)


def test_borders_around_large_and_bad_images(files, tmp_path):
    """A JPEG that is decoded at a smaller scale, and a file that is none."""
    image = picture(1200, 1600, "RGB", 0)
    image.save(tmp_path / "large.jpg", quality=95)
    (tmp_path / "bad.jpg").write_bytes(b"not an image")
    data = [(tmp_path / "bad.jpg", 0), (tmp_path / "large.jpg", 1), *files[0][:2]]
    with pytest.warns(fm.loader.BadSampleWarning):
        batches = list(make(data, 4, 48, train=False, crop_mode="border", crop_pct=1.0, on_error="skip", **PIXELS))
    assert len(batches) == 1 and batches[0][1].tolist() == [1, 0, 1]
    expected = np.asarray(image.resize((48, 36), Image.Resampling.BILINEAR), np.float32)
    found = batches[0][0][0].permute(1, 2, 0).numpy()
    assert np.abs(found[6:42] - expected).mean() < 2 and not found[:6].any() and not found[42:].any()
