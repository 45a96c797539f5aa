"""Check and measure on a machine with a GPU: ``python -m benchmarks.gpu --help``.

====================  ================================================================================================
``__main__.py``       the command
``steps.py``          the steps and their groups, most valuable first
``runner.py``         runs steps with limits, streams their logs, packs the results
``prebuilt.py``       collects built libraries, and installs them on another machine
``options.py``        the command line and the JSON of the measuring steps
``exercise.py``       runs every operator once, for compute-sanitizer and ncu
``same_bits.py``      compares CPU and GPU bit for bit
``mixing.py``         times batches mixed in memory
``pixels.py``         times the way from decoded pixels to the batch
``variants.py``       times ``mix_`` with the libraries of variants of the launches
``decoder_order.py``  counts the batches that the GPU's decoder overwrites too early
``torch_rivals.py``   rivals of ``mixing.py``: torch, compiled torch, timm, torchvision, kornia
``dali_rivals.py``    rivals of ``pixels.py``: DALI
``clock.py``          times a GPU without the host and without the cache
====================  ================================================================================================
"""
