"""Data that can be read in more than one way: read right, or refused with the argument that settles it."""

import importlib.util
import io
import json
import os
import re
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from data_support import make
from PIL import Image

from fastmix.loader.sources.hints import Hints
from fastmix.loader.sources.kinds import open_source
from fastmix.loader.sources.source import IgnoredFilesWarning


@pytest.fixture
def images(small, tmp_path) -> Path:
    """Four classes of two images."""
    for i, (path, _) in enumerate(small[:8]):
        folder = tmp_path / "images" / f"class {i // 2}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / f"{i}.jpg")
    return tmp_path / "images"


def labels_of(data, **hints) -> list:
    source = open_source(data, Hints(**hints))
    return source.labels.values.tolist()


def refused(data, *names: str, error: type = ValueError, **hints) -> None:
    with pytest.raises(error) as found:
        open_source(data, Hints(**hints))
    assert all(name in str(found.value) for name in names), str(found.value)
    assert "\n" not in str(found.value)


def csv(images: Path, text: str, name: str = "m.csv") -> Path:
    (images / name).write_text(text)
    return images / name


def test_a_root_of_splits_is_no_set_of_classes(images):
    root = images.parent / "root"
    for split in ("train", "val"):
        shutil.copytree(images, root / split)
    refused(root, f"pass {root}/train", "classes=")
    assert labels_of(root, classes=["train", "val"]) == [0] * 8 + [1] * 8
    assert labels_of(root / "val") == [0, 0, 1, 1, 2, 2, 3, 3]


def test_an_evaluation_folder_that_lacks_classes(images):
    root = images.parent / "root"
    shutil.copytree(images, root / "train")
    shutil.copytree(images, root / "val")
    shutil.rmtree(root / "val" / "class 1")
    refused(root / "val", "classes=train_loader.classes")
    classes = open_source(root / "train").classes
    assert labels_of(root / "val", classes=classes) == [0, 0, 2, 2, 3, 3]
    alone = shutil.move(root / "val", images.parent / "alone")
    with pytest.raises(ValueError, match=r"classes=train_loader.classes"):
        make(alone, train=False, num_classes=4)
    loader = make(alone, train=False, classes=classes)
    assert torch.cat([labels for _, labels in loader]).tolist() == [0, 0, 2, 2, 3, 3] and loader.num_classes == 4
    refused(alone, "class 3", classes=classes[:3])


def test_files_of_unknown_extension_are_counted(images):
    for i in (0, 2, 4):
        path = images / f"class {i // 2}" / f"{i}.jpg"
        path.rename(path.with_suffix(".jfif"))
    (images / "class 0" / "notes.txt").touch()
    with pytest.warns(IgnoredFilesWarning, match=r"3 files .*: 3 \.jfif; rename"):
        assert len(open_source(images)) == 5


def test_a_flat_folder_and_paths_have_no_labels(small, tmp_path):
    for path, i in small[:5]:
        shutil.copy(path, tmp_path / f"{i}.jpg")
    paths = sorted(map(str, tmp_path.iterdir()))
    for data in (tmp_path, paths, [(path, None) for path in paths]):
        loader = make(data, 2, train=False, return_index=True)
        batches = list(loader)
        assert all(targets is None for _, targets, _ in batches)
        index = torch.cat([index for *_, index in batches])
        assert [loader.dataset[i] for i in index.tolist()] == [(path, None) for path in paths]
        assert loader.dataset.targets is None
    import fastmix as fm

    with pytest.raises(ValueError, match="expected labels in the data for mix="):
        make(tmp_path, mix=fm.Mixup(0.2))


def test_names_in_a_list(images):
    data = [(path, path.parent.name) for path in sorted(images.glob("*/*.jpg"))]
    assert labels_of(data) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert labels_of(data[2:4], classes=["class 3", "class 1"]) == [1, 1]
    refused(data, "in classes=", "'class 1'", classes=["class 0"])
    assert open_source([("a.jpg", {"x", "z"}), ("b.jpg", {"y"})]).labels.values.tolist() == [[1, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize("label", [[3, 5], (0, 1), np.array([0, 1]), torch.tensor([1, 0])])
def test_sequences_of_integers_are_neither_ids_nor_vectors(label):
    refused([("a.jpg", label)], "{3, 5}", "[0.0, 1.0]")


def test_roots(images):
    assert open_source(["class 0/0.jpg"], Hints(root=str(images))).path(0) == str(images / "class 0/0.jpg")
    manifest = csv(images.parent, "id_code,diagnosis\n0,2\n1,4\n")
    refused(manifest, "path_column=")
    hints = {"path_column": "id_code", "label_column": "diagnosis"}
    refused(manifest, "root=", "{}", error=FileNotFoundError, **hints)
    source = open_source(manifest, Hints(root=f"{images}/class 0/{{}}.jpg", **hints))
    assert source.path(1) == str(images / "class 0/1.jpg") and source.labels.values.tolist() == [2, 4]


A, B = "class 0/0.jpg", "class 0/1.jpg"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"{A},0\n{B},1\n", ["header", "path_column=0"]),
        (f"path,cat,dog\n{A},0,1\n{B},1,0\n", ["label_column="]),
        (f"id,split,filepath,diagnosis\n0,train,{A},1\n", ["label_column=", "diagnosis"]),
        (f'path,label\n{A},"0,1"\n{B},"1,2"\n', ["';'", "row 2"]),
        (f'path,label\n{A},"[0, 1]"\n', ["spaces", "row 2"]),
        (f"path,label\n{A},-1\n{B},1\n", ["row 2", "'-1'"]),
        (f"path,label\n{A},1\n{B},n/a\n", ["row 3", "'n/a'", "classes="]),
        (f"path,label\n{A},1\n{B},3.0\n", ["row 3", "'3.0'"]),
        (f"path,label\n{A},1\n{B},1e3\n", ["row 3", "'1e3'"]),
        (f'path,label\n{A},ant\n{A},owl\n{B},"ant,owl"\n', ["';'", "row 4", "'ant,owl'", "classes="]),
        (f'path,label\n{A},ant;owl\n{B},"owl, ant"\n', ["';'", "row 3", "'owl, ant'", "classes="]),
        (f"path,label\n{A},0 1\n{B},1 2\n", ["';'", "decimal points", "row 3", "'1 2'"]),
        (f'path,label\n{A},"china,owl"\n{A},"owl,dog"\n{B},"dog,china"\n', ["';'", "row 2", "'china,owl'"]),
        (f"path,label\n{A},owl\n{B},\"['owl', 'ant']\"\n", ["';'", "row 3", "classes="]),
        (f"path,label\n{A},owl\n{B},\n", ["row 3", "';'"]),
        ("name,kind\nx,y\n", ["path_column="]),
        (f"path,label\n{A},1,2\n", ["row 2", "got 3"]),
    ],
)
def test_manifests_that_are_refused(images, text, names):
    refused(csv(images, text), *names)


@pytest.mark.parametrize(
    ("text", "hints", "expected"),
    [
        (f"{A},0\n{B},1\n", {"path_column": 0, "label_column": 1}, [0, 1]),
        (f"path,cat,dog\n{A},0,1\n{B},1,0\n", {"label_column": ["cat", "dog"]}, [[0, 1], [1, 0]]),
        (f"id,split,filepath,diagnosis\n0,train,{A},1\n", {"label_column": "diagnosis"}, [1]),
        (f"image,species\n{A},owl\n{B},ant\n", {}, [1, 0]),
        (f'image,species\n{A},"hen, domestic"\n{B},hen\n', {}, [1, 0]),
        (f'path,label\n{A},a\n{A},b\n{B},"a,b"\n', {"classes": ["a", "b", "a,b"]}, [0, 1, 2]),
        (f"path,label\n{A},a;b\n{B},b\n", {}, [[1, 1], [0, 1]]),
        (f"path,label\n{A},3\n{B},n/a\n", {"classes": ["n/a", "3"]}, [1, 0]),
        (f"path,label\n{A},2\n{B},0\n", {"classes": ["a", "b", "c"]}, [2, 0]),
        (f"path,label\n{A},1;2\n{B},\n", {"classes": ["a", "b", "c"]}, [[0, 1, 1], [0, 0, 0]]),
        (f"path,label\n{A},0 1\n{B},1 0\n", {}, [[0, 1], [1, 0]]),
        (f"path,label\n{A},3.0 5.0\n{B},1.0 0.0\n", {}, [[3, 5], [1, 0]]),
        (f'path,label\n{A},"hen, domestic"\n{B},"duck, domestic"\n', {}, [1, 0]),
        (f"path;label\n{A};4\n{B};2\n", {}, [4, 2]),
        (f"path,label\n{A},0.5\n{B},1.5\n", {}, [[0.5], [1.5]]),
    ],
)
def test_manifests_that_are_read(images, text, hints, expected):
    assert labels_of(csv(images, text), **hints) == expected


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["a;b", "b"], [[1, 1], [0, 1]]),
        (["0;2", ""], [[1, 0, 1], [0, 0, 0]]),
        (["0.2 0.8", "1.0 0.0"], [[np.float32(0.2), np.float32(0.8)], [1, 0]]),
        (["10", "9"], [10, 9]),
        ([["a", "b"], ["b"]], [[1, 1], [0, 1]]),
    ],
)
def test_texts_and_lists_of_names_in_any_manifest(images, labels, expected):
    for data in typed_manifests(images, labels):
        assert labels_of(data) == expected
    for data in typed_manifests(images, [[3, 5], [1, 2]]):
        refused(data, "which may be either", "'3;5'")
    for data in typed_manifests(images, ["3 5", "1 2"]):
        refused(data, "';'", "decimal points")


def typed_manifests(images: Path, labels: list) -> list:
    """JSON lines, and where they are installed Parquet and a DataFrame."""
    paths = [f"{images}/{A}", f"{images}/{B}"]
    rows = [{"path": path, "label": label} for path, label in zip(paths, labels, strict=True)]
    made = [csv(images, "\n".join(map(json.dumps, rows)), "m.jsonl")]
    if importlib.util.find_spec("pyarrow"):
        parquet = importlib.import_module("pyarrow.parquet")
        parquet.write_table(
            importlib.import_module("pyarrow").table({"path": paths, "label": labels}), images / "m.parquet"
        )
        made.append(images / "m.parquet")
    if importlib.util.find_spec("pandas"):
        made.append(importlib.import_module("pandas").DataFrame({"path": paths, "label": labels}))
    return made


def test_a_manifest_without_labels(images):
    assert open_source(csv(images, f"path\n{A}\n{B}\n")).unlabelled


def test_a_folder_with_metadata(images):
    lines = [json.dumps({"file_name": name, "kind": kind}) for name, kind in ((A, "owl"), (B, "ant"))]
    csv(images, "\n".join(lines), "metadata.jsonl")
    refused(images, "metadata.jsonl", "label_column=")
    assert labels_of(images / "metadata.jsonl") == [1, 0]
    assert labels_of(images, classes=[f"class {i}" for i in range(4)]) == [0, 0, 1, 1, 2, 2, 3, 3]


def shard(path: Path, samples: list[dict[str, bytes]]) -> str:
    with tarfile.open(path, "w") as tar:
        for i, members in enumerate(samples):
            for extension, data in members.items():
                info = tarfile.TarInfo(f"{i:04d}.{extension}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return str(path)


def test_samples_with_several_images(small_jpegs, tmp_path):
    samples = [{"left.jpg": small_jpegs[i], "seg.png": b"mask", "cls": b"1"} for i in range(3)]
    path = shard(tmp_path / "a.tar", samples)
    refused(path, "image_key=", ".left.jpg (3)", ".seg.png (3)")
    source = open_source(path, Hints(image_key="left.jpg"))
    assert [source.read(i)[0].tobytes() for i in range(3)] == small_jpegs[:3]
    assert source.labels.values.tolist() == [1, 1, 1]


def test_labels_of_shards(small_jpegs, tmp_path):
    def samples(extension: str, *labels: bytes) -> list[dict[str, bytes]]:
        return [{"jpg": small_jpegs[i], extension: label} for i, label in enumerate(labels)]

    path = shard(
        tmp_path / "json.tar", samples("json", b'{"label": 3, "x": {"y": "b"}}', b'{"label": 1, "x": {"y": "a"}}')
    )
    refused(path, "label_key=", ".json")
    assert labels_of(path, label_key="json.label") == [3, 1]
    assert labels_of(path, label_key="json.x.y") == [1, 0]
    refused(path, "0000", label_key="json.z")
    path = shard(tmp_path / "txt.tar", samples("txt", b"owl", b"ant"))
    refused(path, "label_key=", ".txt")
    assert labels_of(path, label_key="txt") == [1, 0]
    path = shard(tmp_path / "names.tar", samples("cls", b"owl", b"ant"))
    assert labels_of(path) == [1, 0] and labels_of(path, classes=["owl", "ant"]) == [0, 1]
    assert labels_of(shard(tmp_path / "dotted.tar", samples("label.cls", b"1", b"0"))) == [1, 0]
    assert open_source(shard(tmp_path / "none.tar", [{"jpg": small_jpegs[0]}])).unlabelled
    refused(shard(tmp_path / "ids.tar", samples("cls", b"3 5", b"1 2")), "decimal points", "3 5")
    assert labels_of(shard(tmp_path / "vectors.tar", samples("cls", b"3.0 5.0", b"0 1"))) == [[3, 5], [0, 1]]
    path = shard(tmp_path / "pyd.tar", samples("pyd", b"1"))
    refused(path, "label_key=")
    refused(path, "pickles", label_key="pyd")
    path = shard(tmp_path / "lacks.tar", [*samples("cls", b"1"), {}, {"png": b"x", "txt": b""}])
    refused(path, "0002", "a .cls member")


def test_ways_to_name_shards(small_jpegs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a0.tar", "a1.tar", "b0.tar"):
        shard(tmp_path / name, [{"jpg": small_jpegs[0], "cls": b"0"}])
    for data in ("{a,b}0.tar", "a0.tar::b0.tar", ["a0.tar", Path("b0.tar")], "a{0..1}.tar"):
        assert len(open_source(data)) == 2
    for data in ("a.tar.gz", "{0..3}.tgz", "pipe:cat a0.tar"):
        refused(data, "uncompressed", "fastmix.prefetch")
    refused(tmp_path, "one folder per class", "*.tar")


def test_damaged_shards_are_refused(small_jpegs, tmp_path):
    whole = Path(shard(tmp_path / "a.tar", [{"jpg": small_jpegs[i], "cls": b"0"} for i in range(4)])).read_bytes()
    with tarfile.open(tmp_path / "a.tar") as tar:
        headers = [member.offset for member in tar]
    cases = {
        "damaged": whole[: headers[4]] + b"\xff" * 512 + whole[headers[4] + 512 :],
        "zeros": whole[: headers[4]] + b"\0" * 512 + whole[headers[4] :],
        "two": whole + whole,
        "cut": whole[: headers[4]],
    }
    for name, data in cases.items():
        (tmp_path / f"{name}.tar").write_bytes(data)
        refused(tmp_path / f"{name}.tar", f"{name}.tar", "write")
    with tarfile.open(tmp_path / "link.tar", "w") as tar:
        (tmp_path / "x.jpg").write_bytes(small_jpegs[0])
        os.link(tmp_path / "x.jpg", tmp_path / "y.jpg")
        tar.add(tmp_path / "x.jpg", "x.jpg")
        tar.add(tmp_path / "y.jpg", "y.jpg")
    refused(tmp_path / "link.tar", "y.jpg", "--hard-dereference")


def test_shard_names_that_are_not_unicode(small_jpegs, tmp_path):
    name = os.fsdecode(b"\xff.tar")
    with tarfile.open(tmp_path / name, "w", encoding="utf-8", errors="surrogateescape") as tar:
        info = tarfile.TarInfo(os.fsdecode(b"\xfe.jpg"))
        info.size = len(small_jpegs[0])
        tar.addfile(info, io.BytesIO(small_jpegs[0]))
    assert len(open_source(tmp_path / name).fingerprint()) == 32


class Items(torch.utils.data.Dataset):
    def __init__(self, items: list, **attributes) -> None:
        self.items = items
        self.__dict__.update(attributes)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, i: int):
        return self.items[i]


def test_what_datasets_return(small_jpegs):
    image = small_jpegs[0]
    assert open_source(Items([{"image": image, "label": 3}])).read(0)[1] == 3
    keys = {"image_key": "left", "label_key": "kind"}
    assert open_source(Items([{"left": image, "right": image, "kind": 2}]), Hints(**keys)).read(0)[1] == 2
    assert open_source(Items([image])).unlabelled
    cases = [
        ({"left": image, "right": image, "kind": 2}, ["image_key=", "'left'"]),
        ((image, 1, 2), ["tuple of 3", "image_key="]),
        ((torch.zeros(3, 40, 40, dtype=torch.uint8), 0), ["permute(1, 2, 0)"]),
        ((torch.zeros(3, 40, 40), 0), ["leave ToTensor"]),
        (("a.jpg", 0), ["list of (path, label)"]),
    ]
    for item, names in cases:
        refused(Items([item]), *names, error=TypeError)
    refused(Items([(image, 0)]), "dicts", error=TypeError, image_key="x")


def test_subsets_keep_classes_and_targets(small_jpegs):
    data = Items(
        [(small_jpegs[i], i % 3) for i in range(12)], targets=[i % 3 for i in range(12)], classes=["a", "b", "c"]
    )
    subset = torch.utils.data.Subset(data, range(0, 12, 2))
    joined = torch.utils.data.ConcatDataset([subset, data])
    parts = torch.utils.data.random_split(data, [9, 3], generator=torch.Generator().manual_seed(0))
    for dataset, count in ((subset, 6), (joined, 18), (parts[0], 9)):
        source = open_source(dataset)
        assert source.classes == ("a", "b", "c") and len(source.labels.values) == count
        assert [source.labels.values[i] for i in range(count)] == [dataset[i][1] for i in range(count)]
    assert len(list(make(joined, sampler="balanced"))) == 4


class Stream(torch.utils.data.IterableDataset):
    def __iter__(self):
        while True:
            yield b"", 0


def test_streams_are_not_listed():
    refused(Stream(), "fastmix.prefetch", "Stream", error=TypeError)


@pytest.mark.parametrize(
    ("data", "hints", "message"),
    [
        ([("a.jpg", 0)], {"label_key": "x"}, "expected no label_key= with a list, which takes root=, classes="),
        ([("a.jpg", 5)], {"classes": ["a"]}, "at least 6 names"),
        ([("a.jpg", 0)], {"classes": "abc"}, "list of different names"),
        ([("a.jpg", 0)], {"classes": ["a", "a"]}, "list of different names"),
    ],
)
def test_hints_that_do_not_fit(data, hints, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        open_source(data, Hints(**hints))


def test_a_large_class_id_makes_no_list_of_names(small):
    source = open_source([("a.jpg", 2**31 - 1)])
    assert len(source.classes) == 2**31 and source.classes[-1] == str(2**31 - 1) and len(repr(source.classes)) < 40
    loader = make([(small[0][0], 0), (small[1][0], 2**31 - 1)], 2)
    assert len(loader.dataset.classes) == loader.num_classes == 2**31
    assert sorted(next(iter(loader))[1].tolist()) == [0, 2**31 - 1]


def test_a_pattern_is_no_folder(images):
    refused(images / "*" / "*.jpg", "sorted(glob.glob(", error=FileNotFoundError)


def test_arrays_in_memory_are_no_list_of_paths():
    refused((np.zeros((16, 64, 64, 3), np.uint8), np.zeros(16, int)), "entry 0", "TensorDataset(images, labels)")


def test_black_and_white_pixels():
    data = Items([(Image.new("L", (40, 40), 7), 0)])
    assert open_source(data).read(0)[0].shape == (40, 40, 3)
