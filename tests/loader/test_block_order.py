"""``shuffle="blocks"``: a random order whose reads are sequential."""

import io
import re
import tarfile
from pathlib import Path

import fsspec
import numpy as np
import pytest
from data_support import join, make, same

import fastmix as fm
from fastmix.loader.sampling import OPEN_BLOCKS, ByBlock, Shuffled
from fastmix.loader.sources import block_reads
from fastmix.loader.sources.block_reads import block_starts
from fastmix.loader.sources.kinds import open_source
from fastmix.loader.sources.shards import ShardSource

COUNT, BATCH = 240, 8
OPTIONS = {"mix": fm.Mixup(0.4, per="pair"), "num_classes": COUNT, "batch_size": BATCH, "shuffle": "blocks"}


def shard(samples: list[tuple[str, int]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, label in samples:
            for suffix, data in (("jpg", Path(path).read_bytes()), ("cls", str(label).encode())):
                info = tarfile.TarInfo(f"{label:05d}.{suffix}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(block_reads, "BLOCK_BYTES", 12_000)


@pytest.fixture(scope="module")
def shards(small, tmp_path_factory) -> str:
    """Three shards of 80 samples."""
    folder = tmp_path_factory.mktemp("shards")
    for number in range(3):
        part = small[80 * number : 80 * number + 80]
        (folder / f"a-{number}.tar").write_bytes(shard([(path, 80 * number + i) for i, (path, _) in enumerate(part)]))
    return str(folder / "a-{0..2}.tar")


@pytest.fixture
def remote(shards, monkeypatch, tmp_path) -> str:
    """The same shards at URLs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    system = fsspec.filesystem("memory")
    for number in range(3):
        system.pipe(f"/blocks/a-{number}.tar", Path(shards.replace("{0..2}", str(number))).read_bytes())
    yield "memory://blocks/a-{0..2}.tar"
    system.rm("/blocks", recursive=True)


def test_every_sample_once_from_few_blocks_at_a_time():
    rng = np.random.default_rng(0)
    starts = np.concatenate(([0], 1 + np.sort(rng.choice(9_999, 299, replace=False))))
    order = ByBlock(starts, 10_000, seed=3)
    first = order.samples(0)
    assert np.array_equal(np.sort(first), np.arange(10_000))
    assert np.array_equal(first, ByBlock(starts, 10_000, seed=3).samples(0))
    assert not np.array_equal(first, order.samples(1)) and not np.array_equal(
        first, ByBlock(starts, 10_000, 4).samples(0)
    )
    block = np.searchsorted(starts, first, side="right") - 1
    at = np.arange(10_000)
    begin, end = np.full(300, 10_000), np.zeros(300, dtype=int)
    np.minimum.at(begin, block, at)
    np.maximum.at(end, block, at)
    opened = np.add.accumulate(np.bincount(begin, minlength=10_001) - np.bincount(end + 1, minlength=10_001))
    assert OPEN_BLOCKS // 2 < opened.max() <= OPEN_BLOCKS + 1
    # The blocks come in random order, and a block's samples do not stay in order.
    assert abs(np.corrcoef(np.argsort(begin), np.arange(300))[0, 1]) < 0.2
    assert abs(np.corrcoef(first[block == 7], np.arange((block == 7).sum()))[0, 1]) < 0.9


def randomness(order, samples: int, per_block: int, batch: int) -> list[str]:
    """The rows of the table in docs/data.md, means of six epochs."""
    whole, rows, before = samples // batch * batch, [], None
    for epoch in range(6):
        chosen = order.samples(epoch)
        number = np.empty(samples, dtype=int)
        number[chosen] = np.arange(samples) // batch
        batches = chosen[:whole].reshape(-1, batch)
        again = np.nan
        if before is not None:
            counts = [np.unique(before[members], return_counts=True)[1] for members in batches]
            again = np.mean([(count * (count - 1)).sum() / (batch * (batch - 1)) for count in counts])
        distance = np.abs(chosen - np.arange(samples)).mean() / samples
        blocks = np.mean([len(np.unique(members // per_block)) for members in batches])
        rows.append((distance, (number[1:] == number[:-1]).mean(), again, blocks))
        before = number
    distance, neighbours, again, blocks = np.nanmean(rows, axis=0)
    return [f"{distance:.3f}", f"{100 * neighbours:.1f} %", f"{100 * again:.1f} %", f"{blocks:.0f}"]


def test_the_table_of_the_docs():
    samples, per_block, batch = 128_000, 76, 256  # 76 samples of 110 kB are 8 MiB
    whole = randomness(Shuffled(samples, 1), samples, per_block, batch)
    blocks = randomness(ByBlock(np.arange(0, samples, per_block), samples, 1), samples, per_block, batch)
    text = (Path(__file__).parents[2] / "docs" / "data.md").read_text()
    table = re.findall(r"^\| [^|]+ \| ([^|]+) \| ([^|]+) \|$", text.partition("How random that is")[2], re.M)[1:]
    assert table == list(zip(whole, blocks, strict=True))


def test_blocks_are_neighbours_in_one_shard(shards):
    source = open_source(shards)
    starts = source.blocks()
    assert {0, 80, 160} < set(starts.tolist())
    for start, end in zip(starts, [*starts[1:], COUNT], strict=True):
        part = source.places[start:end]
        assert len(set(part[:, 0])) == 1 and part[-1, 1] - part[0, 1] < 12_000
    assert block_starts(np.zeros((0, 3), dtype=np.int64)).tolist() == []


def test_resume_world_sizes_and_epochs(shards):
    expected = list(make(shards, **OPTIONS))
    labels = np.concatenate([targets.nonzero()[:, 1].unique().numpy() for _, targets in expected])
    assert np.array_equal(np.unique(labels), np.arange(COUNT))
    loader = make(shards, **OPTIONS)
    batches = iter(loader)
    for step in range(5):
        resumed = make(shards, num_workers=3, **OPTIONS)
        resumed.load_state_dict(loader.state_dict())
        assert same([next(iter(resumed))], [expected[step]])
        next(batches)
    ranks = [make(shards, **{**OPTIONS, "batch_size": 4}, rank=rank, world_size=2) for rank in range(2)]
    assert same([join(parts) for parts in zip(*ranks, strict=True)], expected)
    with pytest.raises(ValueError, match="order='shuffle'"):
        make(shards, **{**OPTIONS, "shuffle": True}).load_state_dict(loader.state_dict())


def test_remote_blocks_are_fetched_whole_and_once(shards, remote, monkeypatch):
    fetched = []
    read = ShardSource._bytes

    def watched(self, number, start, size):
        fetched.append((number, start, size))
        return read(self, number, start, size)

    loader = make(remote, num_workers=4, **OPTIONS)
    monkeypatch.setattr(ShardSource, "_bytes", watched)
    batches = list(loader)
    places = loader.source.places
    ends = [*loader.source.blocks()[1:], COUNT]
    whole = [
        (places[a, 0], places[a, 1], places[b - 1, 1:].sum() - places[a, 1])
        for a, b in zip(loader.source.blocks(), ends, strict=True)
    ]
    assert sorted(fetched) == sorted(whole)
    assert same(batches, make(shards, **OPTIONS))
    # Two ranks would each fetch all blocks, so each reads its own samples.
    fetched.clear()
    list(make(remote, **{**OPTIONS, "batch_size": 4}, rank=0, world_size=2))
    assert len([size for _, _, size in fetched if size > 1000]) == COUNT // 2


def test_a_block_that_fails_once_is_fetched_again(shards, remote, monkeypatch):
    read, failed = ShardSource._bytes, []

    def flaky(self, number, start, size):
        if not failed and size > 1000:  # not a label
            failed.append(start)
            raise TimeoutError("the store does not answer")
        return read(self, number, start, size)

    loader = make(remote, on_error="skip", **OPTIONS)
    monkeypatch.setattr(ShardSource, "_bytes", flaky)
    assert same(loader, make(shards, **OPTIONS)) and failed and loader.bad_samples == []


def test_row_groups_are_blocks(small_jpegs, tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = arrow.table({"image": [{"bytes": data} for data in small_jpegs[:40]], "label": list(range(40))})
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=7)
    assert open_source(tmp_path / "a.parquet").blocks().tolist() == [0, 7, 14, 21, 28, 35]
    loader = make(tmp_path / "a.parquet", **{**OPTIONS, "mix": None})
    assert sorted(label for _, labels in loader for label in labels.tolist()) == list(range(40))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ValueError, "expected tar shards or Parquet files"),
        ({"sampler": "balanced"}, ValueError, "got both"),
        ({"shuffle": "block"}, TypeError, "a bool or 'blocks', got 'block'"),
        ({"repeats": 2}, ValueError, "tar shards"),
    ],
)
def test_refused(small, options, error, message):
    with pytest.raises(error, match=message):
        make(small[:16], **{**OPTIONS, **options})


def test_repeats_need_a_random_order(shards):
    with pytest.raises(ValueError, match="the order 'blocks'"):
        make(shards, repeats=2, **OPTIONS)
