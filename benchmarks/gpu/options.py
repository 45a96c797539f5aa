"""The command line that all measuring steps share."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch


def parse(description: str | None) -> argparse.Namespace:
    """Return ``device``, ``small`` and ``logs``."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", choices=("cpu", "cuda"))
    parser.add_argument("--small", action="store_true", help="small shapes and few repeats; no figure counts")
    parser.add_argument("--logs", type=Path, default=Path("build/gpu-logs"), help="folder for the JSON")
    return parser.parse_args()


def write(options: argparse.Namespace, name: str, results: Any) -> None:
    """Write NAME.json, with what it was measured on; called after each row, so that a killed step keeps its rows."""
    on_gpu = options.device == "cuda"
    machine = {"device": torch.cuda.get_device_name() if on_gpu else "cpu", "torch": torch.__version__}
    text = json.dumps({"small": options.small, **machine, "results": results}, indent=1)
    options.logs.mkdir(parents=True, exist_ok=True)
    (options.logs / f"{name}.json").write_text(text + "\n")
