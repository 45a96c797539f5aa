"""``Hints``: the loader's arguments that say how to read data which can be read in more than one way."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields

Column = str | int | Sequence[str]


@dataclass(frozen=True)
class Hints:
    """Arguments of the loader, None where they are not given.

    Attributes:
        classes: the classes' names; a name's place is its id.
        root: folder or URL that relative paths start from; ``{}`` in it stands for the path.
        path_column: a manifest's column of paths, by name, or by place if the manifest has no header.
        label_column: its column of labels, likewise; several names are columns of numbers.
        image_key: the image of a sample with several members: ``"left.jpg"`` in a shard, a key of a dict.
        label_key: its label, likewise; ``"json.label"`` is a field of a shard's JSON member.
    """

    classes: Sequence[str] | None = None
    root: str | os.PathLike[str] | None = None
    path_column: str | int | None = None
    label_column: Column | None = None
    image_key: str | None = None
    label_key: str | None = None

    def __post_init__(self) -> None:
        if self.classes is not None:
            names = [self.classes] if isinstance(self.classes, str) else list(self.classes)
            if isinstance(self.classes, str) or not names or len(set(names)) < len(names):
                raise ValueError(f"data: expected classes to be a list of different names, got {self.classes!r:.200}")

    def refuse_others(self, taken: Sequence[str], kind: str) -> None:
        """Refuse arguments that this kind of data does not take.

        Raises:
            ValueError: one of them is given.
        """
        for field in fields(self):
            if field.name not in taken and getattr(self, field.name) is not None:
                allowed = ", ".join(f"{name}=" for name in taken) or "none of these arguments"
                raise ValueError(f"data: expected no {field.name}= with {kind}, which takes {allowed}")


NO_HINTS = Hints()
