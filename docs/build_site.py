"""``make docs``: builds the pages into build/site, and fails for every warning.

The pages link to README files all over the repository. Those and their pictures are copied beside docs/ into
build/site-source, with the paths that they have here, so that one link works in both places.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "build" / "site-source"
SUFFIXES = (".md", ".png", ".jpg", ".svg", ".ipynb")


def main() -> int:
    """Copy the pages and build them."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *(f"*{suffix}" for suffix in SUFFIXES)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.splitlines():
        if name.startswith("."):
            continue
        target = SOURCE / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    (SOURCE / "README.md").rename(SOURCE / "index.md")
    zensical = Path(sys.executable).with_name("zensical")
    return subprocess.run([zensical, "build", "--strict", "--clean"], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
