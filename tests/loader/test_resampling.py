"""What the loader shows of an image: Pillow's pixels of torchvision's windows, whatever part of the file is decoded."""

import numpy as np
import pytest
import torch
from data_support import make
from PIL import Image
from support import same_bits
from test_loader_values import PIXELS

from fastmix import _core
from fastmix.ops.resample_mix import resample_mix
from fastmix.plan.draw_key import SampleKeys

CROP = _core.CropSpec(scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), mirror_prob=0.5)
# Height and width: upright and lying, scaled up, lines and dots, larger than any window's output by far.
SIZES = [(375, 500), (500, 375), (224, 224), (31, 47), (1, 300), (300, 1), (1, 1), (2, 3), (7, 900), (3000, 2500)]
MODES = ["RGB", "L", "RGBA", "P"]


def picture(height: int, width: int, mode: str, seed: int) -> Image.Image:
    """Noise as soft as a photograph's."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (max(height // 8, 1), max(width // 8, 1), 3), dtype=np.uint8)
    image = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    if mode == "RGBA":
        image.putalpha(Image.fromarray(rng.integers(0, 256, (height, width), dtype=np.uint8)))
        return image
    return image.convert(mode)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """PNGs, which every decoder decodes to the same pixels, and what they hold."""
    folder = tmp_path_factory.mktemp("files")
    paths, images = [], []
    for i, (height, width) in enumerate(SIZES):
        for mode in MODES if height * width < 10**6 else MODES[:1]:
            image = picture(height, width, mode, i)
            paths.append((folder / f"{i}-{mode}.png", len(paths)))
            image.save(paths[-1][0])
            images.append(Image.fromarray(np.array(image.convert("RGBA"))[:, :, :3]) if mode == "RGBA" else image)
            images[-1] = images[-1].convert("RGB")
    return paths, images


def assert_pillows(pixels: torch.Tensor, expected: Image.Image) -> None:
    difference = np.abs(pixels.permute(1, 2, 0).numpy().round() - np.asarray(expected, dtype=np.float32))
    assert difference.max() <= 1 and difference.mean() < 0.35


@pytest.mark.parametrize("size", [1, 33, 224])
def test_training_views_are_pillows(files, size):
    paths, images = files
    loader = make(paths, 5, size, seed=3, last_batch="partial", **PIXELS)
    for epoch in range(3 if size == 33 else 1):
        for batch_images, ids in loader:
            for pixels, sample in zip(batch_images, ids.tolist(), strict=True):
                image = images[sample]
                windows, mirror = _core.random_resized_crop(CROP, [[image.height, image.width]], 3, [[epoch, sample]])
                y, x, h, w = windows[0].tolist()
                view = image.crop((x, y, x + w, y + h)).resize((size, size), Image.Resampling.BILINEAR)
                assert_pillows(pixels, view.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirror[0] else view)


def evaluation_view(image: Image.Image, size: int) -> Image.Image:
    """torchvision's ``Resize(round(size * 256 / 224))`` and ``CenterCrop(size)``, which are Pillow's calls."""
    shorter = round(size * 256 / 224)
    longer = int(shorter * max(image.size) / min(image.size))
    small = image.resize((shorter, longer) if image.width <= image.height else (longer, shorter), Image.BILINEAR)
    left, top = (round((side - size) / 2.0) for side in small.size)
    return small.crop((left, top, left + size, top + size))


@pytest.mark.parametrize("size", [1, 30, 224])
def test_evaluation_views_are_torchvisions(files, size):
    paths, images = files
    for batch_images, ids in make(paths, 5, size, train=False, **PIXELS):
        for pixels, sample in zip(batch_images, ids.tolist(), strict=True):
            assert_pillows(pixels, evaluation_view(images[sample], size))


def test_the_part_that_is_decoded_does_not_matter(numbered):
    """JPEGs decoded in part against the same windows of whole images; positions are rounded in float64."""
    images = [torch.from_numpy(np.array(Image.open(path))) for path, _ in numbered]
    loader = make(numbered, 7, 96, seed=2, **PIXELS)
    for epoch in range(2):
        for found, ids in loader:
            chosen = [images[i] for i in ids.tolist()]
            sizes = [image.shape[:2] for image in chosen]
            windows, mirror = _core.random_resized_crop(CROP, sizes, 2, SampleKeys(2, epoch, ids.numpy()).rows)
            expected = resample_mix(
                chosen, torch.from_numpy(windows), size=96, mirror=torch.from_numpy(mirror), **PIXELS
            )
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


class Pixels(torch.utils.data.Dataset):
    """A Dataset of decoded images."""

    def __init__(self, images):
        self.images = images

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return np.array(self.images[i]), i


@pytest.mark.parametrize("train", [True, False])
def test_images_that_come_decoded_look_the_same(files, train):
    paths, images = files
    ours = make(Pixels(images), 8, 40, train=train, num_classes=len(images), **PIXELS)
    for (found, ids), (expected, labels) in zip(ours, make(paths, 8, 40, train=train, **PIXELS), strict=True):
        assert ids.tolist() == labels.tolist()
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


def test_dalis_own_resize_is_near(numbered):
    """What ``resampler="dali"`` promises: a mean difference below a grey level on photographs."""
    options = {"batch_size": 7, "size": 224, "seed": 4, **PIXELS}
    loaders = make(numbered, **options), make(numbered, resampler="dali", **options)
    for (ours, ids), (theirs, labels) in zip(*loaders, strict=True):
        assert ids.tolist() == labels.tolist()
        difference = (ours - theirs).abs()
        assert 0 < difference.mean() < 0.6
        assert difference[:, :, 2:-2, 2:-2].max() <= 32
        assert theirs.equal(theirs.round()) and not ours.equal(ours.round())


def test_the_resampler_is_part_of_the_state_and_of_augment(numbered):
    def unchanged(images):
        return images

    state = make(numbered, 7).state_dict()
    with pytest.raises(ValueError, match=r"resampler='dali' \(got 'fastmix'\)"):
        make(numbered, 7, resampler="dali").load_state_dict(state)
    hooked, dali = make(numbered, 7, dali_augment=unchanged), make(numbered, 7, resampler="dali")
    assert hooked.graph.resampler == "dali"
    assert same_bits(next(iter(hooked))[0], next(iter(dali))[0])
    with pytest.raises(ValueError, match="resampler to be one of fastmix, dali"):
        make(numbered, 7, resampler="pillow")
