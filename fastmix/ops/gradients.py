"""Differentiate ``mix``: backward, forward-mode and under :mod:`torch.func`, any number of times.

``mix`` and ``mix_backward`` are linear in their tensors, and ``mix_backward`` is the transpose of ``mix``. So the
gradient of ``mix`` is ``mix_backward``, and the gradient of ``mix_backward`` is ``mix``. The tangent of either operator
is the operator itself, applied to tangents.

torch.library.register_autograd serves autograd and torch.compile. It supports neither torch.func nor forward mode, for
which ``_Mix`` and ``_MixBackward`` have the same formulas.
"""

# ruff: noqa: ARG001, ARG004  (torch fixes these signatures)

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function, forward_ad

from fastmix.ops import registration as _ops


def is_transformed(*tensors: Tensor) -> bool:
    """Return whether any tensor is inside a torch.func transform; torch has no public function for this."""
    return any(torch._C._functorch.is_functorch_wrapped_tensor(tensor) for tensor in tensors)


def has_tangent(tensor: Tensor | None) -> bool:
    """Return whether a tensor carries a tangent of forward-mode AD.

    Raises:
        NotImplementedError: torch.compile traces while forward-mode AD is active. The result's tangent would wrongly
            be 0.
    """
    if tensor is None or not tensor.is_floating_point():
        return False
    if torch.compiler.is_compiling():
        if forward_ad._current_level >= 0:
            raise NotImplementedError(
                "fastmix: expected forward-mode AD (torch.func.jvp, jacfwd) of mix outside of torch.compile, got it "
                "inside; leave fullgraph=True out"
            )
        return False
    return forward_ad.unpack_dual(tensor).tangent is not None


def mix(
    images: Tensor,
    plan: Tensor,
    masks: Tensor | None = None,
    other: Tensor | None = None,
    with_clean: bool = False,
    multiway: bool = False,
) -> Tensor:
    """Call ``torch.ops.fastmix.mix`` with derivatives in reverse mode, forward mode and ``torch.func``.

    ``other`` may have any memory format.
    """
    if other is not None:
        other = _ops.samples_like(images, other)
    function = _Mix.apply if _needs_function(images, other) else _ops.mix
    return function(images, plan, masks, other, with_clean, multiway)


def _mix_backward(
    grad: Tensor, plan: Tensor, masks: Tensor | None, inputs: int, of_other: bool = False, multiway: bool = False
) -> Tensor:
    function = _MixBackward.apply if _needs_function(grad) else _ops.mix_backward
    return function(grad, plan, masks, inputs, of_other, multiway)


def _needs_function(tensor: Tensor, other: Tensor | None = None) -> bool:
    if not tensor.is_floating_point():
        return False
    transformed = not torch.compiler.is_compiling() and is_transformed(tensor, *[] if other is None else [other])
    return transformed or has_tangent(tensor) or has_tangent(other)


def _argument(inputs: tuple[Any, ...], place: int, default: Any) -> Any:
    return inputs[place] if len(inputs) > place else default


def _save_plan(ctx: Any, inputs: tuple[Any, ...]) -> None:
    # Clone the plan: the caller may edit it between forward and backward.
    saved = inputs[1].clone(), _argument(inputs, 2, None)
    ctx.save_for_backward(*saved)
    ctx.save_for_forward(*saved)


def _save_mix(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    other = _argument(inputs, 3, None)
    ctx.with_clean, ctx.multiway = _argument(inputs, 4, False), _argument(inputs, 5, False)
    ctx.inputs = inputs[0].shape[0] if ctx.multiway else -1 if other is None else other.shape[0]
    _save_plan(ctx, inputs)


def _backward_of_mix(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    plan, masks = ctx.saved_tensors
    clean = None
    if ctx.with_clean and grad.shape[0]:
        clean, grad = grad.chunk(2)
    of_images = of_other = None
    if ctx.needs_input_grad[0]:
        of_images = _mix_backward(grad, plan, masks, ctx.inputs, multiway=ctx.multiway)
        of_images = of_images if clean is None else clean + of_images
    if not ctx.multiway and ctx.inputs != -1 and ctx.needs_input_grad[3]:
        of_other = _mix_backward(grad, plan, masks, ctx.inputs, of_other=True)
    return of_images, None, None, of_other, None, None


def _save_mix_backward(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.inputs, ctx.of_other = _argument(inputs, 3, -1), _argument(inputs, 4, False)
    ctx.multiway = _argument(inputs, 5, False)
    _save_plan(ctx, inputs)


def _backward_of_mix_backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    plan, masks = ctx.saved_tensors
    if ctx.multiway:
        result = mix(grad, plan, multiway=True)
    elif ctx.inputs == -1:
        result = mix(grad, plan, masks)
    elif ctx.of_other:
        result = mix(grad.new_zeros((plan.shape[0], *grad.shape[1:])), plan, masks, grad)
    else:
        result = _mix_backward(grad, plan, masks, ctx.inputs)
    return result, None, None, None, None, None


torch.library.register_autograd("fastmix::mix", _backward_of_mix, setup_context=_save_mix)
torch.library.register_autograd("fastmix::mix_backward", _backward_of_mix_backward, setup_context=_save_mix_backward)


class _Mix(Function):
    generate_vmap_rule = True
    setup_context = staticmethod(_save_mix)
    backward = staticmethod(_backward_of_mix)

    @staticmethod
    def forward(
        images: Tensor, plan: Tensor, masks: Tensor | None, other: Tensor | None, with_clean: bool, multiway: bool
    ) -> Tensor:
        return _ops.mix(images, plan, masks, other, with_clean, multiway)

    @staticmethod
    def jvp(ctx: Any, images: Tensor, _: None, __: None, other: Tensor | None, *options: None) -> Tensor:
        plan, masks = ctx.saved_tensors
        return mix(images, plan, masks, other, ctx.with_clean, ctx.multiway)


class _MixBackward(Function):
    generate_vmap_rule = True
    setup_context = staticmethod(_save_mix_backward)
    backward = staticmethod(_backward_of_mix_backward)

    @staticmethod
    def forward(
        grad: Tensor, plan: Tensor, masks: Tensor | None, inputs: int, of_other: bool, multiway: bool
    ) -> Tensor:
        return _ops.mix_backward(grad, plan, masks, inputs, of_other, multiway)

    @staticmethod
    def jvp(ctx: Any, grad: Tensor, *others: None) -> Tensor:
        plan, masks = ctx.saved_tensors
        return _mix_backward(grad, plan, masks, ctx.inputs, ctx.of_other, ctx.multiway)
