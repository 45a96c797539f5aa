"""Hugging Face datasets and its Parquet files, DataFrames, torchvision's ImageFolder; what fits none is refused."""

import os
import re
import shutil

import pytest
import torch
from client_support import SAMPLES, evaluation, marks, train

datasets = pytest.importorskip("datasets")
datasets.disable_progress_bars()


@pytest.fixture(scope="module")
def folder(photos):
    """Files, ids and names of the class folder."""
    names = sorted(path.name for path in photos.iterdir())
    files = [str(path) for name in names for path in sorted((photos / name).iterdir())]
    return files, [names.index(os.path.basename(os.path.dirname(file))) for file in files], names


@pytest.fixture(scope="module")
def embedded(folder):
    files, ids, names = folder
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=names)})
    images = [{"bytes": open(file, "rb").read(), "path": os.path.basename(file)} for file in files]
    return datasets.Dataset.from_dict({"image": images, "label": ids}, features=features)


def check(photos, data, **options) -> None:
    loader = train(data, **options)
    assert marks(loader) == marks(train(photos)) and len(loader.dataset) == SAMPLES
    assert loader.dataset.classes == train(photos).dataset.classes
    assert loader.dataset.targets == train(photos).dataset.targets


def test_datasets_with_embedded_bytes(photos, embedded, folder):
    check(photos, embedded)
    assert evaluation(embedded.select(range(5))).source.path(3).startswith(os.path.basename(folder[0][3]))
    first = embedded.select(range(0, SAMPLES, 2))
    assert evaluation(first).dataset.targets == folder[1][::2]
    renamed = embedded.rename_columns({"image": "left", "label": "kind"}).add_column("other", [1.5] * SAMPLES)
    check(photos, renamed, image_key="left", label_key="kind")


def test_datasets_of_files_are_read_as_files(photos, folder):
    files, ids, names = folder
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=names)})
    data = datasets.Dataset.from_dict({"image": files, "label": ids}, features=features)
    check(photos, data)
    assert train(data).source.delivers == "path"


def test_loaded_image_folders(photos, tmp_path):
    check(photos, datasets.load_dataset("imagefolder", data_dir=str(photos), split="train", cache_dir=str(tmp_path)))


def test_parquet_files(photos, embedded, folder, tmp_path):
    embedded.to_parquet(tmp_path / "all.parquet", batch_size=10)
    check(photos, tmp_path / "all.parquet", num_workers=3)
    for i in range(2):
        embedded.shard(2, i, contiguous=True).to_parquet(tmp_path / f"part-{i}.parquet", batch_size=7)
    check(photos, str(tmp_path / "part-*.parquet"))
    named = datasets.Dataset.from_dict({"image": folder[0], "label": folder[1]}).cast_column("image", datasets.Image())
    named.to_parquet(tmp_path / "named.parquet")
    assert marks(train(tmp_path / "named.parquet")) == marks(train(photos))
    plain = embedded.rename_columns({"image": "left", "label": "kind"})
    plain.to_parquet(tmp_path / "other.parquet")
    with pytest.raises(ValueError, match="label_key="):
        train(tmp_path / "other.parquet")
    check(photos, tmp_path / "other.parquet", label_key="kind")


def test_what_is_refused(embedded):
    stream = embedded.to_iterable_dataset()
    cases = [
        (embedded.with_format("torch"), ValueError, "with_format(None)"),
        (embedded.with_transform(lambda row: row), ValueError, "with_format(None)"),
        (
            embedded.rename_column("label", "kind").cast_column("kind", datasets.Value("int64")),
            ValueError,
            "label_key=",
        ),
        (embedded.add_column("mask", [None] * SAMPLES).cast_column("mask", datasets.Image()), ValueError, "image_key="),
        (datasets.DatasetDict({"train": embedded, "test": embedded}), TypeError, "pass data['train']"),
        (stream, TypeError, "fastmix.prefetch"),
    ]
    for data, error, message in cases:
        with pytest.raises(error, match=re.escape(message)):
            train(data)


def test_prediction(embedded):
    loader = evaluation(embedded.remove_columns("label"), return_index=True)
    assert all(targets is None for _, targets, _ in loader)


def test_frames(photos, folder):
    pandas = pytest.importorskip("pandas")
    files, ids, names = folder
    check(photos, pandas.DataFrame({"path": files, "label": [names[i] for i in ids]}))
    frame = pandas.DataFrame({"file": files, "kind": ids, "split": "train"})
    with pytest.raises(ValueError, match="label_column="):
        train(frame)
    assert marks(train(frame, path_column="file", label_column="kind")) == marks(train(photos))


def test_image_folder_objects(photos):
    torchvision = pytest.importorskip("torchvision")
    data = torchvision.datasets.ImageFolder(photos)
    check(photos, data)
    halves = [torch.utils.data.Subset(data, range(48)), torch.utils.data.Subset(data, range(48, SAMPLES))]
    check(photos, torch.utils.data.ConcatDataset(halves))
    assert train(data).source.delivers == "path"
    changed = torchvision.datasets.ImageFolder(photos, transform=torchvision.transforms.PILToTensor())
    with pytest.raises(TypeError, match="permute"):
        train(changed)
    resized = torchvision.datasets.ImageFolder(photos, transform=torchvision.transforms.Resize(40))
    assert train(resized).source.delivers == "pixels" and len(marks(train(resized))) == 12


def test_webdataset_shards(photos, folder, tmp_path):
    webdataset = pytest.importorskip("webdataset")
    files, ids, names = folder

    def write(name: str, sample) -> str:
        shutil.rmtree(tmp_path / name, ignore_errors=True)
        (tmp_path / name).mkdir()
        with webdataset.ShardWriter(str(tmp_path / name / "%04d.tar"), maxcount=40, verbose=0) as shards:
            for i, (file, label) in enumerate(zip(files, ids, strict=True)):
                shards.write({"__key__": f"{i:06d}", **sample(open(file, "rb").read(), label)})
        return str(tmp_path / name / "{0000..0002}.tar")

    expected = marks(train(photos))
    pattern = write("cls", lambda data, label: {"jpg": data, "cls": label})
    assert marks(train(pattern)) == expected == marks(train(str(tmp_path / "cls" / "*.tar")))
    pattern = write("json", lambda data, label: {"jpg": data, "json": {"label": label, "caption": "x"}})
    with pytest.raises(ValueError, match="label_key="):
        train(pattern)
    assert marks(train(pattern, label_key="json.label")) == expected
    pattern = write("txt", lambda data, label: {"jpg": data, "txt": names[label]})
    assert train(pattern, label_key="txt").dataset.classes == names
    pattern = write("several", lambda data, label: {"left.jpg": data, "seg.png": b"", "cls": label})
    with pytest.raises(ValueError, match="image_key="):
        train(pattern)
    assert marks(train(pattern, image_key="left.jpg")) == expected
    pattern = write("npy", lambda data, label: {"jpg": data, "npy": torch.eye(8)[label].numpy()})
    assert train(pattern, label_key="npy").dataset.targets.sum() == SAMPLES
    with pytest.raises(TypeError, match=r"fastmix\.prefetch"):
        train(webdataset.WebDataset(pattern, shardshuffle=False))
