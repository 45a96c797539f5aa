"""The data loader: order -> source -> graph -> loader, one file each."""

from fastmix.loader.faults.errors import BadSample, DataError
from fastmix.loader.faults.faults import BadSampleWarning
from fastmix.loader.loader import DataLoader
from fastmix.loader.stall import StallError, StallWarning

__all__ = ["BadSample", "BadSampleWarning", "DataError", "DataLoader", "StallError", "StallWarning"]
