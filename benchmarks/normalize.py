"""From decoded pixels to the normalised, mixed batch on the CPU: one pass against the torch chain and against DALI.

The chain is what a training script writes: ``(u8.to(float32) - mean) / std``, permute, mix, cast. DALI's
``crop_mirror_normalize`` normalises and lays out the same batch without mixing anything, into memory that DALI keeps.
So do ``normalize_mix(out=)`` and our kernel as a DALI operator; plain ``normalize_mix`` and the chain take new memory.

    python -m benchmarks.normalize --json benchmarks/results/normalize.json
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import torch

import fastmix as fm
from benchmarks.mix import WEIGHT, partners
from benchmarks.timing import Times, compare, write_json
from fastmix.ops.normalize_mix import IMAGENET_MEAN, IMAGENET_STD

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
LAYOUTS = {"NCHW": torch.contiguous_format, "NHWC": torch.channels_last}


def pixels_of(batch: int, size: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (batch, size, size, 3), dtype=torch.uint8, generator=generator)


def torch_chain(
    index: torch.Tensor, dtype: torch.dtype, memory_format: torch.memory_format
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Of uint8 pixels (B, H, W, C) on the device of `index`, which holds their partners."""
    mean, std = (torch.tensor(values, device=index.device) * 255 for values in (IMAGENET_MEAN, IMAGENET_STD))

    def chain(pixels: torch.Tensor) -> torch.Tensor:
        x = ((pixels.to(torch.float32) - mean) / std).permute(0, 3, 1, 2)
        return (WEIGHT * x + (1 - WEIGHT) * x[index]).to(dtype).contiguous(memory_format=memory_format)

    return chain


def dali_normalize(pixels: torch.Tensor, dtype: torch.dtype, layout: str, threads: int) -> dict[str, Callable]:
    """DALI's crop_mirror_normalize, our kernel as its operator, and a pipeline that only hands the batch over.

    The executor without prefetching: a call does all of its own work and none of the next one's.
    """
    import nvidia.dali.fn as fn
    from nvidia.dali import pipeline_def, types

    import fastmix.dali

    fastmix.dali.load()
    samples = list(pixels.numpy())
    options = {
        "dtype": {torch.float32: types.FLOAT, torch.float16: types.FLOAT16}[dtype],
        "output_layout": "CHW" if layout == "NCHW" else "HWC",
        "mean": [255 * value for value in IMAGENET_MEAN],
        "std": [255 * value for value in IMAGENET_STD],
    }

    def built(graph: Callable) -> Callable[[], object]:
        @pipeline_def(
            batch_size=len(samples),
            num_threads=threads,
            device_id=None,
            exec_dynamic=False,
            exec_async=False,
            exec_pipelined=False,
        )
        def pipeline():
            return graph(fn.external_source(lambda: samples, batch=True, layout="HWC", no_copy=True))

        pipe = pipeline()
        pipe.build()
        return pipe.run

    return {
        "DALI crop_mirror_normalize": built(lambda images: fn.crop_mirror_normalize(images, **options)),
        "fn.fastmix.mix": built(lambda images: fn.fastmix.mix(images, alpha=0.2, per="sample", **options)),
        "DALI hand-over": built(lambda images: images),
    }


def measure(pixels: torch.Tensor, dtype: str, layout: str, repeats: int) -> dict[str, Times]:
    index = partners("permutation", len(pixels))
    plan = fm.MixPlan.mixup(index, WEIGHT)
    options = {"dtype": DTYPES[dtype], "memory_format": LAYOUTS[layout]}
    out = fm.normalize_mix(pixels, plan, **options)
    chain = torch_chain(index, **options)
    functions: dict[str, Callable] = {
        "normalize_mix": lambda: fm.normalize_mix(pixels, plan, **options),
        "normalize_mix, out=": lambda: fm.normalize_mix(pixels, plan, **options, out=out),
        "torch chain": lambda: chain(pixels),
    }
    if dtype != "bfloat16":  # a type that DALI does not have
        functions |= dali_normalize(pixels, DTYPES[dtype], layout, torch.get_num_threads())
    return compare(functions, repeats, warmup=2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--threads", type=int, help="of torch and of DALI (default: torch's)")
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=list(DTYPES))
    parser.add_argument("--layouts", nargs="+", choices=LAYOUTS, default=list(LAYOUTS))
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    pixels = pixels_of(arguments.batch_size, arguments.size)
    rows = []
    for dtype in arguments.dtypes:
        for layout in arguments.layouts:
            times = measure(pixels, dtype, layout, arguments.repeats)
            rows.append(row_of(dtype, layout, times))
            print(line(rows[-1]), flush=True)
    if arguments.json:
        settings = {"batch_size": arguments.batch_size, "size": arguments.size, "threads": torch.get_num_threads()}
        write_json(arguments.json, {**settings, "rows": rows})


def row_of(dtype: str, layout: str, times: dict[str, Times]) -> dict:
    ours = times["normalize_mix"].median
    row = {"dtype": dtype, "layout": layout, "seconds": {name: value._asdict() for name, value in times.items()}}
    row["speedup_over_torch_chain"] = times["torch chain"].median / ours
    if "DALI crop_mirror_normalize" in times:
        alone = times["DALI crop_mirror_normalize"].median
        row["speedup_over_dali"] = alone / times["fn.fastmix.mix"].median
        row["speedup_over_dali_in_kept_memory"] = alone / times["normalize_mix, out="].median
    return row


def line(row: dict) -> str:
    text = f"{row['dtype']} {row['layout']}: normalize_mix {1e3 * row['seconds']['normalize_mix']['median']:.1f} ms, "
    text += f"{row['speedup_over_torch_chain']:.1f}x over the torch chain"
    if "speedup_over_dali" in row:
        names = ("DALI crop_mirror_normalize", "normalize_mix, out=", "fn.fastmix.mix")
        dali, kept, mixed = (1e3 * row["seconds"][name]["median"] for name in names)
        text += f"; into kept memory {kept:.1f} ms, in DALI {mixed:.1f} ms, crop_mirror_normalize alone {dali:.1f} ms"
    return text


if __name__ == "__main__":
    main()
