"""Everything that fastmix uses of DALI's private Python interfaces, and why; a new version of DALI is checked here."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Callable, Iterator
from typing import Any

from nvidia.dali import Pipeline, fn, ops
from nvidia.dali.data_node import DataNode
from nvidia.dali.pipeline import do_not_convert

from fastmix import _core

_lock = threading.Lock()


# fn._conditional: DALI offers conditionals only as ``if`` statements of functions that it converts.
def split(node: DataNode, where: DataNode) -> tuple[DataNode, DataNode]:
    """Divide a batch into the samples where ``where`` is true, and the others.

    Nothing is copied, and operators do not run for a part without samples.
    """
    return tuple(fn._conditional.split(node, predicate=where, _if_stmt=True))


def merge(true: DataNode, false: DataNode, where: DataNode) -> DataNode:
    """Put the parts of :func:`split` together again."""
    return fn._conditional.merge(true, false, predicate=where)


# ops._OperatorInstance: DALI has no public way to give operators that someone else adds another argument.
@do_not_convert
@contextlib.contextmanager
def changed_operators(change: Callable[[Any, str, dict], dict]) -> Iterator[None]:
    """Pass the argument inputs of every operator that is added meanwhile through ``change``.

    Args:
        change: takes the operator's schema, its name and its argument inputs, and returns the argument inputs.
    """

    class Changed(ops._OperatorInstance):
        def __init__(self, inputs, arg_inputs, arguments, processed_arguments, op) -> None:
            arg_inputs = change(op.schema, op._operator_name(), arg_inputs)
            super().__init__(inputs, arg_inputs, arguments, processed_arguments, op)

    with _lock:
        plain, ops._OperatorInstance = ops._OperatorInstance, Changed
        try:
            yield
        finally:
            ops._OperatorInstance = plain


# pipeline._pipe: DALI joins a pipeline's threads when its handle goes, also if one of them never comes back.
def never_shut_down(pipeline: Pipeline) -> None:
    """Keep a pipeline's threads from being joined, now and when the interpreter ends."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(pipeline._pipe))
    pipeline._pipe = None


def give_up(pipeline: Pipeline) -> None:
    """Leave a pipeline that does not return to its threads, for good.

    They still run when the process ends, so destructors of C++ libraries would free what they use.
    """
    never_shut_down(pipeline)
    _core.end_without_destructors()


def shut_down(pipeline: Pipeline) -> None:
    """Join a pipeline's threads now, whoever else still refers to it: the traceback of its failure does."""
    pipeline._pipe = None


def has_handle(pipeline: Pipeline) -> bool:
    """Whether the pipeline can still run: not after :func:`never_shut_down`."""
    return pipeline._pipe is not None
