"""Draws the pages' pictures from photographs, plans and results: ``python docs/draw_pictures.py``.

They show kinds of mixing and augmentation policies, the way of the data, the walk in place, and times beside a copy's.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from PIL import Image

import fastmix as fm
import fastmix.augment as A
from fastmix import _core
from fastmix.cli.demo_data import write_photos
from fastmix.loader.preview import to_pixels

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
RESULTS = HERE.parent / "benchmarks" / "results" / "mix.json"
SIZE = 224
SEED = 3
KINDS = {
    "Mixup": fm.Mixup(weight=fm.Fixed(0.6)),
    "CutMix": fm.CutMix(weight=fm.Fixed(0.6)),
    "HMix": fm.HMix(weight=fm.Fixed(0.5)),
    "GridMix": fm.GridMix(weight=fm.Fixed(0.6)),
    "SmoothMix": fm.SmoothMix(),
    "GMix": fm.GMix(),
    "FMix": fm.FMix(weight=fm.Fixed(0.6)),
}
MEAN_COLOUR = (124, 116, 104)
# A row of pictures per policy: its name, and what draws it.
AUGMENTS = {
    "trivialaugmentwide": {"TrivialAugmentWide()": A.TrivialAugmentWide()},
    "randaugment": {"RandAugment(2, 9)": A.RandAugment(2, 9)},
    "randaugment_timm": {'from_timm("rand-m9-mstd0.5-inc1")': A.from_timm("rand-m9-mstd0.5-inc1")},
    "autoaugment": {'AutoAugment("imagenet")': A.AutoAugment("imagenet")},
    "augmix": {"AugMix()": A.AugMix()},
    "threeaugment": {"ThreeAugment()": A.ThreeAugment()},
    "colorjitter": {"ColorJitter(0.4, 0.4, 0.4, 0.1)": A.ColorJitter(0.4, 0.4, 0.4, 0.1)},
    "randomerasing": {"RandomErasing(1.0, value=(124, 116, 104))": A.RandomErasing(1.0, value=MEAN_COLOUR)},
    "flips": {
        "RandomHorizontalFlip()": A.RandomHorizontalFlip(),
        "RandomVerticalFlip()": A.RandomVerticalFlip(),
        "Compose([RandomHorizontalFlip(), RandomVerticalFlip()])": A.Compose(
            [A.RandomHorizontalFlip(), A.RandomVerticalFlip()]
        ),
    },
    "cutout": {"Cutout(64, value=(124, 116, 104))": A.Cutout(64, value=MEAN_COLOUR)},
}
# A column per policy.
SHEETS = {
    "operations": (
        *(A.Grayscale(), A.Invert(), A.Equalize(), A.AutoContrast(), A.Solarize(128), A.SolarizeAdd(64)),
        *(A.Posterize(3), A.Brightness(1.5), A.Contrast(1.6), A.Color(1.8), A.Sharpness(3.0), A.GaussianBlur(2.0)),
    ),
    "warps": (A.ShearX(0.3), A.ShearY(0.3), A.TranslateX(40), A.TranslateY(40), A.Rotate(30), A.PadCrop(28)),
}
# The windows of a row are drawn on the photograph, in the colours of the crops' frames.
CROPS = {
    "randomresizedcrop": {
        "RandomResizedCrop()": A.RandomResizedCrop(),
        "RandomResizedCrop((0.05, 0.2))": A.RandomResizedCrop((0.05, 0.2)),
        "RandomResizedCrop((0.5, 1.0), ratio=(1.0, 1.0))": A.RandomResizedCrop((0.5, 1.0), (1.0, 1.0)),
    },
    "simplerandomcrop": {"SimpleRandomCrop(padding=28)": A.SimpleRandomCrop(28)},
}
FRAMES = ("#e03131", "#f08c00", "#2f9e44", "#1971c2", "#9c36b5", "#212529")
INK, ACCENT, FAINT = "#222222", "#3b5bdb", "#bbbbbb"


def save(figure: Figure, name: str) -> None:
    """Write a picture of photographs as JPEG, a drawing as PNG."""
    path = PICTURES / name
    figure.savefig(path, dpi=110, facecolor="white")
    if path.suffix == ".png":
        with Image.open(path) as image:
            image.convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(path, optimize=True)


def show(axis: Axes, pixels: torch.Tensor, title: str, **options: object) -> None:
    """Show an image (H, W, 3) or a map (H, W) without axes."""
    axis.imshow(pixels.numpy(), **options)
    axis.set_title(title, fontsize=10, color=INK)
    axis.set_axis_off()


def own_weights(plan: fm.MixPlan) -> torch.Tensor:
    """Return the weight of sample 0's own image for every pixel, by mixing a white image with a black one."""
    ones = torch.stack((torch.ones(1, SIZE, SIZE), torch.zeros(1, SIZE, SIZE)))
    return fm.mix(ones, plan)[0, 0]


def draw_kind(name: str, policy: fm.Policy, photos: torch.Tensor) -> None:
    """Draw own image, partner, weights and result of one policy."""
    plan = policy.plan(2, (SIZE, SIZE), seed=SEED, partner=[1, 0])
    mixed = fm.mix(photos[:2], plan)
    share = float(plan.label_weight[0])
    figure = Figure(figsize=(10, 2.8), layout="constrained")
    axes = figure.subplots(1, 4)
    own, partner = to_pixels(photos[:2], fm.IMAGENET_MEAN, fm.IMAGENET_STD)
    show(axes[0], own, "own image, label flower")
    show(axes[1], partner, "its partner, label china")
    show(axes[2], own_weights(plan), "weight of the own image", cmap="gray", vmin=0, vmax=1)
    show(
        axes[3],
        to_pixels(mixed[:1], fm.IMAGENET_MEAN, fm.IMAGENET_STD)[0],
        f"{share:.2f} flower + {1 - share:.2f} china",
    )
    figure.suptitle(name, fontsize=12, color=INK)
    save(figure, f"{name.lower()}.jpg")


def draw_dirichlet(photos: torch.Tensor) -> None:
    """Draw three images and their Dirichlet mixture."""
    plans = (fm.DirichletMix(k=3, alpha=2.0).plan(3, seed=seed) for seed in itertools.count())
    plan = next(plan for plan in plans if fm.mix_labels(torch.arange(3), plan, num_classes=3)[0].min() > 0.2)
    figure = Figure(figsize=(10, 2.8), layout="constrained")
    axes = figure.subplots(1, 4)
    targets = fm.mix_labels(torch.arange(3), plan, num_classes=3)[0]
    names = ("flower", "china", "china-1")
    for axis, pixels, name in zip(axes, to_pixels(photos, fm.IMAGENET_MEAN, fm.IMAGENET_STD), names, strict=False):
        show(axis, pixels, name)
    mixed = to_pixels(fm.mix(photos, plan)[:1], fm.IMAGENET_MEAN, fm.IMAGENET_STD)[0]
    text = " + ".join(f"{share:.2f} {name}" for share, name in zip(targets.tolist(), names, strict=True))
    show(axes[3], mixed, text)
    axes[3].title.set_fontsize(8)
    figure.suptitle("DirichletMix(k=3)", fontsize=12, color=INK)
    save(figure, "dirichletmix.jpg")


def augmented(policy: A.SamplePolicy, photo: torch.Tensor, count: int) -> torch.Tensor:
    """Return what ``count`` samples with this photograph get, uint8 (count, H, W, 3)."""
    keys = A.SampleKeys(seed=SEED, epoch=0, sample=np.arange(count))
    plan = policy.plan(keys, size=(SIZE, SIZE))
    return fm.augment_images(photo.expand(count, -1, -1, -1).contiguous(), plan)


def draw_augment(name: str, policies: dict[str, A.SamplePolicy], photo: torch.Tensor) -> None:
    """Draw a photograph and six draws of it, one row per policy."""
    figure = Figure(figsize=(10, 1.75 * len(policies)), layout="constrained")
    rows = figure.subplots(len(policies), 7, squeeze=False)
    for axes, (title, policy) in zip(rows, policies.items(), strict=True):
        show(axes[0], photo, "")
        for axis, pixels in zip(axes[1:], augmented(policy, photo, 6), strict=True):
            show(axis, pixels, "")
        axes[3].set_title(title, fontsize=10, color=INK)
    save(figure, f"{name}.jpg")


def draw_crops(name: str, policies: dict[str, A.SamplePolicy], photo: torch.Tensor) -> None:
    """Draw a whole photograph with six windows, and what they show, one row per policy."""
    figure = Figure(figsize=(10, 1.75 * len(policies)), layout="constrained")
    rows = figure.subplots(len(policies), 7, squeeze=False, width_ratios=(1.4, *[1] * 6))
    keys = A.SampleKeys(seed=SEED, epoch=0, sample=np.arange(6))
    for axes, (title, policy) in zip(rows, policies.items(), strict=True):
        plan = policy.plan(keys, (SIZE, SIZE), [photo.shape[:2]] * 6)
        unit = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
        crops = fm.resample_mix([photo] * 6, None, fm.MixPlan.identity(6), size=SIZE, sample_plan=plan, **unit)
        show(axes[0], photo, "")
        for axis, pixels, (y, x, height, width), colour in zip(
            axes[1:], crops.permute(0, 2, 3, 1), plan.window.tolist(), FRAMES, strict=True
        ):
            show(axis, pixels, "")
            frame = {"fill": False, "edgecolor": colour, "linewidth": 1.5}
            axis.add_patch(Rectangle((0, 0), SIZE - 1, SIZE - 1, **{**frame, "linewidth": 4}))
            axes[0].add_patch(Rectangle((x, y), width, height, **frame))
        axes[3].set_title(title, fontsize=10, color=INK)
    save(figure, f"{name}.jpg")


def draw_views(folder: Path) -> None:
    """Draw DINO's ten views of two photographs, at their sizes."""
    loader = fm.DataLoader(folder, 2, recipe=fm.recipes.DINO, seed=SEED, device="cpu")
    *images, _ = next(iter(loader))
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    axes = figure.subplots(2, 10, width_ratios=(*[224] * 2, *[130] * 8))
    for row, views in zip(axes, zip(*images, strict=True), strict=True):
        for axis, view in zip(row, (view for group in views for view in group), strict=True):
            show(axis, to_pixels(view[None], loader.graph.mean, loader.graph.std)[0], "")
    axes[0][0].set_title("2 views of 224 pixels", fontsize=10, color=INK, loc="left")
    axes[0][2].set_title("8 views of 96 pixels", fontsize=10, color=INK, loc="left")
    save(figure, "views.jpg")


def draw_sheet(name: str, policies: tuple[A.SamplePolicy, ...], photo: torch.Tensor) -> None:
    """Draw one draw of each policy, with its call."""
    figure = Figure(figsize=(10, 2 * len(policies) // 6), layout="constrained")
    for axis, policy in zip(figure.subplots(len(policies) // 6, 6).ravel(), policies, strict=True):
        show(axis, augmented(policy, photo, 1)[0], repr(policy))
        axis.title.set_fontsize(7)
    save(figure, f"{name}.jpg")


def draw_data_path(folder: Path) -> None:
    """Draw what becomes of two neighbours of a batch: files, windows, crops, and the mixed result."""
    options = {"batch_size": 2, "size": SIZE, "seed": SEED, "device": "cpu"}
    mix = fm.CutMix(weight=fm.Fixed(0.65))
    loader = fm.DataLoader(folder, mix=mix, return_plan=True, return_index=True, **options)
    batches = zip(loader, fm.DataLoader(folder, **options), strict=True)
    # The first batch of two classes.
    (images, targets, plan, index), (plain, _) = next(pair for pair in batches if pair[1][1].unique().numel() == 2)
    crops = to_pixels(plain, loader.graph.mean, loader.graph.std)
    mixed = to_pixels(images, loader.graph.mean, loader.graph.std)
    figure = Figure(figsize=(11, 5.4), layout="constrained")
    axes = figure.subplots(2, 3, width_ratios=(1.35, 1, 1))
    spec = _core.CropSpec((0.08, 1.0), (3 / 4, 4 / 3), 0.5)
    for row, sample in enumerate(index.tolist()):
        path, label = loader.dataset[sample]
        with Image.open(path) as photo:
            pixels = torch.from_numpy(np.array(photo.convert("RGB")))
        windows, mirror = _core.random_resized_crop(spec, [pixels.shape[:2]], SEED, [[0, sample]])
        y, x, height, width = windows[0].tolist()
        show(axes[row, 0], pixels, f"read and decode: {Path(path).name}, {loader.classes[label]}")
        axes[row, 0].add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=ACCENT, linewidth=2.5))
        show(axes[row, 1], crops[row], f"crop, resize{', mirror' if mirror[0] else ''}")
        weights = targets[row]
        order = sorted(range(len(weights)), key=lambda i, w=weights: -float(w[i]))
        text = " + ".join(f"{float(weights[i]):.2f} {loader.classes[i]}" for i in order if weights[i] > 0)
        show(axes[row, 2], mixed[row], f"mix, normalise, cast: {text}")
    box = plan.box[0].tolist()
    figure.suptitle(
        "DALI reads and decodes; one pass of resample_mix makes the right-hand column\n"
        f"plan of the upper image: partner {int(plan.partner[0])}, box (y0, x0, y1, x1) = {tuple(box)}, "
        f"label weight {float(plan.label_weight[0]):.2f}",
        fontsize=11,
        color=INK,
    )
    save(figure, "data_path.jpg")


def draw_walk() -> None:
    """Draw the cycles of a plan, and what a task reads and writes along one of them."""
    partner = fm.Mixup(0.4).plan(8, seed=SEED).partner.tolist()
    cycle = max(cycles(partner), key=len)
    figure = Figure(figsize=(11, 3.9), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.7))
    for axis in (left, right):
        axis.set_axis_off()
    for row, members in enumerate(cycles(partner)):
        draw_cycle(left, members, -1.3 * row)
    left.set_xlim(-0.4, 5.6)
    left.set_ylim(-1.3 * len(cycles(partner)) + 0.8, 1)
    left.set_title(f"partners of 8 images: {partner}", fontsize=10, color=INK)
    head, rows = cycle[0], [("0", f"{cycle[0]} from memory", "", f"copy of {cycle[0]}, the head")]
    for turn, image in enumerate(cycle, 1):
        following = cycle[turn % len(cycle)]
        last = turn == len(cycle)
        source = "the head" if last else f"{following} from memory"
        rows.append((str(turn), f"{image} from cache, {source}", str(image), "" if last else f"head, {following}"))
    table = right.table(
        rows,
        colLabels=("turn", "reads", "writes", "then in cache"),
        colWidths=(0.08, 0.46, 0.1, 0.36),
        loc="upper center",
        cellLoc="left",
    )
    table.auto_set_font_size(False)
    table.set_fontsize(10)
    table.scale(1, 1.35)
    for (row, _), cell in table.get_celld().items():
        cell.set_edgecolor(FAINT)
        cell.set_text_props(weight="bold" if row == 0 else "normal", color=INK)
    right.set_title(
        f"the walk along {' > '.join(map(str, [*cycle, head]))}: each image is read from memory once", fontsize=10
    )
    save(figure, "in_place_walk.png")


def cycles(partner: list[int]) -> list[list[int]]:
    """Return the cycles of a permutation."""
    found, seen = [], set()
    for start in range(len(partner)):
        members, image = [], start
        while image not in seen:
            seen.add(image)
            members.append(image)
            image = partner[image]
        if members:
            found.append(members)
    return found


def draw_cycle(axis: Axes, members: list[int], y: float) -> None:
    """Draw the images of a cycle in a row, with arrows to their partners."""
    for place, image in enumerate(members):
        axis.add_patch(Rectangle((place - 0.25, y - 0.25), 0.5, 0.5, facecolor="#e7ecff", edgecolor=ACCENT))
        axis.text(place, y, str(image), ha="center", va="center", fontsize=11, color=INK)
    for place in range(len(members) - 1):
        arrow = FancyArrowPatch((place + 0.27, y), (place + 0.73, y), arrowstyle="-|>", mutation_scale=11, color=INK)
        axis.add_patch(arrow)
    end = len(members) - 1
    if not end:
        axis.text(0.45, y, "is its own partner", va="center", fontsize=10, color=INK)
    else:
        back = FancyArrowPatch(
            (end, y + 0.27),
            (0, y + 0.27),
            connectionstyle="arc3,rad=0.25",
            arrowstyle="-|>",
            mutation_scale=11,
            color=INK,
        )
        axis.add_patch(back)


def draw_roofline() -> None:
    """Draw the bytes per second of mixing beside those of a copy, the roof for any program that moves 2 N bytes."""
    record = json.loads(RESULTS.read_text())
    rows = [row for row in record["results"]["in_place"] if row["pairing"] == "permutation"]
    bytes_of = {"uint8": 1, "float16": 2, "bfloat16": 2, "float32": 4}
    elements = torch.Size(record["results"]["shape"]).numel()
    names = {"copy": "copy_", "mix_": "fastmix.mix_", "compiled": "torch.compile", "naive": "torch expression"}
    colours = {"copy": FAINT, "mix_": ACCENT, "compiled": "#f08c00", "naive": "#e03131"}
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    axis = figure.subplots()
    fastest = 0.0
    for i, row in enumerate(rows):
        for k, name in enumerate(names):
            speed = 2 * elements * bytes_of[row["dtype"]] / row["seconds"][name]["median"] / 1e9
            fastest = max(fastest, speed)
            place = i + 0.2 * (k - 1.5)
            axis.bar(place, speed, 0.19, color=colours[name], label=names[name] if i == 0 else None)
            axis.text(place, speed * 1.06, f"{speed:.3g}", ha="center", fontsize=8, color=INK)
    axis.set_yscale("log")
    axis.set_ylim(0.1, 4 * fastest)  # room for the legend
    axis.set_yticks([0.1, 1, 10], ["0.1", "1", "10"])
    axis.set_xticks(range(len(rows)), [row["dtype"] for row in rows])
    axis.set_ylabel("GB/s, of 2 N bytes that must move")
    axis.legend(ncols=4, loc="upper center", frameon=False, fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)
    machine = record["machine"]
    shape = " x ".join(map(str, record["results"]["shape"]))
    axis.set_title(
        f"mixup of {shape}, {machine['cpus']} cores of {machine['cpu']}, {record['date'][:10]}", fontsize=10, color=INK
    )
    save(figure, "roofline.png")


def main() -> None:
    """Draw all pictures, with matplotlib's own settings: other modules may have changed the global ones."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        draw_all()


def draw_all() -> None:
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        photos = write_photos(Path(folder) / "photos", count=9, classes=3, seed=0)
        loader = fm.DataLoader(photos, 9, SIZE, train=False, device="cpu")
        images, labels = next(iter(loader))
        # flower, china, and china with its hue turned
        chosen = images[
            [int((labels == loader.classes.index(name)).nonzero()[0]) for name in ("flower", "china", "china-1")]
        ]
        for name, policy in KINDS.items():
            draw_kind(name, policy, chosen)
        draw_dirichlet(chosen)
        photo = (to_pixels(chosen[1:2], fm.IMAGENET_MEAN, fm.IMAGENET_STD)[0] * 255).round().to(torch.uint8)
        for name, policies in AUGMENTS.items():
            draw_augment(name, policies, photo)
        for name, policies in SHEETS.items():
            draw_sheet(name, policies, photo)
        with Image.open(next((photos / "china").iterdir())) as whole:
            pixels = torch.from_numpy(np.array(whole.convert("RGB")))
        for name, policies in CROPS.items():
            draw_crops(name, policies, pixels)
        draw_views(photos)
        draw_data_path(photos)
    draw_walk()
    draw_roofline()


if __name__ == "__main__":
    main()
