"""The data loader: for every step, ``epoch.py`` calls draft, run and finish.

==================  ================================================================================================
``loader.py``       ``DataLoader``: checks arguments and puts the parts together
``from_recipe.py``  what ``recipe=`` sets and what of it is refused
``resizing.py``     sizes by epoch
``face.py``         attributes and smaller methods of ``DataLoader``
``settings.py``     checks of arguments that only ``DataLoader`` has
``torch_names.py``  torch's arguments and attributes, and what they mean here
``other_names.py``  arguments of other loaders, and which of ours stands for each
``dataset_view.py`` ``loader.dataset``
``epoch.py``        ``EpochIterator``: one pass over the data
``passes.py``       maps the loop's epochs to passes over the data
``order.py``        divides an epoch's order into steps and ranks
``places.py``       which sample comes at each place of an epoch, and how often it came before
``repeated.py``     repeated augmentation: each sample several times in a batch
``sampling.py``     the orders themselves: random, balanced, by class, the user's
``augmenting.py``   checks ``augment=`` and takes it apart: windows for the graph, the rest for drafts
``viewing.py``      checks ``views=``, and draws the plans of several views of each image
``drafts.py``       draft: which samples a step has, and how they are mixed
``under_way.py``    run: the steps under way in reading threads and in DALI
``batches.py``      finish: the graph's inputs for a step, and the batch from its outputs
``targets.py``      the targets of a batch
``threads.py``      threads that end with their owner
``step.py``         ``Draft`` and ``Step``: a step as data
``progress.py``     the consumer's position, which outlives iterators
``preview.py``      draws a batch
``figure.py``       a matplotlib figure that notebooks show
``unprepared.py``   refuses and warns of what accelerate does with a loader that it does not know
``restarts.py``     warns of loops that see the same batches again
``state.py``        ``state_dict`` and ``load_state_dict``
``stall.py``        waits that warn and time out
``faults/``         bad samples: wraps run
``graph/``          the DALI graph and the queue that runs it
``sources/``        where samples come from: one file per kind
==================  ================================================================================================
"""

from fastmix.loader.faults.errors import BadSample, DataError
from fastmix.loader.faults.on_error import BadSampleWarning
from fastmix.loader.loader import DataLoader
from fastmix.loader.restarts import RestartWarning
from fastmix.loader.stall import StallError, StallWarning

__all__ = [
    "BadSample",
    "BadSampleWarning",
    "DataError",
    "DataLoader",
    "RestartWarning",
    "StallError",
    "StallWarning",
]
