"""The tables of the results: operations, and policies on one thread or on all cores."""

from __future__ import annotations

from collections.abc import Callable

PEERS = ("Pillow", "torchvision tensors", "DALI", "kornia")


def operation_rows(results: dict) -> list[list[str]]:
    """Return the table of operations."""
    lines = [[f"one thread, {results['set']}, us per image", "augment_", "floor", "copy", "Pillow", "speed-up"]]
    for row in results["operations"]:
        us = row["microseconds"]
        figures = (f"{us['augment_']:.1f}", f"{row['floor']:.1f}", f"{us['copy']:.1f}", f"{us['Pillow']:.0f}")
        lines.append([row["name"], *figures, f"{us['Pillow'] / us['augment_']:.1f}x"])
    return lines


def policy_rows(threads: str) -> Callable[[dict], list[list[str]]]:
    """Return the table of policies on ``"one"`` thread or on ``"all"``."""

    def rows(results: dict) -> list[list[str]]:
        found = [row for row in results["policies"] if (row["threads"] == 1) == (threads == "one")]
        peers = [peer for peer in PEERS if any(peer in row["microseconds"] for row in found)]
        heading = f"{found[0]['threads']} thread{'s' if threads == 'all' else ''}, {results['set']}"
        floors = ["floor us"] if threads == "one" else []
        lines = [[heading, "us per image (CPU s / 1000)", *floors, "copy us", *peers]]
        for row in found:
            us, cpu = row["microseconds"], row["cpu_seconds_per_1000"]
            cells = [f"{us['augment_']:.1f} ({cpu['augment_']:.3f})"]
            cells += [f"{row['floor']:.1f}"] if floors else []
            cells += [f"{us['copy']:.1f}"]
            for peer in peers:
                cells += [f"{us[peer]:.0f} ({cpu[peer]:.3f}), {us[peer] / us['augment_']:.1f}x" if peer in us else ""]
            lines.append([row["name"], *cells])
        return lines

    return rows
