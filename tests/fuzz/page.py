"""docs/reliability.md, from the results of ``python tests/fuzz``."""


def table(header: str, rows: list[str]) -> str:
    columns = header.count("|") - 1
    return "\n".join([header, "|---|" + "--:|" * (columns - 1), *rows])


def image_table(results: dict[str, dict], names: dict[str, str]) -> str:
    return table(
        "| format | files | decoded | refused | loaded | skipped | CPU s, slowest batch | peak memory, MiB |",
        [
            f"| {names[group]} | {r['files']:,} | {r['decoded']:,} | {r['files'] - r['decoded']:,} | {r['loaded']:,} | "
            f"{r['files'] - r['loaded']:,} | {r['slowest']:.2f} | {r['peak'] / 2**20:.0f} |"
            for group, r in results.items()
        ],
    )


def parser_table(results: dict[str, dict]) -> str:
    return table(
        "| parser | tries | inputs kept | edges reached |",
        [f"| {name} | {r['tries']:,} | {r['corpus']:,} | {r['edges']:,} |" for name, r in results.items()],
    )


def fault_table(results: dict[str, int]) -> str:
    meanings = {
        "interrupted": "SIGINT: the program ends with KeyboardInterrupt",
        "daemon thread at exit": "the program ends while a daemon thread iterates",
        "forked": "the process forks amid an epoch: parent and child have the same batches",
        "rank killed": "a rank is killed and resumes: its batches are those of the epoch",
        "full disk": "the quarantine file does not fit; later runs read it",
        "store hangs": "an S3 store accepts and never answers: `timeout` ends the wait, the program ends",
        "store killed": "an S3 store goes away amid an epoch and comes back: then nothing is missing",
    }
    return table("| at a random moment | rounds |", [f"| {meanings[n]} | {results[n]} |" for n in meanings])


def soak_table(results: dict[str, dict]) -> str:
    return table(
        "| over files of which an eighth is bad | runs | memory, MiB | threads | file descriptors |",
        [
            f"| {name} | {r['runs']:,} | {r['memory'] / 2**20:+.1f} | {r['threads']:+d} | {r['files']:+d} |"
            for name, r in results.items()
            if isinstance(r, dict)
        ],
    )


def page(results: dict[str, dict], names: dict[str, str]) -> str:
    """The parts that have results."""
    tables = {
        "images": ("Damaged images", _IMAGES, lambda found: image_table(found, names)),
        "parsers": ("Parsers", _PARSERS, parser_table),
        "faults": ("Faults", _FAULTS, fault_table),
        "soak": ("Long runs", _SOAK, soak_table),
    }
    parts = [
        f"## {title}\n\n{text}\n\n{made(results[name])}\n"
        for name, (title, text, made) in tables.items()
        if name in results
    ]
    return "\n".join([_HEAD, *parts])


_HEAD = """# Reliability

`make fuzz` runs all of this and writes this page; it takes hours. `python tests/fuzz --part images` runs a part, and
`make test` a short form. A run stops at its first failure. Failures: 0.
"""

_IMAGES = """A file is changed in 1 to 6 places: flipped bits, extreme numbers in headers, cuts, random runs, deletions,
insertions. Each file is decoded in three windows by the `decode` operator, in another order and with another number of
threads, and comes through `DataLoader` with `on_error="skip"` and `"replace"` and the judge of `fastmix scan`. For the
loader a quarter of the files is left undamaged. Every program runs in a process of its own and has to end by itself.

A failure is a crash, a hang, an exception, a batch that is different when an epoch is run again or resumed, a verdict
that depends on anything but the file and the window, a CPU second for a batch of 50 files, or 1 GiB of peak memory.
JPEG 2000 is refused without Pillow, because damaged files crash the library that would decode it."""

_PARSERS = """What fastmix parses itself gets mutated inputs; those that reach new code are kept and mutated further.
The C++ programs run under AddressSanitizer and UndefinedBehaviorSanitizer. A failure is a report of theirs, pixels
other than libjpeg's, an accepted plan that leaves its batch, or a file that is refused in other words
than fastmix's."""

_FAULTS = "Each round is a process of its own. It has to end by itself, with the batches of an undisturbed epoch."

_SOAK = "Growth after the first tenth of the runs. One file in turn is good and bad."
