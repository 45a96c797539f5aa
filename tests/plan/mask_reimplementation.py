"""Masks once more, in plain Python and from the definitions; see reimplementation.py, which draws all else."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from fastmix import FMix, GMix, GridMix, Policy, SmoothMix

if TYPE_CHECKING:
    from random_reimplementation import Stream

MASK_KINDS = (GridMix, SmoothMix, GMix, FMix)
Function = Callable[[float], float]


def mask_weights(levels: np.ndarray, inside: float, outside: float) -> np.ndarray:
    """float32: every operation rounded."""
    inside, outside = np.float32(inside), np.float32(outside)
    share = levels.astype(np.float32) * (np.float32(1.0) / np.float32(255.0))
    return np.where(levels == 255, inside, outside + (inside - outside) * share)


def mean_weight(levels: np.ndarray, inside: float, outside: float) -> float:
    total = 0.0
    for level, count in zip(*np.unique(levels, return_counts=True), strict=True):
        total += float(count) * float(mask_weights(level, inside, outside))
    return total / levels.size


def between(value: float | tuple[float, float], draws: "Stream") -> float:
    least, most = value if isinstance(value, tuple) else (value, value)
    return min(least + (most - least) * draws.uniform(), most)


def grid(policy: GridMix, height: int, width: int, weight: float, draws: "Stream") -> np.ndarray:
    least, most = policy.holes if isinstance(policy.holes, tuple) else (policy.holes, policy.holes)
    wanted = least + draws.below(most - least + 1)
    hole_aspect = between(policy.hole_aspect, draws)
    area = between(policy.crop_area, draws)
    aspect = between(policy.crop_aspect, draws)
    w = min(math.floor(width * math.sqrt(area / aspect)), width)
    h = min(math.floor(height * math.sqrt(area * aspect)), height)
    y0, x0 = draws.below(height - h + 1), draws.below(width - w + 1)
    patch_w = math.ceil(w / min(wanted, max(w // 2, 1)))
    patch_h = max(math.floor(patch_w * hole_aspect), 1)
    side = math.sqrt(1.0 - weight)
    hole_h, hole_w = (min(max(math.floor(patch * side), 1), patch - 1) for patch in (patch_h, patch_w))
    levels = np.full((height, width), 255, np.uint8)
    if h and w:
        rows, columns = np.arange(h) % patch_h < hole_h, np.arange(w) % patch_w < hole_w
        levels[y0 : y0 + h, x0 : x0 + w][np.ix_(rows, columns)] = 0
    return levels


def gaussian(height: int, width: int, scale: float, draws: "Stream", exp: Function) -> np.ndarray:
    y, x = draws.below(height), draws.below(width)
    rows, columns = (
        np.array([1.0 if i == centre else exp(-scale * float((i - centre) ** 2)) for i in range(length)])
        for length, centre in ((height, y), (width, x))
    )
    return rows[:, None] * columns


def to_levels(share: np.ndarray) -> np.ndarray:
    return np.floor(share * 255.0 + 0.5).astype(np.uint8)


def circle(n: int) -> tuple[np.ndarray, np.ndarray]:
    """cos and sin of n equal turns by their Taylor series on an eighth of the circle."""
    cosine, sine = np.empty(n), np.empty(n)
    for k in range(n):
        quarter, rest = divmod(4 * k, n)
        past = 2 * rest > n
        angle = (math.pi / 2) * float(n - rest if past else rest) / n
        c = s = 1.0
        for m in range(16, 1, -2):
            c = 1.0 - c * (angle * angle) / (m * (m - 1))
        for m in range(17, 2, -2):
            s = 1.0 - s * (angle * angle) / (m * (m - 1))
        s *= angle
        if past:
            c, s = s, c
        cosine[k], sine[k] = [(c, s), (-s, c), (-c, -s), (s, -c)][quarter]
    return cosine, sine


def noise(decay: float, height: int, width: int, draws: "Stream", log: Function, exp: Function) -> np.ndarray:
    longer = float(max(height, width))
    highest = exp(-log(1e-4) / decay)
    down, across = (math.floor(min(side / 2.0, highest * side / longer)) for side in (height, width))
    turns_y, turns_x = circle(height), circle(width)
    real, imaginary = (np.zeros((height, across + 1)) for _ in range(2))
    for ky in range(-down, down + 1):
        wave = []
        for kx in range(across + 1):
            y, x = ky * longer / height, kx * longer / width
            frequency = max(math.sqrt(y * y + x * x), 1.0)
            amplitude = (1.0 if kx == 0 or 2 * kx == width else 2.0) * exp(-decay * log(frequency))
            wave.append((draws.normal() * amplitude, draws.normal() * amplitude))
        r, i = np.array(wave).T
        c, s = (part[np.arange(height) * ky % height][:, None] for part in turns_y)
        real += r * c - i * s
        imaginary += r * s + i * c
    image = np.zeros((height, width))
    for kx in range(across + 1):
        c, s = (part[np.arange(width) * kx % width] for part in turns_x)
        image += real[:, kx : kx + 1] * c - imaginary[:, kx : kx + 1] * s
    return image


def fourier(policy: FMix, height: int, width: int, weight: float, draws: "Stream", log, exp) -> np.ndarray:
    image = noise(policy.decay, height, width, draws, log, exp).ravel()
    kept = math.floor(weight * image.size + 0.5)
    soft = min(math.floor(min(policy.softness, weight, 1.0 - weight) * image.size), kept, image.size - kept)
    levels = np.zeros(image.size, np.uint8)
    order = np.argsort(-image, kind="stable")
    levels[order[: kept - soft]] = 255
    for k in range(2 * soft):
        share = 1.0 - k / (2 * soft - 1)
        levels[order[kept - soft + k]] = math.floor(share * 255.0 + 0.5)
    return levels.reshape(height, width)


def drawn_mask(policy: Policy, height: int, width: int, weight: float, draws: "Stream", log, exp) -> np.ndarray:
    """uint8 (height, width): the levels of the own weight."""
    pixels = float(height * width)
    if isinstance(policy, GridMix):
        return grid(policy, height, width, weight, draws)
    if isinstance(policy, SmoothMix):
        sigma = between(policy.sigma, draws)
        return to_levels(1.0 - gaussian(height, width, 0.5 / (sigma * sigma * pixels), draws, exp))
    if isinstance(policy, GMix):
        share = 1.0 - weight if weight >= 0.5 else weight
        if share == 0.0:
            return np.full((height, width), 255 if weight >= 0.5 else 0, np.uint8)
        shown = gaussian(height, width, math.pi / (share * pixels), draws, exp)
        return to_levels(1.0 - shown if weight >= 0.5 else shown)
    return fourier(policy, height, width, weight, draws, log, exp)
