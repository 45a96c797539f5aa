import json

import pytest

from fastmix.cli.bench import read_counts, verdict


def test_fastmix_and_its_rivals_are_measured(fastmix, photos):
    arguments = ["--threads", "1,2", "--against", "torch,dali", "--step-ms", "5", "--seconds", "0.05", "--size", "32"]
    found = json.loads(fastmix("bench", photos, *arguments, "--batch-size", "8", "--json", "-").stdout)
    rows = [(row["loader"], row["threads"]) for row in found["rows"]]
    assert rows == [(name, count) for count in (1, 2) for name in ("fastmix", "torch", "dali")]
    assert all(row["images_per_second"] > 0 for row in found["rows"])
    assert all(0 < row["wait_share"] <= 1 for row in found["rows"] if row["loader"] == "fastmix")
    assert found["verdict"].startswith(("keeps up", "nearly", "decode-bound"))
    assert found["batch_size"] == 8 and found["step_ms"] == 5


def test_the_table_is_for_people(fastmix, photos):
    text = fastmix("bench", photos, "--threads", "1", "--seconds", "0.05", "--size", "32").stdout
    assert "images/s" in text and "waiting" not in text and "batches of 24 x 32 x 32" in text


def test_rivals_read_local_files_only(fastmix, photos, tmp_path):
    import tarfile

    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.add(sorted(photos.glob("*/*.jpg"))[0], "0.jpg")
    arguments = ["--against", "dali", "--seconds", "0.05", "--size", "32", "--threads", "1"]
    assert "expected data in local files with --against dali" in fastmix("bench", "a.tar", *arguments, status=2).stderr


def test_a_damaged_photograph_is_named(fastmix, tmp_path):
    (tmp_path / "data" / "one").mkdir(parents=True)
    (tmp_path / "data" / "one" / "a.jpg").write_bytes(b"no image")
    assert "a.jpg" in fastmix("bench", "data", "--size", "32", status=2).stderr


def test_the_verdict_names_the_fewest_threads_that_are_enough():
    rows = [
        {"threads": 1, "wait_share": 0.4, "step_seconds": 0.2},
        {"threads": 4, "wait_share": 0.01, "step_seconds": 0.05},
        {"threads": 2, "wait_share": 0.02, "step_seconds": 0.1},
    ]
    assert verdict(rows, 120) == "keeps up: with 2 threads a step of 120 ms waits 2.0%"
    assert verdict(rows[:1], 120).startswith(
        "decode-bound: 1 thread can feed a step of 200 ms, and this one takes 120 ms"
    )


def test_waiting_without_a_lack_of_speed_is_called_so():
    rows = [{"threads": 2, "wait_share": 0.1, "step_seconds": 0.08}]
    assert verdict(rows, 200).startswith(
        "nearly keeps up: 2 threads can feed a step of 80 ms, but one of 200 ms waits 10.0%"
    )


@pytest.mark.parametrize("text", ["0", "1,,2", "-1", "1.5", ""])
def test_bad_numbers_of_threads_are_refused(text):
    with pytest.raises(ValueError, match="expected --threads as numbers of at least 1"):
        read_counts(text)
