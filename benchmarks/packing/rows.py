"""The rows of the tables of ``results/pack*.json``, column names first."""

from __future__ import annotations

Rows = list[list[str]]
CONDITIONS = {"warm": "in the page cache", "cold": "not in the page cache", "store": "S3, {ms:.0f} ms per request"}


def writing_rows(results: dict) -> Rows:
    """Time and bytes of packing."""
    count, before = results["data"]["count"], results["data"]["count"] * results["data"]["mean_bytes"]
    rows = [["writer", "s / 1000 photographs", "CPU s / 1000", "MB / 1000, before", "after", "of before"]]
    for form in results["writing"]["forms"].values():
        wall, cpu = form["seconds_per_1000"], form["cpu_seconds_per_1000"]
        rows.append(
            [
                form["label"],
                f"{wall['median']:.2f} ± {wall['iqr'] / 2:.2f}",
                f"{cpu['median']:.2f}",
                f"{before / count / 1e3:.1f}",
                f"{form['bytes'] / count / 1e3:.1f}",
                f"{form['bytes'] / before:.3f}",
            ]
        )
    return rows + [[name, f"does not run: {reason}", *[""] * 4] for name, reason in unavailable(results["writing"])]


def loading_rows(results: dict) -> Rows:
    """Images per second by condition, with the speed relative to loose files."""
    conditions = results["loading"]
    titles = [CONDITIONS[name].format(ms=1e3 * results["latency"]) for name in conditions]
    rows = [["images/s (IQR), speed relative to loose files", *titles, "CPU s / 1000, in the page cache"]]
    labels = {name: one["label"] for found in conditions.values() for name, one in found["rivals"].items()}
    for name, label in labels.items():
        cells = [cell(found["rivals"], name) for found in conditions.values()]
        warm = conditions["warm"]["rivals"].get(name) if "warm" in conditions else None
        cpu = f"{warm['cpu_seconds_per_1000']['median']:.2f}" if warm else ""
        rows.append([label, *cells, cpu])
    for key, found in conditions.items():
        for name, reason in unavailable(found):
            texts = [f"does not run: {reason}" if one == key else "" for one in conditions]
            rows.append([name, *texts, ""])
    return rows


def cell(rivals: dict, name: str) -> str:
    if name not in rivals:
        return "-"
    speed = rivals[name]["images_per_second"]
    text = f"{speed['median']:,.0f} ({100 * speed['iqr'] / speed['median']:.0f} %)"
    loose = rivals.get("fastmix")
    return f"{text}, {speed['median'] / loose['images_per_second']['median']:.2f}x" if loose else text


def unavailable(found: dict) -> list[tuple[str, str]]:
    return list(found["unavailable"].items())


def slow_disk_rows(results: dict) -> Rows:
    """Images per second of epochs from a slow disk, and relative to loose files."""
    speeds = results["images_per_second"]
    rows = [["loader", f"images/s (IQR), {results['reads']} reads per second", "relative to loose files"]]
    for label, speed in speeds.items():
        share = 100 * speed["iqr"] / speed["median"]
        times = speed["median"] / speeds["fastmix"]["median"]
        rows.append([label, f"{speed['median']:,.0f} ({share:.0f} %)", f"{times:.2f}x"])
    return rows


def interval_rows(results: dict) -> Rows:
    """Decoding time and bytes by restart interval and JPEG quality."""
    qualities = results["qualities"]
    rows = [["restart marker every"]]
    for figure in ("CPU time to decode a crop", "bytes"):
        rows[0] += [f"{'' if i else f'{figure} '}at quality {quality}" for i, quality in enumerate(qualities)]
    for interval in next(iter(qualities.values())):
        figures = [found[interval] for found in qualities.values()]
        name = f"{interval} MCUs" if int(interval) else "never: the original file"
        cells = [*(f"{one['cpu_time']:.2f}" for one in figures), *(f"{one['bytes']:.3f}" for one in figures)]
        rows.append([name, *cells])
    return rows
