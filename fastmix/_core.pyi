"""Types of the pybind11 module that csrc/python/*.cc define; tests/plan/test_core_types.py compares the two."""

from collections.abc import Sequence
from typing import ClassVar, Self, TypeAlias, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Range: TypeAlias = tuple[float, float]
_Ints: TypeAlias = NDArray[np.int32]
_Floats: TypeAlias = NDArray[np.float32]
_Bytes: TypeAlias = NDArray[np.uint8]

MAX_WAYS: int
MULTIWAY_HEADER: int
PAIR_HEADER: int
SAMPLE_HEADER: int
SAMPLE_OPERATIONS: list[str]

class _Enum:
    """The part that pybind11's enums share; they do not derive from enum.Enum."""

    __members__: ClassVar[dict[str, Self]]
    def __init__(self, value: int) -> None: ...
    def __int__(self) -> int: ...
    def __index__(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...

class Kind(_Enum):
    mixup: ClassVar[Kind]
    cutmix: ClassVar[Kind]
    hmix: ClassVar[Kind]
    gridmix: ClassVar[Kind]
    smoothmix: ClassVar[Kind]
    gmix: ClassVar[Kind]
    fmix: ClassVar[Kind]

class Per(_Enum):
    batch: ClassVar[Per]
    pair: ClassVar[Per]
    sample: ClassVar[Per]

class Pairing(_Enum):
    permutation: ClassVar[Pairing]
    neighbor: ClassVar[Pairing]
    flip: ClassVar[Pairing]
    roll: ClassVar[Pairing]
    derangement: ClassVar[Pairing]
    matching: ClassVar[Pairing]
    same_class: ClassVar[Pairing]
    different_class: ClassVar[Pairing]

class Law(_Enum):
    beta: ClassVar[Law]
    uniform: ClassVar[Law]
    fixed: ClassVar[Law]
    uniform_side: ClassVar[Law]

class Fold(_Enum):
    none: ClassVar[Fold]
    max: ClassVar[Fold]
    min: ClassVar[Fold]

class Placement(_Enum):
    clipped: ClassVar[Placement]
    coverage: ClassVar[Placement]
    inside: ClassVar[Placement]
    min_max: ClassVar[Placement]
    fixed: ClassVar[Placement]
    rows: ClassVar[Placement]
    columns: ClassVar[Placement]
    frames: ClassVar[Placement]
    cuboid: ClassVar[Placement]

class SampleLaw(_Enum):
    uniform: ClassVar[SampleLaw]
    log_uniform: ClassVar[SampleLaw]
    normal: ClassVar[SampleLaw]
    dirichlet: ClassVar[SampleLaw]

class WeightLaw:
    def __init__(self, law: Law, a: float, b: float, fold: Fold, clamp: _Range) -> None: ...

class BoxRule:
    def __init__(self, placement: Placement, sides: _Range, fixed: Sequence[int]) -> None: ...

class MaskRule:
    def __init__(
        self,
        holes: tuple[int, int] = (20, 20),
        hole_aspect: _Range = (1.0, 1.0),
        crop_area: _Range = (1.0, 1.0),
        crop_aspect: _Range = (1.0, 1.0),
        sigma: _Range = (0.25, 0.5),
        decay: float = 3.0,
        softness: float = 0.0,
    ) -> None: ...

class Policy:
    def __init__(
        self,
        kind: Kind,
        weight: WeightLaw,
        prob: float,
        per: Per,
        box: BoxRule,
        inside: WeightLaw,
        box_share: float,
        mask: MaskRule,
    ) -> None: ...

class DrawKey:
    def __init__(self, seed: int, epoch: int, step: int, rank: int, offset: int) -> None: ...

class Choice:
    def __init__(self, policies: Sequence[Policy], p: Sequence[float], per: Per, pairing: Pairing) -> None: ...
    def draw(
        self,
        batch: int,
        image: Sequence[int],
        key: DrawKey,
        groups: ArrayLike,
        partner: ArrayLike,
    ) -> tuple[_Ints, _Bytes | None]:
        """Return (rows, masks) of one batch: int32 (B, 16), and uint8 (M, T, H, W) where a policy draws masks."""

class DirichletPolicy:
    def __init__(self, alpha: Sequence[float], prob: float, per: Per) -> None: ...
    def draw(self, batch: int, key: DrawKey) -> _Ints:
        """Return rows int32 (B, 16) of one batch."""

class CropSpec:
    def __init__(self, scale: _Range, ratio: _Range, mirror_prob: float) -> None: ...

class _BuildInfo(TypedDict):
    cpu: str
    cuda: str
    cuda_archs: str
    compiler: str

def validate_plan(rows: ArrayLike, masks: Sequence[int], height: int, width: int, in_place: bool) -> None: ...
def mask_label_weights(masks: ArrayLike, image: Sequence[int], inside: float, outside: float) -> _Floats: ...
def weighted_partners(weights: ArrayLike, key: DrawKey) -> _Ints: ...
def resident_plan_rows(batch: int) -> int: ...
def pack_resident_plan(
    rows: ArrayLike, masks: Sequence[int], mirror: ArrayLike | None, height: int, width: int, to: _Ints
) -> None: ...
def random_resized_crop(
    spec: CropSpec, sizes: ArrayLike, seed: int, keys: ArrayLike
) -> tuple[_Ints, NDArray[np.bool_]]: ...
def sample_draws(
    law: SampleLaw, a: float, b: float, count: int, seed: int, keys: ArrayLike, variant: int
) -> NDArray[np.float64]: ...
def epoch_order(count: int, seed: int, epoch: int) -> NDArray[np.int64]: ...
def build_info() -> _BuildInfo: ...
def sample_statuses() -> list[tuple[str, str, str]]: ...
def end_without_destructors() -> None: ...
def hold_returning_threads() -> None: ...
