"""Writes the tables of docs/recipes.md from the recipes: ``python tests/recipes/recipe_page.py``."""

from __future__ import annotations

from pathlib import Path

import fastmix as fm
from fastmix.augment import Compose
from fastmix.recipes import Evaluation, Recipe, SizeRamp

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"
BEGIN, END = "<!-- tables: written by tests/recipes/recipe_page.py -->\n", "<!-- end of tables -->\n"


def recipes() -> list[Recipe]:
    """Return the recipes, sorted by name."""
    return [value for name, value in sorted(vars(fm.recipes).items()) if isinstance(value, Recipe)]


def tables() -> str:
    """Return the text between the marks."""
    rows = [("recipe", "size", "pixels", "mixing", "smoothing", "repeats", "evaluation")]
    rows += [
        (f"`{each.name}`", size(each), pixels(each), mixing(each), f"{each.smoothing:g}", str(each.repeats), seen(each))
        for each in recipes()
    ]
    notes = [("recipe", "source", "not verified", "differs a little", "refused until accepted")]
    notes += [
        (
            f"`{each.name}`",
            each.source,
            *("; ".join(part) or "-" for part in (each.unverified, each.differs, each.refused)),
        )
        for each in recipes()
    ]
    return f"\n{table(rows)}\n## Sources and differences\n\n{table(notes)}\n"


def table(rows: list[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], f"|{' --- |' * len(rows[0])}", *lines[1:]]) + "\n"


def size(recipe: Recipe) -> str:
    if isinstance(recipe.size, SizeRamp):
        ramp = recipe.size
        first = next(epoch for epoch in range(ramp.end_epoch + 1) if ramp.at(epoch) == ramp.last)
        return f"{ramp.first}, from epoch {first} {ramp.last}"
    return ", ".join(f"{view.count} x {view.size}" for view in recipe.views) or str(recipe.size)


def pixels(recipe: Recipe) -> str:
    views = [(f"{view.name}: ", view.augment) for view in recipe.views] or [("", recipe.augment)]
    texts = []
    for name, policy in views:
        steps = policy.policies if isinstance(policy, Compose) else [policy]
        texts.append(name + ", ".join(f"`{step!r}`" for step in steps))
    erasing = f"; erases {recipe.erasing}" if recipe.erasing else ""
    return "; ".join(texts) + erasing


def mixing(recipe: Recipe) -> str:
    policies = getattr(recipe.mix, "policies", [recipe.mix] if recipe.mix else [])
    return " or ".join(f"{type(policy).__name__} {policy.alpha:g}" for policy in policies) or "-"


def seen(recipe: Recipe) -> str:
    given = recipe.evaluation
    if given is None:
        return "-"
    assert isinstance(given, Evaluation)
    before = f"resize {given.resize}" if given.resize is not None else f"crop_pct {given.crop_pct:g}"
    return f"{given.size}, {before}, {given.interpolation}"


def written(page: str) -> str:
    """Return the page with new tables."""
    head, _, rest = page.partition(BEGIN)
    return head + BEGIN + tables() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
