"""A matplotlib figure that notebooks show: they know plain figures only once pyplot is imported."""

from __future__ import annotations

from io import BytesIO

from matplotlib.figure import Figure


class NotebookFigure(Figure):
    """A figure with a picture of itself for IPython."""

    def _repr_png_(self) -> bytes:
        """Return the figure as PNG."""
        buffer = BytesIO()
        self.savefig(buffer, format="png", dpi=80)
        return buffer.getvalue()
