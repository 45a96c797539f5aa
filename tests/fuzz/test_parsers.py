"""The short form of ``make fuzz`` for plan rows, archives, manifests, states and quarantine files."""

from fuzz.__main__ import run
from fuzz.native_programs import PROGRAMS, corpus_of
from fuzz.native_programs import run as run_native


def test_plan_rows(tmp_path):
    output = run_native(PROGRAMS["plan rows"].compile(tmp_path), 1, 30_000)
    assert int(output.splitlines()[-1]) > 1000
    assert corpus_of(output)["corpus"] > 20 * corpus_of(output)["originals"]


def test_files(tmp_path):
    found = run("fuzz/parsers.py", 1, 300, str(tmp_path))
    parsers = ("tar", "index", "csv", "tsv", "jsonl", "quarantine", "state", "plan")
    assert all(found[name]["corpus"] > 2 and found[name]["accepted"] > 0 for name in parsers)
