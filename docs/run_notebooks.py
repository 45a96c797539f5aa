"""Runs docs/notebooks and stores their outputs, pictures as JPEG: ``python docs/run_notebooks.py``.

Needs nbclient and ipykernel. Tests run the cells without them.
"""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import nbclient
import nbformat
from PIL import Image

FOLDER = Path(__file__).parent / "notebooks"


def main() -> None:
    """Run every notebook in an empty folder."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        with TemporaryDirectory() as folder:
            client = nbclient.NotebookClient(
                notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}
            )
            client.execute()
        for cell in notebook.cells:
            cell.metadata = {}
            for output in cell.get("outputs", []):
                shrink(output.get("data", {}))
        notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        nbformat.write(notebook, path)


def shrink(data: dict[str, str]) -> None:
    """Store a picture as JPEG."""
    if "image/png" in data:
        buffer = BytesIO()
        Image.open(BytesIO(base64.b64decode(data.pop("image/png")))).convert("RGB").save(buffer, "JPEG", quality=80)
        data["image/jpeg"] = base64.b64encode(buffer.getvalue()).decode()


if __name__ == "__main__":
    main()
