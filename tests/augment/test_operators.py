"""Every operation gives Pillow's pixels, bit for bit."""

import numpy as np
import pytest
import torch
from PIL import Image
from pillow_operations import FILTERS, WARPS, by_pillow, operation, pictures, rows

import fastmix as fm

SIZES = [(224, 224), (57, 93), (33, 64), (1, 40), (40, 1), (1, 1), (2, 2), (3, 5)]
AMOUNTS = {
    "Identity": (0.0,),
    "Invert": (0.0,),
    "Posterize": tuple(float(bits) for bits in range(9)),
    "Solarize": (0.0, 1.0, 128.0, 238.00001, 255.0, 256.0),
    "SolarizeAdd": (0.0, 33.0, 110.0, 255.0),
    "Brightness": (0.0, 0.1, 0.99, 1.0, 1.27, 1.9, 3.0),
    "Contrast": (0.0, 0.1, 0.73, 1.0, 1.27, 1.9),
    "Color": (0.0, 0.1, 0.73, 1.0, 1.27, 1.9),
    "Grayscale": (0.0,),
    "Hue": (0.0, 0.003, 0.1, -0.1, 0.5, -0.5),
    "Sharpness": (0.0, 0.1, 0.73, 1.0, 1.27, 1.9),
    "AutoContrast": (0.0,),
    "Equalize": (0.0,),
    "GaussianBlur": (0.0, 1e-3, 0.1, 0.5, 1.0, 1.5, 2.0, 2.6, 5.0, 30.0),
    "ShearX": (0.0, 0.09, -0.3, 0.4, 0.99, -0.99),
    "ShearY": (0.0, 0.09, -0.3, 0.4, 0.99, -0.99),
    "TranslateX": (0.0, 3.0, -31.0, 0.5, -0.5, -7.25, 100.8, 300.0),
    "TranslateY": (0.0, 3.0, -31.0, 0.5, -0.5, -7.25, 100.8, 300.0),
    "Rotate": (0.0, 0.01, 9.0, -27.0, 45.0, 90.0, -90.0, 135.0, 180.0, 270.0, 360.0, 1234.5),
}


def cases() -> list:
    return [(name, filter) for name in AMOUNTS for filter in (FILTERS if name in WARPS else ["nearest"])]


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize(("name", "filter"), cases())
def test_operation_equals_pillow(name: str, filter: str, height: int, width: int) -> None:
    named = pictures(height, width)
    plan = [[operation(name, amount, filter)] for amount in AMOUNTS[name]]
    for label, picture in named.items():
        images = torch.from_numpy(picture).expand(len(plan), -1, -1, -1)
        out = fm.augment_images(images, rows(plan), channels_last=True)
        for amount, got in zip(AMOUNTS[name], out, strict=True):
            wanted = np.asarray(by_pillow(Image.fromarray(picture), name, amount, filter))
            assert np.array_equal(got.numpy(), wanted), (label, amount)


def test_no_bits_give_a_black_image() -> None:
    images = torch.from_numpy(pictures(20, 30)["flower"])[None]
    assert not fm.augment_images(images, rows([[operation("Posterize", 0.0)]])).any()


def test_every_hue_of_every_colour() -> None:
    """A quarter of all colours, each turned by another amount."""
    r, g, b = np.meshgrid(np.arange(0, 256, 3), np.arange(0, 256, 2), np.arange(0, 256, 3), indexing="ij")
    colors = np.stack([r, g, b], -1).reshape(86, -1, 3).astype(np.uint8)
    shifts = [float(k) / 86 - 0.5 for k in range(86)]
    images = torch.from_numpy(colors[:, :, None].copy())
    out = fm.augment_images(images, rows([[operation("Hue", shift)] for shift in shifts]), channels_last=True)
    for shift, color, got in zip(shifts, colors, out, strict=True):
        assert np.array_equal(
            got[:, 0].numpy(), np.asarray(by_pillow(Image.fromarray(color[:, None]), "Hue", shift))[:, 0]
        )


def test_random_rotations_shears_and_translations() -> None:
    """Angles and distances as random policies draw them, whose places fall anywhere between pixels."""
    generator = np.random.default_rng(5)
    picture = pictures(64, 49)["flower"]
    for filter in FILTERS:
        for name, most in (
            ("Rotate", 180.0),
            ("ShearX", 1.0),
            ("ShearY", 1.0),
            ("TranslateX", 30.0),
            ("TranslateY", 30.0),
        ):
            amounts = generator.uniform(-most, most, 25).tolist()
            plan = rows([[operation(name, amount, filter)] for amount in amounts])
            out = fm.augment_images(torch.from_numpy(picture).expand(25, -1, -1, -1), plan)
            for amount, got in zip(amounts, out, strict=True):
                wanted = np.asarray(by_pillow(Image.fromarray(picture), name, amount, filter))
                assert np.array_equal(got.numpy(), wanted), (name, filter, amount)
