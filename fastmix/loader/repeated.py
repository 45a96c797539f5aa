"""Repeated augmentation: an order whose samples come several times in a batch."""

from __future__ import annotations

import numpy as np


def repeated(samples: np.ndarray, repeats: int, global_batch: int) -> np.ndarray:
    """Return the first samples of an order, each ``repeats`` times, at as many places as the order has.

    The global batches are those of DeiT's RASampler over the same permutation. Within a global batch all first copies
    come first, so that neighbours, which are mixed, are two samples, and copies go to different ranks:

        order           a b c d e f ...
        repeated        a a a b b b | c c c d d d | ...   3 times, in global batches of 6
        returned        a b a b a b | c d c d c d | ...

    Args:
        samples: int64 (N,).
        repeats: of each sample.
        global_batch: samples per step over all ranks.
    """
    place = np.arange(len(samples))
    sample, copy = np.divmod(place, repeats)
    return samples[sample[np.lexsort((copy, place // global_batch))]]
