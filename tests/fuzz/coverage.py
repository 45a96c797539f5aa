"""A corpus kept by coverage, for Python: an input that reaches a new pair of lines is kept, and mutated further."""

import random
import sys
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import fastmix

# The files whose lines count.
TRACED = (str(Path(fastmix.__file__).parent), tarfile.__file__, zipfile.__file__)
Edges = set[tuple[str, int, int]]


class Corpus(NamedTuple):
    """What was found: the inputs, the pairs of lines that they reach, and how many inputs were accepted."""

    inputs: list[bytes]
    edges: Edges
    accepted: int


def traced(run: Callable[[bytes], bool], data: bytes) -> tuple[bool, Edges]:
    """What ``run`` returns, and the pairs of lines of a function that follow each other."""
    found: Edges = set()
    before: dict[FrameType, int] = {}

    def on_line(frame: FrameType, event: str, _: object) -> Callable:
        if event == "line":
            found.add((frame.f_code.co_filename, before.get(frame, 0), frame.f_lineno))
            before[frame] = frame.f_lineno
        return on_line

    sys.settrace(lambda frame, *_: on_line if frame.f_code.co_filename.startswith(TRACED) else None)
    try:
        return run(data), found
    finally:
        sys.settrace(None)


def fuzz(
    run: Callable[[bytes], bool],
    originals: Sequence[bytes],
    words: Sequence[bytes],
    mutate: Callable[[bytes, random.Random], bytes],
    rng: random.Random,
    count: int,
) -> Corpus:
    """Run the originals, then ``count`` mutations; some join two inputs, some insert one of ``words``."""
    inputs, edges, accepted = [], set(), 0
    for i in range(len(originals) + count):
        if i < len(originals):
            data = originals[i]
        else:
            data = rng.choice(inputs)
            kind = rng.randrange(4)
            if kind == 0:
                data = data[: rng.randrange(len(data) + 1)] + (other := rng.choice(inputs))[rng.randrange(len(other)) :]
            if kind <= 1:
                data = mutate(data, rng)
            if kind >= 2:
                at = rng.randrange(len(data) + 1)
                data = data[:at] + rng.choice(words) + data[at + rng.choice([0, 0, 1, 4]) :]
        done, found = traced(run, data)
        accepted += done
        if not found <= edges:
            edges |= found
            inputs.append(data or b" ")
    return Corpus(inputs, edges, accepted)
