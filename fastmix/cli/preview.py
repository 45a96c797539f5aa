"""``fastmix preview``: writes a picture of a batch as the trainer gets it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import fastmix
from fastmix.cli.data_options import Data, reads_data
from fastmix.cli.output import JsonFile, console_beside, write_json

if TYPE_CHECKING:
    from fastmix.augment import SamplePolicy
    from fastmix.plan.policies import Policy


class Mix(StrEnum):
    """The policies that a loader takes: a member's name is the policy's class."""

    none = "none"
    Mixup = "mixup"
    CutMix = "cutmix"
    HMix = "hmix"
    GridMix = "gridmix"
    SmoothMix = "smoothmix"
    GMix = "gmix"
    FMix = "fmix"


def make_policy(mix: Mix) -> Policy | None:
    """Return the policy with its defaults, or None."""
    if mix is Mix.none:
        return None
    policy: Policy = getattr(fastmix, mix.name)()
    return policy


def make_augment(name: str) -> SamplePolicy:
    """Return a policy of this name with its defaults, or the one that timm's configuration string describes."""
    kind = getattr(fastmix.augment, name, None) if name in fastmix.augment.__all__ else None
    policy: SamplePolicy = fastmix.augment.from_timm(name) if kind is None else kind()
    return policy


@reads_data
def preview(
    data: Data,
    out: Annotated[Path, typer.Option(help="The picture: .png, .jpg, .svg or .pdf.")] = Path("preview.png"),
    size: Annotated[int, typer.Option(help="Side of the training images, in pixels.", min=1)] = 224,
    batch_size: Annotated[int, typer.Option(help="Images per batch; all of them are shown.", min=1)] = 12,
    mix: Annotated[Mix, typer.Option(help="How the batch is mixed: a policy with its defaults.")] = Mix.none,
    augment: Annotated[
        str | None,
        typer.Option(help="A policy of fastmix.augment, as TrivialAugmentWide, or timm's text for one."),
    ] = None,
    epoch: Annotated[int, typer.Option(help="Epoch of the batch.", min=0)] = 0,
    step: Annotated[int, typer.Option(help="Number of the batch in its epoch.", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="Of the order, the crops and the mixing.", min=0)] = 0,
    evaluation: Annotated[bool, typer.Option("--eval", help="As evaluation sees it: the centres, in order.")] = False,
    json_file: JsonFile = None,
    *,
    hints: dict[str, Any],
) -> None:
    """Write a picture of a batch as training gets it.

    The weights of its labels stand above each image.
    """
    loader = fastmix.DataLoader(
        data,
        batch_size,
        size,
        train=not evaluation,
        mix=make_policy(mix),
        augment=None if augment is None else make_augment(augment),
        seed=seed,
        shuffle=not evaluation,
        last_batch="partial",
        **hints,
    )
    if step >= len(loader):
        raise ValueError(f"expected --step below {len(loader)}, the number of batches in an epoch, got {step}")
    loader.load_state_dict({**loader.state_dict(), "epoch": epoch, "step": step})
    figure = loader.preview(batch_size)
    figure.savefig(out, dpi=80)
    found = {
        "picture": str(out),
        "samples": len(loader.dataset),
        "classes": len(loader.classes),
        "batches_per_epoch": len(loader),
        "epoch": epoch,
        "step": step,
        "mix": mix.value,
        "augment": augment,
    }
    console_beside(json_file).print(
        f"{found['samples']} samples, {found['classes']} classes; batch {step} of {len(loader)} in epoch {epoch}\n"
        f"wrote {out}",
        highlight=False,
        markup=False,
    )
    write_json(found, json_file)
