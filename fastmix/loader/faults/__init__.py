"""Bad samples: how they are found, and what a loader does about them.

=================  =================================================================================================
``recovery.py``    wraps a run: finds out why it failed, and runs the step again
``faults.py``      which samples are bad, and ``on_error``: raise, skip or replace
``probe.py``       decodes samples whole, to find the bad ones and their faults
``budget.py``      ``max_bad``: how many bad samples an epoch may have
``quarantine.py``  the known bad samples, in memory and in a file
``errors.py``      ``BadSample`` and ``DataError``
=================  =================================================================================================
"""
