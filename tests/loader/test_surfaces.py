"""Every kind of mixing on every surface gives what plain torch gives, or is refused in one sentence."""

import pytest
import torch
from data_support import SIZE, make
from support import masked_plan, random_plan, same_bits
from surfaces import DOCUMENT, KINDS, SURFACES, policy, table, works

import fastmix as fm

REFUSALS = (TypeError, ValueError, RuntimeError)
PIXELS = {"mean": (0.0, 0.0, 0.0), "std": (1 / 255, 1 / 255, 1 / 255)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("surface", SURFACES)
def test_every_kind_on_every_surface(kind: str, surface: str) -> None:
    run, expected = SURFACES[surface]
    plan = KINDS[kind]
    if not works(kind, surface):
        with pytest.raises(REFUSALS, match=r"expected|in place"):
            run(plan)
    elif surface == "`mix_loss`" or (surface == "`mix_labels`" and kind == "`DirichletMix`"):
        torch.testing.assert_close(run(plan), expected(plan))
    else:
        assert same_bits(run(plan), expected(plan))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "`DirichletMix`"])
def test_every_kind_in_the_loader(photos, kind: str, generator) -> None:
    plan = KINDS[kind]
    if plan.masks is None:  # boxes that fit the loader's images
        plan = random_plan(len(plan), SIZE, SIZE, generator, "repeats" if kind == "repeated partners" else "cycle")
    elif kind == "own masks":
        plan = masked_plan(len(plan), (SIZE, SIZE), (5, 7), generator)
    options = {"seed": 5, "resampler": "dali", "shuffle": False}
    ((pixels, ids), *_) = make(photos, len(plan), **PIXELS, **options)
    ((images, targets), *_) = make(photos, len(plan), mix=policy(plan), **options)
    whole = pixels.to(torch.uint8).permute(0, 2, 3, 1).contiguous()
    assert pixels.equal(pixels.round())
    assert same_bits(images, fm.normalize_mix(whole, plan))
    assert same_bits(targets, fm.mix_labels(ids, plan, targets.shape[1]))


def test_the_loader_refuses_more_than_two(photos) -> None:
    with pytest.raises(TypeError, match="expected mix to be a fastmix policy or None, got DirichletMix"):
        make(photos, 4, mix=fm.DirichletMix(3))


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (None, TypeError, "expected a function, got NoneType"),
        (lambda *_: "plan", TypeError, "expected a MixPlan from the function, got str"),
        (lambda *_: fm.MixPlan.identity(1), ValueError, "plan for 3 samples, got one for 1"),
    ],
)
def test_bad_functions_are_refused(function, error, message: str) -> None:
    with pytest.raises(error, match=message):
        fm.PlanFunction(function).plan(3, (4, 4))


def test_the_document_has_the_table() -> None:
    assert "\n".join(table()) in DOCUMENT.read_text()
