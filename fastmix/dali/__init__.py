"""fastmix's operators for NVIDIA DALI: ``fn.fastmix.mix`` and ``fn.fastmix.random_resized_crop``.

Importing this module imports neither DALI nor the operators: :func:`load` does both.
"""

from fastmix.dali.plugin import decodes_jpeg, load

__all__ = ["decodes_jpeg", "load"]
