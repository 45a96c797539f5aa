"""Use fastmix in existing training loops and data loaders.

===================  ===============================================================================================
``prefetch.py``      ``prefetch``: wraps any loader; copies, normalises and mixes one batch ahead
``mixer.py``         ``Mixer``: a batch transform that counts steps
``cuda_graphs.py``   plans in device memory, for captured CUDA graphs
``timm.py``          timm's ``Mixup`` and ``FastCollateMixup``, same arguments and calls
``torchvision.py``   torchvision's ``MixUp`` and ``CutMix``, same arguments and calls
``steps.py``         counts the calls of the drop-ins
===================  ===============================================================================================
"""
