"""Random numbers once more, in plain Python and from the definitions; reimplementation.py draws with them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MASK32 = 2**32 - 1
LN2_HIGH = float.fromhex("0x1.62e42feep-1")
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")


def philox4x32_10(counter: Sequence[int], key: Sequence[int]) -> list[int]:
    """Salmon et al. (SC 2011), section 3.3, with the multipliers and Weyl constants of their table 2."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c0, 2**32)
        high1, low1 = divmod(0xCD9E8D57 * c2, 2**32)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) & MASK32, (k1 + 0xBB67AE85) & MASK32
    return [c0, c1, c2, c3]


def _log_of(m, exponent):
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = 1.0 / 21.0
    for denominator in range(19, 2, -2):
        series = series * z + 1.0 / denominator
    return exponent * LN2_HIGH + (2.0 * s + (2.0 * s * z * series + exponent * LN2_LOW))


def _exp_of(x, k):
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    series = 1.0
    for n in range(14, 0, -1):
        series = series * r / n + 1.0
    return series


def exact_log(x: float) -> float:
    m, exponent = math.frexp(x)
    if m < 0.70710678118654752440:
        m, exponent = 2.0 * m, exponent - 1
    return _log_of(m, float(exponent))


def exact_exp(x: float) -> float:
    if x < -745.0:
        return 0.0
    if x > 709.0:
        return math.inf
    k = math.floor(x * 1.44269504088896340736 + 0.5)
    return math.ldexp(_exp_of(x, float(k)), k)


def exact_log_array(x: np.ndarray) -> np.ndarray:
    m, exponent = np.frexp(x)
    low = m < 0.70710678118654752440
    return _log_of(np.where(low, 2.0 * m, m), (exponent - low).astype(np.float64))


def exact_exp_array(x: np.ndarray) -> np.ndarray:
    """For -745 <= x <= 709."""
    k = np.floor(x * 1.44269504088896340736 + 0.5)
    return np.ldexp(_exp_of(x, k), k.astype(np.int32))


class Stream:
    """The draws of one (seed, purpose, epoch, rank, step, unit, variant)."""

    def __init__(self, seed: int, purpose: int, epoch: int, rank: int, step: int, unit: int, variant: int = 0):
        self.key = philox4x32_10((epoch, rank, purpose, variant), (seed & MASK32, seed >> 32))[:2]
        self.tail = (unit, step & MASK32, step >> 32)
        self.block = 0
        self.words: list[int] = []

    def word(self) -> int:
        if not self.words:
            self.words = philox4x32_10((self.block, *self.tail), self.key)[::-1]
            self.block += 1
        return self.words.pop()

    def uniform(self) -> float:
        high = self.word() >> 6
        return ((high << 26 | self.word() >> 6) + 0.5) / 2.0**52

    def below(self, bound: int) -> int:
        """Lemire (2019): of the 2**32 words, the first 2**32 mod bound of the low halves are refused."""
        while True:
            product = self.word() * bound
            if product & MASK32 >= 2**32 % bound:
                return product >> 32

    def normal(self) -> float:
        while True:
            u = 2.0 * self.uniform() - 1.0
            v = 2.0 * self.uniform() - 1.0
            s = u * u + v * v
            if 0.0 < s < 1.0:
                return u * math.sqrt(-2.0 * exact_log(s) / s)

    def log_gamma(self, shape: float) -> float:
        if shape < 1.0:
            boost = exact_log(self.uniform()) / shape
            return self.log_gamma(shape + 1.0) + boost
        d = shape - 1.0 / 3.0
        c = 1.0 / math.sqrt(9.0 * d)
        while True:
            x = self.normal()
            root = 1.0 + c * x
            if root <= 0.0:
                continue
            v = root * root * root
            if exact_log(self.uniform()) < 0.5 * x * x + d - d * v + d * exact_log(v):
                return exact_log(d * v)

    def beta(self, a: float, b: float) -> float:
        log_a, log_b = self.log_gamma(max(a, 1e-300)), self.log_gamma(max(b, 1e-300))
        return 1.0 / (1.0 + exact_exp(log_b - log_a))

    def permutation(self, n: int) -> list[int]:
        values = list(range(n))
        for i in range(n - 1, 0, -1):
            j = self.below(i + 1)
            values[i], values[j] = values[j], values[i]
        return values


@dataclass(frozen=True)
class Key:
    seed: int = 0
    epoch: int = 0
    step: int = 0
    rank: int = 0
    offset: int = 0

    def stream(self, purpose: int, unit: int, variant: int = 0) -> Stream:
        return Stream(self.seed, purpose, self.epoch, self.rank, self.step, unit, variant)
