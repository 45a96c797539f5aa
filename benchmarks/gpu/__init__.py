"""Build, test, check and measure on a machine with a GPU: ``python -m benchmarks.gpu --help``.

===================  =================================================================================================
``__main__.py``      the command
``parts.py``         its parts: build, tests, sanitizer, equal bits, counters, timings
``exercise.py``      runs every operator once, for compute-sanitizer and ncu
``same_bits.py``     compares CPU and GPU bit for bit
``mixing.py``        times batches mixed in memory
``pixels.py``        times the way from decoded pixels to the batch
``torch_rivals.py``  rivals of ``mixing.py``: torch, compiled torch, timm, torchvision, kornia
``dali_rivals.py``   rivals of ``pixels.py``: DALI
``clock.py``         times a GPU without the host
===================  =================================================================================================
"""
