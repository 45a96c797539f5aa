"""The data loader: order -> source -> graph -> loader, one file each."""

from fastmix.data.errors import BadSample, DataError
from fastmix.data.faults import BadSampleWarning
from fastmix.data.loader import DataLoader
from fastmix.data.stall import StallError, StallWarning

__all__ = ["BadSample", "BadSampleWarning", "DataError", "DataLoader", "StallError", "StallWarning"]
