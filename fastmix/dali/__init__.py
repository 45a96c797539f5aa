"""fastmix's operators for NVIDIA DALI. Importing this imports no DALI: :func:`load` does, and adds ``fn.fastmix``.

===============  ===================================================================================================
``packages.py``  DALI's packages, the extras that install them, and their drivers
``pillow.py``    ``pillow_decoder``: decodes GIF, AVIF and JPEG 2000
``plugin.py``    ``load``: loads the operators into the DALI that they were built against
``status.py``    ``Status``: what became of one sample
===============  ===================================================================================================
"""

from fastmix.dali.pillow import pillow_decoder
from fastmix.dali.plugin import decodes_jpeg, load, reports_status
from fastmix.dali.status import Status

__all__ = ["Status", "decodes_jpeg", "load", "pillow_decoder", "reports_status"]
