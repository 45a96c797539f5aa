"""A program: feeds fastmix's parsers in Python mutated files, with a corpus kept by coverage; prints JSON.

parsers.py SEED COUNT FOLDER [PARSER]. Whatever a file holds, it is read or refused with one of fastmix's messages.
"""

import io
import json
import random
import resource
import sys
import tarfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from coverage import fuzz
from data_support import make
from decode_mutated import mutated
from images import picture, saved

import fastmix as fm
from fastmix.loader.faults.errors import BadSample
from fastmix.loader.faults.quarantine import Quarantine, append, file_status
from fastmix.loader.sources.hints import Hints
from fastmix.loader.sources.manifests import manifest
from fastmix.loader.sources.path_lists import path_list
from fastmix.loader.sources.shards import tar_shards

NUMBERS = [b"0", b"-1", b"3.0", b"1e999", b"nan", b"99999999999999999999", b"2147483648"]
JSON = [b"{", b"}", b"[", b"]", b'"', b",", b":", b"null", b"true", b'"a"', b"[" * 2000, *NUMBERS]
TABLE = [b",", b";", b"|", b"\t", b" ", b"\n", b'"', b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"/", b"..", *NUMBERS]
TAR = [b"\0" * 512, b"ustar\0", b"0", b"5", b"1", b"L", b"x", b"S", b"00000000777\0", b"\x80" + b"\xff" * 7, b"../"]


class Parser(NamedTuple):
    """A parser: files that it reads, what is mixed into them, and its run, True if the file is read."""

    originals: list[bytes]
    words: list[bytes]
    run: Callable[[bytes], bool]
    prefixes: tuple[str, ...]
    errors: tuple[type[Exception], ...] = (ValueError,)


def tar_bytes(members: dict[str, bytes], style: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=style) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def parsers(folder: Path) -> dict[str, Callable[[], Parser]]:
    image = saved(picture(), "JPEG")
    members = {"a/1.jpg": image, "a/1.cls": b"3", "a/2.jpg": image, "a/2.cls": b"0", "a/2.json": b'{"label": 1}'}
    for i in range(3):
        (folder / f"{i}.jpg").write_bytes(image)
    listed = [(folder / f"{i}.jpg", i) for i in range(3)]
    styles = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
    long = {f"{'d' * 120}/{name}": data for name, data in members.items()}

    def read_all(path: Path) -> bool:
        source = tar_shards(path, cache=folder / "cache")
        for i in range(len(source)):
            source.read(i)
        return True

    def tar() -> Parser:
        def run(data: bytes) -> bool:
            path = folder / "shard.tar"
            path.with_name(path.name + ".fastmix-index.json").unlink(missing_ok=True)
            path.write_bytes(data)
            return read_all(path)

        return Parser([tar_bytes(m, style) for style in styles for m in (members, long)], TAR, run, ("data: ",))

    def index() -> Parser:
        path = folder / "shard.tar"
        path.write_bytes(tar_bytes(members, tarfile.USTAR_FORMAT))
        read_all(path)
        place = path.with_name(path.name + ".fastmix-index.json")

        def run(data: bytes) -> bool:
            place.write_bytes(data)
            return read_all(path)

        return Parser([place.read_bytes()], JSON, run, ("data: ",))

    def table(ending: str, originals: list[bytes], words: list[bytes], **hints) -> Callable[[], Parser]:
        def run(data: bytes) -> bool:
            (folder / f"list.{ending}").write_bytes(data)
            return len(manifest(folder / f"list.{ending}", Hints(**hints))) > 0

        errors = (ValueError, FileNotFoundError)
        return lambda: Parser(originals, words, run, ("data: ",), errors)

    def quarantine() -> Parser:
        place, source = folder / "bad.jsonl", path_list(listed)
        for path, _ in listed:
            append(str(place), BadSample(str(path), "is empty"), file_status(str(path)))

        def run(data: bytes) -> bool:
            place.write_bytes(data)
            Quarantine(source, place).refresh()
            return True

        return Parser([place.read_bytes()], JSON, run, ("quarantine: ",))

    def state() -> Parser:
        loader = make(listed * 4, 2, mix=fm.Mixup(0.4), num_classes=3)

        def run(data: bytes) -> bool:
            try:
                found = json.loads(data)
            except (ValueError, RecursionError):
                return False
            loader.load_state_dict(found)
            next(iter(loader))
            return True

        first = loader.state_dict()
        states = [first, {**first, "step": 3}, {**first, "epoch": 2, "mixing": False}]
        errors = (ValueError, TypeError)
        return Parser([json.dumps(one).encode() for one in states], JSON, run, ("DataLoader: ",), errors)

    def plan() -> Parser:
        plans = [fm.CutMix(per="sample").plan(3, (9, 13)), fm.FMix(3.0).plan(2, (8, 8)), fm.DirichletMix(3).plan(4)]
        originals = []
        for one in plans:
            one.save(folder / "plan.npz")
            originals.append((folder / "plan.npz").read_bytes())

        def run(data: bytes) -> bool:
            (folder / "plan.npz").write_bytes(data)
            fm.MixPlan.load(folder / "plan.npz")
            return True

        words = [b"PK\3\4", b"PK\1\2", b"\x93NUMPY\1\0", b"rows.npy", b"masks.npy", b"'<f4'", b"'|O'", b"(2**62,)"]
        return Parser(originals, words, run, ("MixPlan",))

    csv = [b"path,label\n0.jpg,0\n1.jpg,1\n2.jpg,2\n", b"path;label\n0.jpg;cat\n1.jpg;dog\n", b"path\n0.jpg\n1.jpg\n"]
    csv += [b"path,label\n0.jpg,0;1\n1.jpg,2\n", b"path,label\n0.jpg,0.5 0.5\n1.jpg,1.0 0.0\n"]
    rows = [{"path": "0.jpg", "label": 0}, {"path": "1.jpg", "label": [0.5, 0.5]}, {"file_name": "2.jpg", "text": "a"}]
    jsonl = [b"\n".join(json.dumps(row).encode() for row in rows[start : start + 1] * 2) for start in range(3)]
    return {
        "tar": tar,
        "index": index,
        "csv": table("csv", csv, TABLE),
        "tsv": table("tsv", [text.replace(b",", b"\t") for text in csv], TABLE, path_column=0, label_column=1),
        "jsonl": table("jsonl", jsonl, JSON),
        "quarantine": quarantine,
        "state": state,
        "plan": plan,
    }


def feed(name: str, parser: Parser, seed: int, count: int, folder: Path) -> dict[str, int]:
    """Run one parser; fails if a file is refused in other words than fastmix's."""

    def run(data: bytes) -> bool:
        try:
            return parser.run(data)
        except parser.errors as error:
            if not str(error).startswith(parser.prefixes):
                (folder / "culprit").write_bytes(data)
                raise AssertionError(f"{name}: not in fastmix's words, for {data[:300]!r}") from error
            return False

    corpus = fuzz(run, parser.originals, parser.words, mutated, random.Random(seed), count)
    assert corpus.accepted >= len(parser.originals) // 2, corpus.accepted
    return {"corpus": len(corpus.inputs), "edges": len(corpus.edges), "accepted": corpus.accepted}


def main() -> None:
    seed, count, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    warnings.simplefilter("ignore")
    chosen = {name: parser for name, parser in parsers(folder).items() if name in sys.argv[4:] or not sys.argv[4:]}
    found: dict[str, object] = {name: feed(name, parser(), seed, count, folder) for name, parser in chosen.items()}
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
