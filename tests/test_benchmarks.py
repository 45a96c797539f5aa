"""The benchmarks' machinery, with rivals that cost nothing: it has to be right before figures mean anything."""

import json
import os
import random
import time

import numpy as np
import pytest
import torch

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

from benchmarks import data, plot, sources, tables
from benchmarks.rivals import Job, consumers, crops, meter, naive, open_rival, worker


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return data.write_set("imagenet", 12, tmp_path_factory.mktemp("sets"))


@pytest.fixture
def job(folder):
    return Job(str(folder), batch_size=4, size=32, cores=1)


@pytest.fixture(autouse=True)
def rivals_may_draw():
    """Rivals draw from the global generators, as their users do; here they are put back."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])


def test_no_figure_in_the_documents_is_typed_by_hand():
    assert plot.outdated() == []


def test_every_table_is_shown_and_every_marker_is_known():
    text = "".join(path.read_text() for path in plot.DOCUMENTS)
    shown = {found[1] for found in plot._MARKED.finditer(text)}
    assert shown >= set(tables.TABLES)


def test_the_headline_compares_with_the_fastest_variant():
    speeds = {"timm": 10.0, "timm:draft=yes": 30.0, "timm:draft=no": 20.0, "dali": 5.0}
    rivals = {name: {"label": name, "images_per_second": {"median": speed}} for name, speed in speeds.items()}
    best = tables.fastest_variants(rivals)
    found = {loader: (one["label"], one["images_per_second"]["median"]) for loader, one in best.items()}
    assert found == {"timm": ("timm", 30.0), "dali": ("dali", 5.0)}


def test_a_changed_figure_is_noticed(tmp_path, monkeypatch):
    document = tmp_path / "README.md"
    text = "<!-- table mix -->\n<!-- end mix -->\n<!-- table foreign -->\nkept\n<!-- end foreign -->\n"
    document.write_text(plot.filled(text))
    monkeypatch.setattr(plot, "DOCUMENTS", (document,))
    assert "kept" in document.read_text() and "| dtype, pairing |" in document.read_text()
    assert plot.outdated() == []
    document.write_text(document.read_text().replace("x |", "y |", 1))
    assert plot.outdated() == [document]


def test_photographs_are_the_same_every_time(folder, tmp_path):
    again = data.write_set("imagenet", 12, tmp_path)
    files = sorted(path.relative_to(folder) for path in folder.rglob("*.jpg"))
    assert len(files) == 12
    assert all((folder / path).read_bytes() == (again / path).read_bytes() for path in files)
    assert data.read_description(folder)["count"] == 12


def test_a_set_is_written_once_and_an_unfinished_one_again(tmp_path):
    first = data.write_set("imagenet", 2, tmp_path)
    path = next(first.rglob("*.jpg"))
    path.write_bytes(b"changed")
    assert next(data.write_set("imagenet", 2, tmp_path).rglob("*.jpg")).read_bytes() == b"changed"
    (first / "set.json").unlink()
    assert data.write_set("imagenet", 2, tmp_path) == first
    assert path.read_bytes() != b"changed"


def test_sources_are_compared_on_the_same_batches(folder):
    pytest.importorskip("pyarrow")
    found = sources.measure(folder, batch_size=4, rounds=2, threads=1)
    assert {"class folders", "torchvision's ImageFolder", "Hugging Face Parquet"} <= set(found)
    assert found["class folders"]["cpu"]["to_folder"] == 1.0
    assert all(len(one["wall"]["ms_per_image"]["all"]) == 2 for one in found.values())
    assert [row[0] for row in sources.rows_of(found)] == ["data", *found]


def test_windows_lie_in_the_image():
    for width, height in ((500, 375), (10, 1000), (1, 1)):
        for _ in range(100):
            x, y, w, h = crops.window(width, height)
            assert x >= 0 and y >= 0 and w >= 1 and h >= 1 and x + w <= width and y + h <= height


@pytest.mark.parametrize("draft", [False, True])
def test_pillow_crops(job, draft):
    image, label = crops.PillowCrops(job, draft)[5]
    assert image.shape == (3, 32, 32) and image.dtype.name == "uint8" and label in range(10)


def test_naive_mixing_keeps_the_sum(job):
    torch.manual_seed(0)
    images, labels = torch.rand(4, 3, 8, 8), torch.tensor([0, 1, 2, 2])
    mixed, targets = naive.mixed(images, labels, job)
    assert torch.allclose(targets.sum(1), torch.ones(4))
    assert torch.allclose(mixed.sum(), images.sum(), rtol=1e-5)
    same, targets = naive.mixed(images, labels, job._replace(share=0.0, channels_last=True))
    assert torch.equal(same, images) and same.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(targets.argmax(1), labels)


def test_names_of_variants():
    module, options = open_rival("timm:draft=yes")
    assert module.__name__ == "benchmarks.rivals.timm" and options == {"draft": "yes"}


def good_batch(job):
    return torch.randn(job.batch_size, 3, job.size, job.size).clamp(-2, 2.4), torch.full((job.batch_size, 10), 0.1)


def test_the_harness_refuses_other_work(job):
    images, targets = good_batch(job)
    module, _ = open_rival("fastmix")
    worker.check(job, images, targets, module)
    for bad in (images[:, :, :16], images.half(), images * 58, torch.zeros_like(images)):
        with pytest.raises(AssertionError):
            worker.check(job, bad, targets, module)
    for bad in (targets * 0.9, targets[:, :5], torch.zeros(4, dtype=torch.int64)):
        with pytest.raises(AssertionError):
            worker.check(job, images, bad, module)
    worker.check(job, images, torch.zeros(4, dtype=torch.int64), open_rival("dali")[0])


def test_throughput_counts_what_came_while_the_clock_ran(job):
    taken = []

    def batches():
        while True:
            taken.append(1)
            yield good_batch(job)

    found = worker.throughput(job, batches(), seconds=0.01)
    drained = job.cores * 2 + 2
    assert found["images"] == job.batch_size * (len(taken) - drained) and len(found["waits"]) == len(taken) - drained
    assert found["seconds"] == pytest.approx(sum(found["waits"]))


def test_utilisation_is_compute_over_all_time(job):
    def batches():
        while True:
            yield good_batch(job)

    found = consumers.emulate(job, batches(), seconds=0.0, images_per_second=1000.0)
    assert found["steps"] == consumers.LEAST_STEPS and 0 < found["utilisation"] <= 1
    expected = found["steps"] * job.batch_size / 1000 / found["seconds"]
    assert found["utilisation"] == pytest.approx(min(expected, 1))
    assert 0 < consumers.step_seconds(job, repeats=1)


def test_meter_sees_children_and_their_cpu_time():
    before = meter.cpu_seconds(os.getpid())
    child = os.fork()
    if child == 0:
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
        time.sleep(60)
        os._exit(0)
    try:
        deadline = time.monotonic() + 60
        while meter.cpu_seconds(child) < 0.15 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert child in meter.descendants(os.getpid())
        assert meter.cpu_seconds(os.getpid()) - before >= 0.15
        assert meter.memory_mib(os.getpid()) > 10
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def test_a_rival_that_cannot_run_says_why(job):
    from benchmarks.rivals.contest import Contest

    names = ("ffcv", "nobody")
    with Contest(names, job._replace(share=0.5)) as contest:
        assert not contest.rivals
        assert set(contest.unavailable) == set(names)
        assert "nobody" in contest.unavailable["nobody"] and "FFCV" in contest.unavailable["ffcv"]


def test_a_contest_of_loaders(job):
    from benchmarks.rivals.contest import Contest

    with Contest(("fastmix", "dali"), job) as contest:
        answers = contest.rounds(2, "throughput", seconds=0.01)
        memory = dict(contest.round("memory", seconds=0.01))
    assert contest.unavailable == {}
    assert set(answers) == {"fastmix", "dali"} and all(len(found) == 2 for found in answers.values())
    assert all(one["images"] > 0 and one["cpu_seconds"] >= 0 for found in answers.values() for one in found)
    assert json.dumps(answers) and all(found["peak_mib"] > 10 for found in memory.values())
