"""Makes what an ``augment=`` hook draws with DALI's random operators a pure function of (seed, epoch, step)."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator

import numpy as np
from nvidia.dali import fn, ops, types
from nvidia.dali.data_node import DataNode
from nvidia.dali.pipeline import do_not_convert

# Name of the graph's input, and how many samples' worth of random numbers DALI sets apart for each sample.
STATE_INPUT = "random_state"
_SEQUENCES_PER_SAMPLE = 65537
_WORD = 2**32
_PURPOSE = 0xA06

_lock = threading.Lock()


def random_state(seed: int, epoch: int, step: int, offset: int) -> np.ndarray:
    """uint32 (6,): where the random numbers of one batch begin; see :func:`keyed_random_numbers`.

    DALI's generator is Philox with a key of two words and a counter of four, of which the upper two count sequences;
    sample ``i`` of a batch has the sequences from ``65537 * i`` on. So ranks that begin at their offset in the global
    batch draw what one rank would.
    """
    words = np.random.SeedSequence((_PURPOSE, seed, epoch, step)).generate_state(3, np.uint32)
    sequence = offset * _SEQUENCES_PER_SAMPLE
    return np.array([*words, sequence % _WORD, sequence // _WORD, 0], dtype=np.uint32)


@do_not_convert
@contextlib.contextmanager
def keyed_random_numbers(state: DataNode) -> Iterator[None]:
    """While it lasts, every random operator that is added to the pipeline takes its generator's state from ``state``.

    The operators differ in the key's first word. DALI's dynamic mode gives its operators their states in the same way.

    Raises:
        ValueError: an operator is added that keeps a state which cannot be given to it.
    """
    drawing = itertools.count()

    class KeyedOperator(ops._OperatorInstance):
        def __init__(self, inputs, arg_inputs, arguments, processed_arguments, op) -> None:
            schema = op.schema
            if schema.HasRandomStateArg() and "_random_state" not in arg_inputs:
                number = types.Constant([next(drawing)], dtype=types.UINT32, device="cpu")
                arg_inputs = {**arg_inputs, "_random_state": fn.cat(number, state)}
            elif schema.IsStateful():
                raise ValueError(
                    "DataLoader: expected augment to use operators whose state can be given, got "
                    f"{op._operator_name()}, which could not be resumed"
                )
            super().__init__(inputs, arg_inputs, arguments, processed_arguments, op)

    with _lock:
        plain, ops._OperatorInstance = ops._OperatorInstance, KeyedOperator
        try:
            yield
        finally:
            ops._OperatorInstance = plain
