"""The tables of README.md, benchmarks/README.md and docs: which there are, and how each is made from a results file.

A table ``NAME`` stands wherever a Markdown file has ``<!-- table NAME -->`` and ``<!-- end NAME -->``;
``benchmarks.plot`` fills it in.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks import augment_loader, hotspots, sources, train_equivalence
from benchmarks.augment import rows as augment
from benchmarks.packing import rows as packing

RESULTS = Path(__file__).parent / "results"
PHOTOGRAPHS = {"imagenet": "ImageNet-size photographs", "large": "12-megapixel photographs"}
NOT_MEASURED = "Not measured yet.\n"
Rows = list[list[str]]


class Table(NamedTuple):
    """From the file ``results/<file>.json`` to rows, the first of which has the column names.

    ``versions`` lists the versions of all libraries below the table.
    """

    file: str
    rows: Callable[[dict], Rows]
    versions: bool = True


def record(file: str) -> dict | None:
    path = RESULTS / f"{file}.json"
    return json.loads(path.read_text()) if path.exists() else None


def markdown(table: Table) -> str:
    """The table and, under it, where its figures come from."""
    found = record(table.file)
    if found is None:
        return NOT_MEASURED
    head, *rows = table.rows(found["results"])
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    lines = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\n{provenance(found, table.versions)}\n"


def provenance(found: dict, versions: bool) -> str:
    machine = found["machine"]
    where = ", ".join(machine["gpus"]) or f"{machine['cpus']} cores of {machine['cpu']}, no GPU"
    used = ", ".join(f"{name} {version}" for name, version in found["versions"].items() if name != "cuda")
    return f"<sub>`{found['command']}`, {found['date'][:10]}, {where}{f'; {used}' if versions else ''}.</sub>"


def speedup(mine: float, other: float) -> str:
    """The other loader's time over ours, from images/s."""
    return f"{mine / other:.2f}x"


def loader_rows(name: str) -> Callable[[dict], Rows]:
    """All rivals on one data set; ratios are of medians of one run."""

    def rows(results: dict) -> Rows:
        found = results["sets"][name]
        ours = found["rivals"]["fastmix"]["images_per_second"]["median"]
        lines = [
            [
                "loader",
                "images/s",
                "IQR",
                "fastmix's speed-up",
                "CPU s / 1000",
                "peak MiB",
                "p50 / p99 / max ms per batch",
            ]
        ]
        for figure in sorted(found["rivals"].values(), key=lambda one: -one["images_per_second"]["median"]):
            speed, batch = figure["images_per_second"], figure["batch_ms"]
            lines.append(
                [
                    figure["label"],
                    f"{speed['median']:,.0f}",
                    f"{100 * speed['iqr'] / speed['median']:.0f} %",
                    speedup(ours, speed["median"]),
                    f"{figure['cpu_seconds_per_1000']['median']:.2f}",
                    f"{figure['peak_mib']:,.0f}",
                    f"{batch['p50']:.0f} / {batch['p99']:.0f} / {batch['max']:.0f}",
                ]
            )
        return lines + [[rival, f"does not run: {reason}", *[""] * 5] for rival, reason in found["unavailable"].items()]

    return rows


def summary_rows(results: dict) -> Rows:
    """The speed-up of fastmix over every other loader and variant, per data set."""
    sets = results["sets"]
    labels = {rival: one["label"] for found in sets.values() for rival, one in found["rivals"].items()}
    lines = [["fastmix's speed-up over", *(heading(found) for found in sets.values())]]
    for rival, label in labels.items():
        if rival == "fastmix":
            continue
        cells = []
        for found in sets.values():
            speeds = {name: one["images_per_second"]["median"] for name, one in found["rivals"].items()}
            cells.append(speedup(speeds["fastmix"], speeds[rival]) if rival in speeds else "")
        lines.append([label, *cells])
    return lines


def headline_rows(results: dict) -> Rows:
    """The README's summary: each loader that ran on both kinds of photographs, in the variant that was fastest."""
    sets = [results["sets"][name] for name in ("imagenet", "large")]
    best = [fastest_variants(found["rivals"]) for found in sets]
    everywhere = best[0].keys() & best[1].keys()
    kept = [{loader: one for loader, one in found.items() if loader in everywhere} for found in best]
    return summary_rows({"sets": {i: {**sets[i], "rivals": rivals} for i, rivals in enumerate(kept)}})


def fastest_variants(rivals: dict) -> dict:
    """By loader, without the options behind a colon: its fastest variant's figures under its usual form's label."""
    best: dict[str, dict] = {}
    for name, one in rivals.items():
        loader = name.partition(":")[0]
        fastest = max(one, best.get(loader, one), key=lambda figure: figure["images_per_second"]["median"])
        best[loader] = {**fastest, "label": rivals[loader]["label"]}
    return best


def heading(found: dict) -> str:
    size = found["data"]["mean_bytes"]
    mean = f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} KB"
    return f"{PHOTOGRAPHS[found['data']['name']]}, {mean}, batches of {found['job']['batch_size']}"


def train_rows(results: dict) -> Rows:
    speeds = results["accelerators"]
    lines = [
        ["loader", *(f"{name} ({speed:,} images/s)" for name, speed in speeds.items()), "small network, same cores"]
    ]
    columns = {**results["emulated"], None: results["trained"]}
    for rival, figure in results["trained"].items():
        cells = []
        for accelerator, column in columns.items():
            one = column.get(rival)
            bound = results["bounds"][rival].get(accelerator)
            of = f" of {100 * bound:.0f} %" if bound else ""
            cells.append(f"{100 * one['utilisation']:.0f} %{of}, {one['wait_ms']:.0f} ms" if one else "")
        lines.append([figure["label"], *cells])
    return lines


def sweep_rows(results: dict) -> Rows:
    rivals = list(results["points"][0]["images_per_second"])
    lines = [["setting", *(f"{rival} images/s" for rival in rivals)]]
    for point in results["points"]:
        changed = point["changed"]
        name = f"{changed} = {point[changed]}" if changed in point else changed
        speeds = point["images_per_second"]
        lines.append([name, *(f"{speeds[rival]['median']:,.0f}" if rival in speeds else "-" for rival in rivals)])
    return lines


def accuracy_rows(results: dict) -> Rows:
    lines = [
        [f"through, {results['seeds']} seeds", "accuracy %", "standard error", "minus Pillow's, in its standard errors"]
    ]
    for name, found in results["summary"].items():
        difference = "" if name == "pillow" else f"{found['difference_in_standard_errors']:+.1f}"
        lines.append([name, f"{found['mean']:.2f}", f"{found['standard_error']:.2f}", difference])
    return lines


def mix_rows(results: dict) -> Rows:
    columns = {"naive": "torch expression", "compiled": "compiled", "copy": "copy", "mix_": "`mix_`"}
    lines = [["dtype, pairing", *(f"{title} ms" for title in columns.values())]]
    lines[0] += ["speed-up over torch", "speed-up over compiled", "time of a copy"]
    for row in results["in_place"]:
        milliseconds = (f"{1e3 * row['seconds'][name]['median']:.2f}" for name in columns)
        ratios = (row["speedup_over_naive"], row["speedup_over_compiled"])
        ratios = (*(f"{ratio:.1f}x" for ratio in ratios), f"{row['times_a_copy']:.2f}x")
        lines.append([f"{row['dtype']}, {row['pairing']}", *milliseconds, *ratios])
    return lines


def mix_kinds_rows(results: dict) -> Rows:
    lines = [["kind", "fastmix ms", "rivals ms", "speed-up over the best rival"]]
    for row in results["kinds"]:
        milliseconds = {who: f"{1e3 * seconds['median']:.1f}" for who, seconds in row["seconds"].items()}
        ours = milliseconds.pop("fastmix")
        rivals = ", ".join(f"{who} {cell}" for who, cell in milliseconds.items())
        speedup = row["speedup_over_best"]
        lines.append([row["kind"], ours, rivals or "not installed", f"{speedup:.1f}x" if speedup else ""])
    return lines


def per_sample_rows(results: dict) -> Rows:
    lines = [["dtype", "time with a draw per sample, in times with one draw per batch"]]
    return lines + [[dtype, f"{cost['ratio']:.2f}x"] for dtype, cost in results["per_sample"].items()]


def overhead_rows(results: dict) -> Rows:
    names = {"bare": "DALI's graph", "loader": "loader", "hostile": "loader, every 20th file damaged"}
    lines = [["", "images/s", "time of an image, relative to"]]
    speeds = results["images_per_second"]
    for name, beside in (("bare", None), ("loader", "bare"), ("hostile", "loader")):
        ratio = f"{speeds[beside] / speeds[name]:.2f}x {names[beside]}" if beside else ""
        lines.append([names[name], f"{speeds[name]:,.0f}", ratio])
    resume = f"{results['resume_seconds']:.2f} s"
    return [*lines, [f"resuming at the last step of {results['resume_samples']:,} samples", resume, ""]]


def all_rows(results: dict) -> Rows:
    minutes = {name: seconds / 60 for name, seconds in results["seconds"].items()}
    minutes["all"] = sum(minutes.values())
    return [["minutes", *minutes], ["", *(f"{value:.1f}" for value in minutes.values())]]


def decode_rows(results: dict) -> Rows:
    sets = results["sets"]
    lines = [["one thread, CPU ms per photograph", *sets]]
    for step in next(iter(sets.values()))["cpu_ms_per_photograph"]:
        lines.append([step, *(f"{found['cpu_ms_per_photograph'][step]['median']:.2f}" for found in sets.values())])
    return lines


def decode_accuracy_rows(results: dict) -> Rows:
    lines = [["grey levels off", "photographs decoded at a reduced scale", "mean", "largest"]]
    for name, found in results["sets"].items():
        if (off := found["grey_levels_off"]) is not None:
            lines.append([name, str(off["photographs"]), f"{off['mean']:.2f}", f"{off['max']:.1f}"])
    return lines


def resample_rows(results: dict) -> Rows:
    """One column of times per instruction set, with the speedup over DALI's graph with mixup in the same process."""
    sets = results["sets"]
    lines = [["one thread, CPU ms per image", *(found["set"] for found in sets)]]
    for step in sets[0]["cpu_ms_per_image"]:
        figures = ((found["cpu_ms_per_image"][step], found["speedup_over_dali_with_mixup"][step]) for found in sets)
        lines.append([step, *(f"{value:.3f} ({speedup:.1f}x)" for value, speedup in figures)])
    return lines


def normalize_rows(results: dict) -> Rows:
    lines = [[f"{results['threads']} threads, ms", *next(iter(results["rows"]))["seconds"]]]
    names = lines[0][1:]
    for row in results["rows"]:
        cells = (f"{1e3 * row['seconds'][name]['median']:.1f}" if name in row["seconds"] else "" for name in names)
        lines.append([f"{row['dtype']} {row['layout']}", *cells])
    return lines


TABLES = {
    "all": Table("all", all_rows),
    "headline": Table("loader", headline_rows, versions=False),
    "loader": Table("loader", summary_rows),
    "loader-imagenet": Table("loader", loader_rows("imagenet")),
    "loader-imagenet-256": Table("loader", loader_rows("imagenet-256")),
    "loader-large": Table("loader", loader_rows("large")),
    "loader-cold": Table("loader-cold", loader_rows("imagenet")),
    "hotspots": Table("hotspots", hotspots.rows_of),
    "sources": Table("sources", sources.rows_of),
    "train": Table("train", train_rows),
    "sweep": Table("sweep", sweep_rows),
    "accuracy": Table("accuracy", accuracy_rows),
    "mix": Table("mix", mix_rows),
    "mix-kinds": Table("mix", mix_kinds_rows),
    "mix-per-sample": Table("mix", per_sample_rows),
    "overhead": Table("overhead", overhead_rows),
    "decode": Table("decode", decode_rows),
    "decode-accuracy": Table("decode", decode_accuracy_rows),
    "resample": Table("resample", resample_rows),
    "normalize": Table("normalize", normalize_rows),
    "augment-operations": Table("augment", augment.operation_rows),
    "augment-policies": Table("augment", augment.policy_rows("one")),
    "augment-policies-all": Table("augment", augment.policy_rows("all")),
    "augment-loader-policies": Table("augment_loader", augment_loader.policy_rows),
    "augment-loader-recipes": Table("augment_loader", augment_loader.recipe_rows),
    "pack-writing": Table("pack", packing.writing_rows),
    "pack-loading": Table("pack", packing.loading_rows),
    "pack-slow-disk": Table("pack-slow-disk", packing.slow_disk_rows, versions=False),
    "pack-intervals": Table("pack-intervals", packing.interval_rows, versions=False),
    "train-equivalence": Table("train_equivalence", train_equivalence.rows_of),
    "train-equivalence-30": Table("train_equivalence-30", train_equivalence.rows_of),
}
