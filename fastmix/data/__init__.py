"""The data loader: order -> source -> graph -> loader, one file each."""

from fastmix.data.errors import BadSample, DataError
from fastmix.data.loader import DataLoader

__all__ = ["BadSample", "DataError", "DataLoader"]
