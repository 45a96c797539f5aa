"""Makes a compiled wheel ready for other machines: auditwheel adds libjpeg-turbo and the tag, check_wheel.py checks.

``python release/finish_wheel.py WHEEL FOLDER`` writes the wheel into the folder.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from check_wheel import OTHERS, problems


def main(wheel: Path, folder: Path) -> None:
    """Write the repaired wheel into the folder, if it passes the checks."""
    with tempfile.TemporaryDirectory() as scratch:
        excluded = [word for name in sorted(OTHERS) for word in ("--exclude", name)]
        command = [sys.executable, "-m", "auditwheel", "repair", *excluded, "--wheel-dir", scratch, str(wheel)]
        subprocess.run(command, check=True)
        (repaired,) = Path(scratch).glob("*.whl")
        if found := problems(repaired):
            sys.exit("\n".join([f"{repaired.name}:", *found]))
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / repaired.name
        target.write_bytes(repaired.read_bytes())
    print(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
