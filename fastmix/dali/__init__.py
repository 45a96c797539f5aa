"""fastmix's operators for NVIDIA DALI. Importing this imports no DALI: :func:`load` does, and adds ``fn.fastmix``.

=============  =====================================================================================================
``plugin.py``  ``load``: loads the operators into the DALI that they were built against
``plans.py``   ``plan_arguments``: a plan as the arguments that the operators take
=============  =====================================================================================================
"""

from fastmix.dali.plans import plan_arguments
from fastmix.dali.plugin import decodes_jpeg, load

__all__ = ["decodes_jpeg", "load", "plan_arguments"]
