"""``plan_arguments``: a plan as the arguments of the operators ``mix`` and ``resample_mix``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fastmix.plan.mix_plan import MixPlan

_DTYPES = {
    "partner": np.int32,
    "weight_in": np.float32,
    "weight_out": np.float32,
    "box": np.int32,
    "label_weight": np.float32,
}


def plan_arguments(plan: MixPlan) -> dict[str, np.ndarray]:
    """Return a plan as keyword arguments of ``fn.fastmix.mix`` and ``fn.fastmix.resample_mix``, one entry per sample.

    Equivalent to ``{name: numpy.asarray(getattr(plan, name)) for name in (...)}``, without a copy where the dtypes
    are right already. In a pipeline each array is what a batch-mode ``fn.external_source`` returns; in dynamic mode
    pass ``ndd.as_batch(array)``.

    Args:
        plan: For B samples.

    Returns:
        ``partner`` int32 (B,), ``weight_in``, ``weight_out`` and ``label_weight`` float32 (B,), ``box`` int32 (B, 4)
        in pixels, C-contiguous.

    Raises:
        ValueError: The plan has masks.
    """
    if plan.mask is not None:
        raise ValueError(
            "plan_arguments: expected a plan of boxes and weights, got one with masks, which the DALI operators do not "
            "take; mix after the pipeline with fastmix.mix_() or fastmix.integrations.prefetch()"
        )
    return {name: np.ascontiguousarray(getattr(plan, name), dtype=dtype) for name, dtype in _DTYPES.items()}
