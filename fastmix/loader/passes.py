"""Maps the loop's epochs to passes over the data, and holds the orders of the passes under way."""

from __future__ import annotations

import numpy as np

from fastmix.arguments import integer
from fastmix.loader.order import Order
from fastmix.loader.places import Places
from fastmix.loader.sampling import UserSampler
from fastmix.loader.sources.source import digest


class Passes:
    """The passes over the data that the loop's epochs go through.

    An epoch is a pass, or with ``steps_per_epoch`` that many batches of one unending sequence of passes. Draws are
    keyed by the place in that sequence, so that short epochs yield the batches of whole ones:

        batches                0  1  2  3 | 4  5  6  7 | 8 ...
        epoch  (3 steps each)  0  0  0  1   1  1  2  2   2
        pass   (4 steps each)  0  0  0  0   1  1  1  1   2

    Attributes:
        order: of each pass.
        steps: steps per epoch.
    """

    def __init__(self, order: Order, steps_per_epoch: int | None) -> None:
        self.order = order
        given = None if steps_per_epoch is None else integer("DataLoader", "steps_per_epoch", steps_per_epoch)
        self.steps = order.steps if given is None else given
        self._held: dict[int, Places] = {}
        self._expected: tuple[int, str] | None = None  # a pass, and the digest of the order that it has to have

    def place(self, epoch: int, step: int) -> tuple[int, int]:
        """Return (pass, step in it) of a step of an epoch."""
        return divmod(epoch * self.steps + step, self.order.steps)

    def begin(self, epoch: int, step: int) -> None:
        """Begin to iterate at a step. A user's Sampler is asked anew at the start of a pass, but not within one.

        Raises:
            ValueError: the Sampler does not yield the indices that it did when the loaded state was taken.
        """
        number, start = self.place(epoch, step)
        if start == 0:
            self._held.pop(number, None)
        self.places(number)

    def places(self, number: int) -> Places:
        """Return the order of a pass, the same on every rank."""
        if number not in self._held:
            places = self.order.places(number)
            self._check(number, places.samples)
            # An epoch draws ahead into the next pass at most.
            self._held = {held: self._held[held] for held in self._held if held == number - 1}
            self._held[number] = places
        return self._held[number]

    def drawn(self, epoch: int, step: int) -> str | None:
        """Return a digest of the order that the user's Sampler yielded for the pass under way, else None."""
        number, start = self.place(epoch, step)
        if start == 0 or not isinstance(self.order.kind, UserSampler):
            return None
        if number in self._held:
            return digest(self._held[number].samples)
        return self._expected[1] if self._expected is not None and self._expected[0] == number else None

    def expect(self, epoch: int, step: int, drawn: str | None) -> None:
        """Ask a user's Sampler anew, and compare the order of the pass under way with a loaded state's."""
        self._held.clear()
        number, start = self.place(epoch, step)
        self._expected = (number, drawn) if start and drawn is not None else None

    def _check(self, number: int, order: np.ndarray) -> None:
        expected, self._expected = self._expected, None
        if expected is not None and expected[0] == number and expected[1] != digest(order):
            raise ValueError(
                "DataLoader: expected the indices that the sampler yielded when the state was taken, got others; its "
                "indices must depend on set_epoch(epoch) alone: seed its generator there"
            )
