"""Bad samples: how they are found, and what a loader does about them.

=================  =================================================================================================
``retries.py``     wraps a run: retries, replaces bad samples, and finds out why a pipeline failed
``on_error.py``    which samples are bad, and ``on_error``: raise, skip or replace
``fault.py``       ``Fault``: what is wrong with a sample, and whether that may pass
``judge.py``       decodes samples whole, for ``fastmix scan`` and where the GPU's decoder fails
``budget.py``      ``max_bad``: how many bad samples an epoch may have
``quarantine.py``  the known bad samples, in memory and in a file
``errors.py``      ``BadSample`` and ``DataError``
=================  =================================================================================================
"""
