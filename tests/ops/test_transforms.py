"""Every operator under every transform of torch: right values, or one error that says what to do."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import torch
from support import changed, random_plan, same_bits
from torch import Tensor
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vmap

import fastmix as fm
from fastmix.ops.reference import (
    combine_reference,
    mix_labels_reference,
    mix_reference,
    normalize_mix_reference,
)

B, C, H, W, CLASSES = 3, 2, 4, 3, 5
GENERATOR = torch.Generator().manual_seed(5)
PLAN = random_plan(B, H, W, GENERATOR, "cycle")
REPEATS = random_plan(B, H, W, GENERATOR, "repeats")
OF_OTHERS = fm.MixPlan.mixup([3, 0, 3], [0.25, 0.5, 1.0])
MASKED = fm.GMix(per="sample").plan(B, (H, W), seed=2)
CUT = fm.CutMix(per="sample").plan(B, (H, W), seed=1)
MULTIWAY = fm.DirichletMix(3).plan(B, seed=4)
IMAGES = torch.rand(B, C, H, W, generator=GENERATOR, dtype=torch.float64)
OTHERS = torch.rand(4, C, H, W, generator=GENERATOR, dtype=torch.float64)
PIXELS = torch.randint(0, 256, (B, H, W, 3), generator=GENERATOR, dtype=torch.uint8)
IDS = torch.tensor([4, 0, 2])
DENSE = torch.rand(B, CLASSES, generator=GENERATOR, dtype=torch.float64)
MAPS = torch.randint(0, CLASSES, (B, H, W), generator=GENERATOR)
IN_PLACE = {
    "grad": (RuntimeError, r"use mix\(\)"),
    "jacrev": (RuntimeError, r"use mix\(\)"),
    "jacfwd": (NotImplementedError, r"use mix\(\)"),
}
STORED = (ValueError, r"use images.resolve_neg\(\)")
DERIVATIVES = ("grad", "jacrev", "jacfwd")
NO_PIXELS = dict.fromkeys(DERIVATIVES, (TypeError, r"dtype torch.uint8.*use mix\(\)"))
NO_IDS = dict.fromkeys(DERIVATIVES, (TypeError, "class ids .* of an integer dtype or dense floating labels"))
NO_MAPS = dict.fromkeys(DERIVATIVES, (TypeError, r"integer dtype.*use mix\(\)"))


@dataclass(frozen=True)
class Case:
    call: Callable[[Tensor], Tensor]
    twin: Callable[[Tensor], Tensor]
    values: Tensor
    refused: dict[str, tuple[type[Exception], str]] = field(default_factory=dict)


def blend(values: Tensor) -> Tensor:
    """Dense labels mixed by the plan's label weights."""
    weight = PLAN.label_weight.to(values.dtype)[:, None]
    return weight * values + (1 - weight) * values[PLAN.partner.long()]


def loss(logits: Tensor) -> Tensor:
    return torch.nn.functional.cross_entropy(logits, mix_labels_reference(IDS, PLAN, CLASSES).to(logits.dtype))


def one_hot(maps: Tensor) -> Tensor:
    return (maps[:, None] == torch.arange(CLASSES)[:, None, None]).to(torch.float32)


def rows(ids: Tensor) -> Tensor:
    return one_hot(ids[:, None, None])[..., 0, 0]


def resampled(pixels: Tensor) -> Tensor:
    # With the nearest pixel, an output of the image's size is the image.
    return fm.resample_mix(list(pixels.unbind()), None, PLAN, size=(H, W), filter="nearest")


CASES = {
    "mix_": Case(
        lambda x: fm.mix_(x.clone() if not x.is_neg() else x, PLAN),
        lambda x: mix_reference(x, PLAN),
        IMAGES,
        {**IN_PLACE, "negated": STORED, "conjugated part": STORED},
    ),
    "mix_ other": Case(
        lambda x: fm.mix_(x.clone(), OF_OTHERS, other=x.flip(0).repeat(2, 1, 1, 1)[:4]),
        lambda x: mix_reference(x, OF_OTHERS, x.flip(0).repeat(2, 1, 1, 1)[:4]),
        IMAGES,
        IN_PLACE,
    ),
    "mix": Case(lambda x: fm.mix(x, PLAN), lambda x: mix_reference(x, PLAN), IMAGES),
    "mix repeats": Case(lambda x: fm.mix(x, REPEATS), lambda x: mix_reference(x, REPEATS), IMAGES),
    "mix masked": Case(lambda x: fm.mix(x, MASKED), lambda x: mix_reference(x, MASKED), IMAGES),
    "mix into others": Case(
        lambda x: fm.mix(x, OF_OTHERS, other=OTHERS), lambda x: mix_reference(x, OF_OTHERS, OTHERS), IMAGES
    ),
    "mix of others": Case(
        lambda x: fm.mix(IMAGES, OF_OTHERS, other=x), lambda x: mix_reference(IMAGES, OF_OTHERS, x), OTHERS
    ),
    "mix both": Case(
        lambda x: fm.mix(x[:B], OF_OTHERS, other=x.sin()),
        lambda x: mix_reference(x[:B], OF_OTHERS, x.sin()),
        OTHERS,
    ),
    "mix multiway": Case(lambda x: fm.mix(x, MULTIWAY), lambda x: combine_reference(x, MULTIWAY), IMAGES),
    "mix pixels": Case(
        lambda x: fm.mix(x, PLAN),
        lambda x: mix_reference(x, PLAN),
        PIXELS.permute(0, 3, 1, 2),
    ),
    "regmixup": Case(lambda x: fm.regmixup(x, MASKED), lambda x: torch.cat((x, mix_reference(x, MASKED))), IMAGES),
    "normalize_mix": Case(
        lambda x: fm.normalize_mix(x, MASKED, mirror=[True, False, True]),
        lambda x: normalize_mix_reference(x, MASKED, mirror=[True, False, True]),
        PIXELS,
        NO_PIXELS,
    ),
    "resample_mix": Case(
        resampled,
        lambda x: normalize_mix_reference(x, PLAN),
        PIXELS,
        NO_PIXELS,
    ),
    "mix_labels": Case(
        lambda x: fm.mix_labels(x, PLAN, CLASSES, 0.1),
        lambda x: mix_labels_reference(x, PLAN, CLASSES, 0.1),
        IDS,
        NO_IDS,
    ),
    "mix_labels other": Case(
        lambda x: fm.mix_labels(x, OF_OTHERS, CLASSES, other=x.flip(0).repeat(2)[:4]),
        lambda x: fm.mix_labels(rows(x), OF_OTHERS, other=rows(x.flip(0).repeat(2)[:4])),
        IDS,
        NO_IDS,
    ),
    "mix_labels dense": Case(lambda x: fm.mix_labels(x, PLAN), lambda x: blend(x).to(torch.float32), DENSE),
    "mix_labels multiway": Case(
        lambda x: fm.mix_labels(x, MULTIWAY, CLASSES),
        lambda x: combine_reference(rows(x).double(), MULTIWAY).float(),
        IDS,
        NO_IDS,
    ),
    "mix_values": Case(lambda x: fm.mix_values(x, PLAN), blend, DENSE),
    "mix_values multiway": Case(lambda x: fm.mix_values(x, MULTIWAY), lambda x: combine_reference(x, MULTIWAY), DENSE),
    "mix_segmentation": Case(
        lambda x: fm.mix_segmentation(x, CUT),
        lambda x: mix_reference(x.to(torch.float64)[:, None], CUT)[:, 0].to(torch.int64),
        MAPS,
        NO_MAPS,
    ),
    "mix_segmentation dense": Case(
        lambda x: fm.mix_segmentation(x, PLAN, CLASSES),
        lambda x: mix_reference(one_hot(x), PLAN),
        MAPS,
        NO_MAPS,
    ),
    "mix_loss": Case(lambda x: fm.mix_loss(torch.nn.functional.cross_entropy, x, IDS, PLAN), loss, DENSE),
}


def under(transform: str, case: Case) -> None:
    """Compare an operator under a transform with its twin in plain torch."""
    call, values = case.call, case.values
    if transform == "grad":
        values = values.to(torch.float64, copy=True)
        scale = torch.rand(case.twin(case.values).shape, generator=GENERATOR, dtype=torch.float64)
        found = grad(lambda x: (call(x) * scale).sum())(values)
        (case.twin(values.requires_grad_()) * scale).sum().backward()
        torch.testing.assert_close(found, values.grad)
    elif transform in ("jacrev", "jacfwd"):
        differentiate = jacrev if transform == "jacrev" else jacfwd
        values = values.to(torch.float64)
        found = differentiate(call)(values)
        jacobian = torch.autograd.functional.jacobian(case.twin, values)
        torch.testing.assert_close(found, jacobian, check_dtype=False)
    elif transform == "vmap":
        batches = torch.stack((values, values.flip(0), values), 1)
        expected = torch.stack([case.twin(x) for x in batches.unbind(1)])
        found = vmap(call, in_dims=1)(batches)
        torch.testing.assert_close(found, expected)
        alone = torch.stack([call(x.clone()) for x in batches.unbind(1)])
        assert same_bits(found, alone)
    elif transform == "negated":
        torch.testing.assert_close(call(torch._neg_view(-values)), case.twin(values))
    elif transform == "conjugated part":
        wide = values.to(torch.float64)
        part = torch.complex(wide, -wide).conj().imag
        assert part.is_neg()
        torch.testing.assert_close(call(part), case.twin(wide))
    elif transform == "inference mode":
        with torch.inference_mode():
            inside = values.clone()
            found = call(inside)
        torch.testing.assert_close(found, case.twin(values))
        assert found.is_inference() and same_bits(call(inside.clone()), found)
    else:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = call(values.clone())
        assert same_bits(found, call(values.clone()))


TRANSFORMS = ("grad", "jacrev", "jacfwd", "vmap", "negated", "conjugated part", "inference mode", "autocast")


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", CASES)
def test_operator_under_transform(name: str, transform: str) -> None:
    case = CASES[name]
    if transform in case.refused:
        error, message = case.refused[transform]
        with pytest.raises(error, match=message):
            under(transform, case)
    elif transform == "conjugated part" and not case.values.is_floating_point():
        with pytest.raises(TypeError, match="complex"):
            case.call(torch.complex(case.values.double(), case.values.double()).conj())
    else:
        under(transform, case)


def names_that_have(*transforms: str) -> list[str]:
    return [name for name, case in CASES.items() if not set(transforms) & set(case.refused)]


@pytest.mark.parametrize("name", [name for name in names_that_have("grad", "jacfwd") if name != "mix_loss"])
def test_transforms_compose(name: str) -> None:
    case = CASES[name]
    values = case.values.to(torch.float64)

    def energy(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        return lambda x: function(x).to(torch.float64).pow(3).sum()

    torch.testing.assert_close(
        hessian(energy(case.call))(values), torch.autograd.functional.hessian(energy(case.twin), values)
    )
    batches = torch.stack((values, values.flip(0)))
    expected = torch.stack([grad(energy(case.call))(x) for x in batches])
    torch.testing.assert_close(vmap(grad(energy(case.call)))(batches), expected)
    torch.testing.assert_close(grad(lambda x: vmap(energy(case.call))(x).sum())(batches), expected)
    outer = vmap(vmap(case.call))(batches[None].expand(2, -1, *values.shape))
    torch.testing.assert_close(outer[1], torch.stack([case.twin(x) for x in batches]))
    leaf = batches.clone().requires_grad_()
    vmap(energy(case.call))(leaf).sum().backward()
    torch.testing.assert_close(leaf.grad, expected)


def compiled(function: Callable[[Tensor], Tensor], fullgraph: bool) -> Callable[[Tensor], Tensor]:
    torch.compiler.reset()
    return torch.compile(function, backend="eager", fullgraph=fullgraph)


@pytest.mark.parametrize("plan", [PLAN, MASKED, MULTIWAY], ids=["cycle", "masks", "multiway"])
def test_compiled_derivatives_are_right_or_refused(plan) -> None:
    def energy(x: Tensor) -> Tensor:
        return fm.mix(x, plan).pow(3).sum()

    def slope(x: Tensor) -> Tensor:
        return jvp(energy, (x,), (x + 1,))[1]

    # torch.compile cannot trace the derivatives of an operator: it runs them eagerly, unless fullgraph forbids that.
    torch.testing.assert_close(compiled(slope, False)(IMAGES), slope(IMAGES))
    with pytest.raises(Exception, match="of mix outside of"):
        compiled(slope, True)(IMAGES)
    for combined in (compiled(grad(energy), True), grad(compiled(energy, True))):
        with pytest.raises(Exception, match="functorch"):
            combined(IMAGES)


@pytest.mark.parametrize("fullgraph", [False, True])
def test_mix_in_place_refuses_compiled_tangents(fullgraph: bool) -> None:
    def slope(x: Tensor) -> Tensor:
        return jvp(lambda x: fm.mix_(x.clone(), PLAN), (x,), (x,))[1]

    with pytest.raises(Exception, match="forward-mode"):
        compiled(slope, fullgraph)(IMAGES)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_vmap_gives_the_bits_of_a_loop(dtype, memory_format) -> None:
    shape = (4, 3, 5, 6)
    images = (torch.rand(2, *shape, generator=GENERATOR) * 255).to(dtype)
    others = (torch.rand(2, 7, 3, 5, 6, generator=GENERATOR) * 255).to(dtype)
    images, others = (torch.stack([x.contiguous(memory_format=memory_format) for x in xs]) for xs in (images, others))
    plan = random_plan(4, 5, 6, GENERATOR, "repeats")
    for image_dim, other_dim in ((0, 0), (0, None), (None, 0)):
        x, y = (values if dim == 0 else values[0] for values, dim in ((images, image_dim), (others, other_dim)))
        found = vmap(lambda a, b: fm.mix(a, plan, other=b), in_dims=(image_dim, other_dim))(x, y)
        for i in range(2):
            own, partners = (v if dim is None else v[i] for v, dim in ((x, image_dim), (y, other_dim)))
            assert same_bits(found[i], mix_reference(own, plan, partners))
    in_place = images.clone()
    vmap(lambda a, b: fm.mix_(a, plan, other=b))(in_place, others)
    for mixed, own, partners in zip(in_place, images, others, strict=True):
        assert same_bits(mixed, mix_reference(own, plan, partners))


def test_what_vmap_cannot_do_is_refused() -> None:
    with pytest.raises(ValueError, match=r"mix_: expected images that vmap maps.*use mix\(\)"):
        vmap(lambda x: fm.mix_(IMAGES.clone(), OF_OTHERS, other=x))(OTHERS[None])
    with pytest.raises(ValueError, match="out= does not work under vmap"):
        vmap(lambda x: fm.normalize_mix(x, PLAN, out=torch.empty(B, 3, H, W)))(PIXELS[None])
    with pytest.raises(ValueError, match="mix: expected the same plan for all batches of vmap"):
        vmap(lambda rows: torch.ops.fastmix.mix(IMAGES, rows))(PLAN.rows[None])
    for partner in (-1, B):
        plan = changed(PLAN, partner=torch.tensor([0, partner, 0]))
        with pytest.raises(RuntimeError, match="partner"):
            vmap(fm.mix, in_dims=(0, None))(IMAGES.repeat(3, 1, 1, 1, 1), plan)


def test_unknown_labels_under_vmap_are_marked() -> None:
    targets = vmap(lambda x: fm.mix_labels(x, MULTIWAY, CLASSES))(torch.tensor([[0, CLASSES, 1], [0, 1, 2]]))
    assert targets[0].isnan().any() and not targets[1].isnan().any()


def test_a_negated_out_is_refused() -> None:
    with pytest.raises(ValueError, match=r"use out.resolve_neg\(\)"):
        fm.normalize_mix(PIXELS, PLAN, out=torch._neg_view(torch.empty(B, 3, H, W)))


def test_forward_mode_without_torch_func() -> None:
    tangent = torch.rand(IMAGES.shape, generator=GENERATOR, dtype=torch.float64)
    for call in (lambda x: fm.mix(x, MASKED), lambda x: fm.mix(x, MULTIWAY)):
        with torch.autograd.forward_ad.dual_level():
            dual = call(torch.autograd.forward_ad.make_dual(IMAGES, tangent))
            found = torch.autograd.forward_ad.unpack_dual(dual)
        assert same_bits(found.primal, call(IMAGES)) and same_bits(found.tangent, call(tangent))
        assert same_bits(jvp(call, (IMAGES,), (tangent,))[1], found.tangent)


def test_constants_of_a_differentiated_function_may_be_mixed_in_place() -> None:
    found = grad(lambda w: (w * fm.mix_(IMAGES.clone(), PLAN)).sum())(torch.ones_like(IMAGES))
    assert same_bits(found, mix_reference(IMAGES, PLAN))


def test_masks_with_frames_of_images_with_more_dimensions() -> None:
    volume = torch.rand(2, 2, 3, 4, 4, 2, generator=GENERATOR)
    plan = fm.MixPlan.masked([1, 0], torch.randint(0, 256, (1, 4, 2, 2), generator=GENERATOR, dtype=torch.uint8))
    assert same_bits(fm.mix(volume, plan), mix_reference(volume, plan))
