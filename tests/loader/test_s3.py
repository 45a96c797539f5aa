"""S3, against moto's server on loopback: DALI reads the images, fsspec lists them and reads the shards."""

import io
import os
import random
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from data_support import join, make, same
from flaky_proxy import FlakyProxy

import fastmix as fm
from fastmix.loader import DataError
from fastmix.loader.sources.kinds import open_source

boto3 = pytest.importorskip("boto3")
pytest.importorskip("moto")
pytest.importorskip("s3fs")

pytestmark = pytest.mark.filterwarnings("ignore::fastmix.loader.BadSampleWarning")
COUNT = 24
OPTIONS = {"mix": fm.Mixup(0.4, per="pair"), "num_classes": COUNT, "batch_size": 8}


@pytest.fixture(scope="module")
def proxy(tmp_path_factory) -> Iterator[FlakyProxy]:
    """An S3 server, behind a proxy that can fail; this process's environment points to it, as DALI and s3fs read it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    proxy = FlakyProxy(port)
    environment = {
        "AWS_ENDPOINT_URL": proxy.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache")),
    }
    command = "import sys; from moto.server import main; main(['-H', '127.0.0.1', '-p', sys.argv[1]])"
    log = subprocess.DEVNULL
    process = subprocess.Popen([sys.executable, "-c", command, str(port)], stdout=log, stderr=log)
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, "moto's server did not start"
                time.sleep(0.05)
        yield proxy
    finally:
        proxy.close()
        process.terminate()
        process.wait(10)
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


@pytest.fixture(scope="module")
def server(proxy) -> str:
    return proxy.url


@pytest.fixture(scope="module")
def bucket(server, small) -> str:
    client = boto3.client("s3", endpoint_url=server)
    client.create_bucket(Bucket="images")
    for path, i in small[:COUNT]:
        client.upload_file(path, "images", f"train/class{i % 3}/{i:04d}.jpg")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, i in small[:COUNT]:
            for suffix, data in (("jpg", Path(path).read_bytes()), ("cls", str(i).encode())):
                info = tarfile.TarInfo(f"{i:05d}.{suffix}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    client.put_object(Bucket="images", Key="shards/a-000.tar", Body=buffer.getvalue())
    rows = "".join(f"train/class{i % 3}/{i:04d}.jpg,{i}\n" for _, i in small[:COUNT])
    client.put_object(Bucket="images", Key="list.csv", Body=("path,label\n" + rows).encode())
    return "s3://images"


@pytest.fixture(scope="module")
def expected(small) -> list:
    return [*make(small[:COUNT], **OPTIONS)]


@pytest.fixture
def listed(bucket, small) -> list[tuple[str, int]]:
    return [(f"{bucket}/train/class{i % 3}/{i:04d}.jpg", i) for _, i in small[:COUNT]]


def test_class_folders(bucket):
    source = open_source(f"{bucket}/train")
    assert source.classes == ("class0", "class1", "class2")
    assert source.path(0) == "s3://images/train/class0/0000.jpg" and len(source) == COUNT
    batches = list(make(f"{bucket}/train", 8, last_batch="partial"))
    assert sorted(label for _, labels in batches for label in labels.tolist()) == sorted(i % 3 for i in range(COUNT))
    with pytest.raises(FileNotFoundError, match="found none"):
        open_source(f"{bucket}/nowhere")


def test_the_same_batches_as_from_files(bucket, listed, expected):
    assert same(make(listed, **OPTIONS), expected)
    assert same(make(f"{bucket}/list.csv", **OPTIONS), expected)
    for _ in range(2):  # the second time with the index
        assert same(make(f"{bucket}/shards/a-{{000..000}}.tar", **OPTIONS), expected)


@pytest.mark.parametrize("world_size", [2, 4])
def test_resume_and_world_sizes(listed, expected, world_size):
    options = {**OPTIONS, "batch_size": 8 // world_size}
    loader = make(listed, **OPTIONS)
    next(iter(loader))
    ranks = [make(listed, rank=rank, world_size=world_size, **options) for rank in range(world_size)]
    for rank in ranks:
        rank.load_state_dict(loader.state_dict())
    assert same([join(parts) for parts in zip(*ranks, strict=True)], expected[1:])


@pytest.mark.parametrize("on_error", ["skip", "replace"])
def test_bad_objects(server, bucket, listed, on_error):
    client = boto3.client("s3", endpoint_url=server)
    data = client.get_object(Bucket="images", Key="train/class0/0000.jpg")["Body"].read()
    bad = {"cut.jpg": data[: len(data) // 2], "empty.jpg": b"", "text.jpg": b"<html>"}
    for name, body in bad.items():
        client.put_object(Bucket="images", Key=f"bad/{name}", Body=body)
    names = [*bad, "missing.jpg"]
    loader = make([*listed, *((f"{bucket}/bad/{name}", 0) for name in names)], 7, on_error=on_error, max_bad=4)
    with pytest.warns(UserWarning, match="4 samples"):
        first = list(loader)
    assert sorted(sample.path for sample in loader.bad_samples) == sorted(f"{bucket}/bad/{name}" for name in names)
    assert sum(len(images) for images, _ in first) == 28 - (4 if on_error == "skip" else 0)
    loader.set_epoch(0)
    assert same(loader, first)
    with pytest.raises(DataError, match=r"bad/"):
        list(make([(f"{bucket}/bad/{name}", 0) for name in names], 4))


def test_parquet_files_with_images(bucket, server, small, expected):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    client = boto3.client("s3", endpoint_url=server)
    for part in range(2):
        rows = small[part * 12 : part * 12 + 12]
        images = [{"bytes": Path(path).read_bytes(), "path": None} for path, _ in rows]
        buffer = io.BytesIO()
        table = arrow.table({"image": images, "label": [label for _, label in rows]})
        parquet.write_table(table, buffer, row_group_size=5)
        client.put_object(Bucket="images", Key=f"hub/part-{part}.parquet", Body=buffer.getvalue())
    assert same(make(f"{bucket}/hub/part-*.parquet", num_workers=3, **OPTIONS), expected)


@pytest.fixture
def global_random_restored() -> Iterator[None]:
    """For botocore, which draws the time to its next try from Python's global generator."""
    state = random.getstate()
    yield
    random.setstate(state)


@pytest.mark.usefixtures("global_random_restored")
def test_errors_that_pass_are_retried(proxy, bucket, listed, expected):
    with proxy.failing():
        loader = make(listed, on_error="skip", **OPTIONS)
        assert same(loader, expected) and loader.bad_samples == []
        assert len([path for path in proxy.refused if path.endswith(".jpg")]) == COUNT
    with proxy.failing():
        assert same(make(f"{bucket}/shards/a-{{000..000}}.tar", **OPTIONS), expected)
        assert any(path.endswith(".tar") for path in proxy.refused)
