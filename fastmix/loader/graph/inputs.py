"""The pipeline's inputs by name, one entry per sample.

====================  ==============================================================================================
``path``              uint8, padded with zeros, where the source delivers paths or ranges
``range``             int64 (6,), bytes in the file at ``path``, as ``fn.fastmix.read`` takes them
``encoded``           uint8, the bytes of an image, where a thread reads them
``pixels``            uint8 (H, W, 3), where the source delivers decoded images
``status``            int32, a :class:`fastmix.dali.Status`: 0 for samples that are tried
``key``               int64 (4,), a row of :class:`fastmix.plan.draw_key.SampleKeys`; only in training
``plan``              int32 (16,), a row of :attr:`fastmix.MixPlan.rows`; only with mixing
``masks``             uint8 (h, w), the sample's mask, empty if it has none; only for plans that may have masks
``sample_plan``       int32 (16 + 4 K,), a row of :attr:`fastmix.augment.SamplePlan.rows`; only with ``augment=``
``sample_plan_0``...  int32 (V, 16 + 4 K), likewise for the views of each size; only with views
``label``             int64, where the graph makes dense targets
``random_state``      uint32 (6,), what a ``dali_augment=`` hook draws from
====================  ==============================================================================================
"""

from __future__ import annotations

from nvidia.dali import fn, types
from nvidia.dali.data_node import DataNode

from fastmix.loader.graph.spec import GraphSpec, ViewCrop

PLAN = "plan"
STATUS = "status"
MASKS = "masks"
RANDOM_STATE = "random_state"
SAMPLE_PLAN = "sample_plan"


def path() -> DataNode:
    """Add paths."""
    return fn.external_source(name="path", dtype=types.UINT8, ndim=1)


def byte_range() -> DataNode:
    """Add ranges of bytes in files."""
    return fn.external_source(name="range", dtype=types.INT64, ndim=1)


def encoded() -> DataNode:
    """Add the bytes of encoded images."""
    return fn.external_source(name="encoded", dtype=types.UINT8, ndim=1)


def status() -> DataNode:
    """Add the statuses that samples have before the graph reads or decodes them."""
    return fn.external_source(name=STATUS, dtype=types.INT32, ndim=0)


def pixels() -> DataNode:
    """Add decoded images."""
    return fn.external_source(name="pixels", dtype=types.UINT8, ndim=3, layout="HWC")


def key() -> DataNode:
    """Add the keys of the samples' draws."""
    return fn.external_source(name="key", dtype=types.INT64, ndim=1)


def random_crop(spec: GraphSpec, shape: DataNode) -> tuple[DataNode, ...]:
    """Draw random resized crops of images: anchor, extent, mirror, and the window's first and last corner as floats."""
    return crop_of_view(spec, shape, key(), ViewCrop(0, spec.scale, spec.ratio))


def crop_of_view(spec: GraphSpec, shape: DataNode, key: DataNode, crop: ViewCrop) -> tuple[DataNode, ...]:
    """Draw the crops of one of several views, from its own numbers."""
    bounds = {"scale": crop.scale, "ratio": crop.ratio}
    given = {name: list(value) for name, value in bounds.items() if value is not None}
    own = key if crop.view == 0 else key + types.Constant([0, 0, 0, crop.view], dtype=types.INT64, device="cpu")
    return tuple(fn.fastmix.random_resized_crop(shape, own, seed=spec.seed, **given))


def plan() -> DataNode:
    """Add the rows of a plan."""
    return fn.external_source(name=PLAN, dtype=types.INT32, ndim=1)


def masks() -> DataNode:
    """Add the masks of a plan."""
    return fn.external_source(name=MASKS, dtype=types.UINT8, ndim=2)


def sample_plan_names(spec: GraphSpec) -> list[str]:
    """Return the names of the inputs with sample plans: one, or with views one for each size."""
    return [f"{SAMPLE_PLAN}_{i}" for i in range(len(spec.views))] or [SAMPLE_PLAN]


def sample_plan(name: str = SAMPLE_PLAN, ndim: int = 1) -> DataNode:
    """Add the rows of a sample plan; with views, ``ndim`` is 2."""
    return fn.external_source(name=name, dtype=types.INT32, ndim=ndim)


def labels() -> DataNode:
    """Add class ids."""
    return fn.external_source(name="label", dtype=types.INT64, ndim=0)


def random_state() -> DataNode:
    """Add the state that the random operators of a ``dali_augment=`` hook start from."""
    return fn.external_source(name=RANDOM_STATE, dtype=types.UINT32, ndim=1)
