"""JPEGs of soft and noisy pictures, few and many bits per symbol: long codes, large values, restarts."""

import numpy as np
from images import saved
from PIL import Image


def plain_and_noisy() -> dict[str, bytes]:
    """By name."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (150, 211, 3), dtype=np.uint8)
    soft = Image.fromarray(noise[:20, :30]).resize((211, 150), Image.Resampling.BICUBIC)
    options = [
        {"quality": quality, "subsampling": subsampling, "optimize": k in (1, 3), "restart_marker_blocks": restarts}
        for k, (quality, subsampling, restarts) in enumerate(
            [(5, 2, 0), (50, 2, 3), (75, 1, 0), (90, 0, 1), (96, 2, 0), (100, 0, 0), (100, 2, 5)]
        )
    ]
    pictures = (soft, Image.fromarray(noise), soft.convert("L"), Image.fromarray(noise).convert("CMYK"))
    made = [saved(picture, "JPEG", **option) for picture in pictures for option in [*options, {"progressive": True}]]
    return {f"{k:02d}.jpg": data for k, data in enumerate(made)}
