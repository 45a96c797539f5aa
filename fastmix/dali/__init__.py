"""fastmix's operators for NVIDIA DALI: ``fn.fastmix.mix`` and ``fn.fastmix.random_resized_crop``.

Importing this module imports neither DALI nor the operators: :func:`load` does both.
"""

from fastmix.dali.plans import plan_arguments
from fastmix.dali.plugin import decodes_jpeg, load, reports_status
from fastmix.dali.status import Status

__all__ = ["Status", "decodes_jpeg", "load", "plan_arguments", "reports_status"]
