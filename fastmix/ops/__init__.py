"""Operators that apply a plan. None of them draws a random number.

=====================  =============================================================================================
``mix.py``             ``mix_`` in place, ``mix`` into a new tensor, ``regmixup``
``normalize_mix.py``   ``normalize_mix``: uint8 batches to training batches
``resample_mix.py``    ``resample_mix``: lists of decoded images to training batches
``resize_mix.py``      ``resize_mix``: the whole partner, resized, in the box
``labels.py``          ``mix_labels``, ``mix_values``
``targets.py``         the forms that ``targets=`` names: dense, ``pair_labels``, by index
``segmentation.py``    ``mix_segmentation``: maps of class ids
``label_weights.py``   label weights of Remix and TransMix
``losses.py``          ``mix_loss`` and ``mix_accuracy``, without dense targets
``reference.py``       each operator again in plain torch, for tests and for reading
``checks.py``          what operators refuse
``registration.py``    ``torch.ops.fastmix``: fake kernels and gradients
``library.py``         finds and loads the native library
=====================  =============================================================================================
"""
