"""Makes what a ``dali_augment=`` hook draws with DALI's random operators a pure function of (seed, epoch, step)."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import numpy as np
from nvidia.dali import fn, types
from nvidia.dali.data_node import DataNode
from nvidia.dali.pipeline import do_not_convert

from fastmix.loader.graph.dali_private import changed_operators
from fastmix.plan.draw_key import DrawKey

# How many samples' worth of random numbers DALI sets apart for each sample.
_SEQUENCES_PER_SAMPLE = 65537
_WORD = 2**32
_PURPOSE = 0xA06


def random_state(key: DrawKey) -> np.ndarray:
    """Return uint32 (6,): where the random numbers of one batch begin; see :func:`keyed_random_numbers`.

    DALI's generator is Philox with a key of two words and a counter of four, the upper two of which count sequences.
    Sample ``i`` of a batch has the sequences from ``65537 * i`` on. So ranks that begin at their offset in the global
    batch draw what one rank would.
    """
    words = np.random.SeedSequence((_PURPOSE, key.seed, key.epoch, key.step)).generate_state(3, np.uint32)
    sequence = key.offset * _SEQUENCES_PER_SAMPLE
    return np.array([*words, sequence % _WORD, sequence // _WORD, 0], dtype=np.uint32)


@do_not_convert
def keyed_random_numbers(state: DataNode) -> contextlib.AbstractContextManager[None]:
    """Make every random operator that is added meanwhile start its generator from ``state``.

    The operators differ in the key's first word. DALI's dynamic mode gives its operators their states in the same way.

    Raises:
        ValueError: an operator is added that keeps a state which cannot be given to it.
    """
    drawing = itertools.count()

    def keyed(schema: Any, name: str, arg_inputs: dict) -> dict:
        if schema.HasRandomStateArg() and "_random_state" not in arg_inputs:
            number = types.Constant([next(drawing)], dtype=types.UINT32, device="cpu")
            return {**arg_inputs, "_random_state": fn.cat(number, state)}
        if schema.IsStateful():
            raise ValueError(
                f"DataLoader: expected dali_augment to use operators whose state can be given, got {name}, which "
                "could not be resumed"
            )
        return arg_inputs

    return changed_operators(keyed)
