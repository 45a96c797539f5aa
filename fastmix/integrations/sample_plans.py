"""Sample plans of batches that any loader yields, for ``prefetch``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastmix.augment import SampleKeys, SamplePlan, SamplePolicy
from fastmix.augment.sample_plan import RESIZE_FILTERS, RESIZE_SHIFT
from fastmix.ops.resample_mix import WindowedImages
from fastmix.plan.draw_key import DrawKey


@dataclass(frozen=True)
class SamplePlanner:
    """Draws sample plans of batches by the place of each sample in the pass."""

    policy: SamplePolicy

    def plan(
        self, images: WindowedImages, size: tuple[int, int], key: DrawKey, first: int, resized: bool
    ) -> SamplePlan:
        """Draw the plan of a batch.

        Args:
            images: the batch.
            size: height and width of the output, in pixels.
            key: of the batch; its step is not used.
            first: how many samples came before in this pass.
            resized: whether images of this size come in, which only a policy with windows resizes again.

        Raises:
            ValueError: the batch sets what the policy sets.
        """
        windows = "window" in self.policy.sets()
        if windows and images.windows is not None:
            raise ValueError("prefetch: expected WindowedImages without windows for augment with a window, got some")
        for name, value, default in (("filter", images.filter, "bilinear"), ("edges", images.edges, "crop")):
            if value != default:
                raise ValueError(
                    f"prefetch: expected WindowedImages with {name}={default!r} with augment, got {value!r}; "
                    "RandomResizedCrop sets it"
                )
        samples = first + np.arange(len(images.images))
        sizes = np.array([image.shape[:2] for image in images.images]).reshape(-1, 2)
        plan = self.policy.at(key.epoch).plan(SampleKeys(key.seed, key.epoch, samples, view=key.rank), size, sizes)
        if resized and not windows:
            # The nearest pixel is a copy.
            plan.rows[:, 1] &= ~(15 << RESIZE_SHIFT)
            plan.rows[:, 1] |= RESIZE_FILTERS.index("nearest") << RESIZE_SHIFT
        return plan
