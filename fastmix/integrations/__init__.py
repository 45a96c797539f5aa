"""Use fastmix in existing training loops and data loaders.

===================  ===============================================================================================
``prefetch.py``      ``prefetch``: wraps any loader; copies, normalises and mixes one batch ahead
``sample_plans.py``  the sample plans of ``prefetch``
``mixer.py``         ``Mixer``: a batch transform that counts steps
``timm.py``          timm's ``Mixup`` and ``FastCollateMixup``, same arguments and calls
``torchvision.py``   torchvision's ``MixUp`` and ``CutMix``, same arguments and calls
``accelerate.py``    ``prepare``: tells accelerate where a loader ends; imported by its user only
``transformers.py``  dict batches, soft loss and the loader's state for the Hugging Face Trainer; likewise
``steps.py``         counts the calls of the drop-ins
===================  ===============================================================================================
"""
