"""Apply plans to images and labels. No operator draws a random number.

=====================  =============================================================================================
``mix.py``             ``mix_`` in place, ``mix`` into a new tensor, ``regmixup``
``normalize_mix.py``   ``normalize_mix``: a uint8 batch to a training batch
``resample.py``        ``resample``: decoded images of any sizes to a uint8 batch, with Pillow's bits
``resample_mix.py``    ``resample_mix``: decoded images of any sizes to a training batch
``augment.py``         ``augment_`` in place, ``augment`` into a new tensor: each sample has its own operations
``labels.py``          ``mix_labels``, ``mix_values``
``targets.py``         the forms that ``targets=`` names: dense, ``pair_labels``, by index
``segmentation.py``    ``mix_segmentation``: segmentation maps
``label_weights.py``   ``remix_label_weight`` and ``attention_label_weight``
``losses.py``          ``mix_loss`` and ``mix_accuracy`` without dense targets
``reference.py``       the operators except ``resample`` and ``resample_mix`` in plain torch, with the same bits
``sources.py``         the arguments that ``resample`` and ``resample_mix`` share
``checks.py``          argument checks that several operators share
``partners.py``        the rows that partners refer to, and the check of ``other=``
``registration.py``    ``torch.ops.fastmix``: names, fake kernels, ``mix_`` under autograd
``gradients.py``       ``mix`` under autograd, forward mode and torch.func
``batching.py``        the operators under vmap
``library.py``         finds and loads the native library
=====================  =============================================================================================
"""
