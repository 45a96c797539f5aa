"""The DALI graph from samples to training batches, and the queue that runs it.

===================  ===============================================================================================
``spec.py``          ``GraphSpec``: what a graph computes, as plain data
``evaluation.py``    ``EvaluationView``: what evaluation shows of an image
``builder.py``       builds the DALI pipeline of a spec
``inputs.py``        the pipeline's inputs by name: paths or bytes, keys of crops, plans, labels
``samples.py``       the graph's encoded samples: bytes, sizes and statuses
``views.py``         several views of each image from one decode
``decode.py``        the default first part: decoded images, each with its window
``dali_resize.py``   the other first part: DALI's crop and resize, for ``resampler="dali"`` and ``dali_augment=``
``outputs.py``       the pipeline's outputs as torch tensors, and what became of the samples
``keyed_random.py``  random numbers of a ``dali_augment=`` hook as a function of (seed, epoch, step)
``dali_queue.py``    ``DaliQueue``: batches under way in a pipeline
``dali_private.py``  what fastmix uses of DALI's private interfaces, and why
===================  ===============================================================================================
"""
