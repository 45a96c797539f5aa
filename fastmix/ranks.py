"""Decides which rank this process is, as late as possible: torch.distributed may be initialised after a constructor."""

from __future__ import annotations

import os

import torch

from fastmix.arguments import integer


class Ranks:
    """The rank and the world size of one loader, decided when they are first needed.

    Args:
        caller: in messages.
        rank: of this process, with ``world_size``; None for torch.distributed's, or 0 without it.
        world_size: number of processes.

    Raises:
        ValueError, TypeError: one of the two is missing or out of range.
    """

    def __init__(self, caller: str, rank: int | None, world_size: int | None) -> None:
        self._caller = caller
        if (rank is None) != (world_size is None):
            raise ValueError(f"{caller}: expected rank and world_size together, got {rank} and {world_size}")
        self._given = rank is not None
        self._decided: tuple[int, int] | None = None
        if rank is not None and world_size is not None:
            self._decided = integer(caller, "rank", rank, 0), integer(caller, "world_size", world_size)

    @property
    def decided(self) -> tuple[int, int] | None:
        """(rank, world_size), or None if nobody has needed them yet."""
        return self._decided

    def decide(self) -> tuple[int, int]:
        """Return (rank, world_size): as given, else torch.distributed's, else (0, 1).

        Raises:
            RuntimeError: a launcher has started several processes, but torch.distributed is not initialised; or it was
                initialised after the ranks were decided, and disagrees.
        """
        if self._given and self._decided is not None:
            return self._decided
        current = _current()
        if self._decided is None:
            launched = os.environ.get("WORLD_SIZE", "")
            if current is None and launched.isdecimal() and int(launched) > 1:
                raise RuntimeError(
                    f"{self._caller}: expected torch.distributed to be initialised, since WORLD_SIZE={launched}; call "
                    "torch.distributed.init_process_group() before len(loader) and iter(loader), or pass rank= and "
                    "world_size="
                )
            self._decided = current or (0, 1)
        elif current is not None and current != self._decided:
            raise RuntimeError(
                f"{self._caller}: expected rank {self._decided[0]} of {self._decided[1]}, as when the loader was first "
                f"used, got {current[0]} of {current[1]} from torch.distributed; initialise it before len(loader) and "
                "iter(loader), or pass rank= and world_size="
            )
        return self._decided


def _current() -> tuple[int, int] | None:
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return None
