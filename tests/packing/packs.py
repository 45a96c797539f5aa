"""What packs hold, read without fastmix."""

import hashlib
import json
import tarfile
from pathlib import Path


def members(folder: Path, part: str = "shard") -> dict[str, bytes]:
    """All members of a part's shards by name, in their order."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.glob(f"{part}-*.tar")):
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                assert member.name not in found
                found[member.name] = tar.extractfile(member).read()
    return found


def images(folder: Path, part: str = "shard") -> list[bytes]:
    return [data for name, data in members(folder, part).items() if not name.endswith(".cls")]


def labels(folder: Path, part: str = "shard") -> list[str]:
    return [data.decode() for name, data in members(folder, part).items() if name.endswith(".cls")]


def record(folder: Path) -> dict:
    return json.loads((folder / "pack.json").read_text())


def digests(folder: Path) -> dict[str, str]:
    """Of all files; an index also has its shard's time, which is left out."""
    found = {}
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        if path.name.endswith("index.json"):
            data = json.dumps({**json.loads(data), "written": ""}).encode()
        found[path.name] = hashlib.blake2b(data).hexdigest()
    return found
