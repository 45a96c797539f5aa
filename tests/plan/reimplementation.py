"""Plans, crop windows and orders once more, in plain Python and from the definitions: what the native core must equal.

Floating point here is IEEE double with one rounding per operation, so equality is asked bit for bit.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from mask_reimplementation import MASK_KINDS, drawn_mask, mean_weight
from random_reimplementation import Key, Stream, exact_exp, exact_log

from fastmix import Choice, CutMix, HMix, Mixup, Policy
from fastmix.plan.boxes import BoxRule, Clipped, Coverage, Cuboid, FixedBox, Inside, MinMax, Span
from fastmix.plan.weights import Beta, Fixed, Uniform, UniformSide, Weight

PAIRING, CHOICE, APPLY, WEIGHT, BOX, CROP, ORDER, INSIDE, MASK, AUGMENT = range(1, 11)


def within(groups: Sequence[Sequence[int]], draws: Stream) -> list[int]:
    """A uniform permutation of the members of each group, one group after the other."""
    partner = {}
    for group in groups:
        partner.update(zip(group, [group[place] for place in draws.permutation(len(group))], strict=True))
    return [partner[i] for i in range(len(partner))]


def apart(groups: Sequence, draws: Stream) -> list[int]:
    """A permutation whose partners differ in their group wherever that can be had by exchanging two partners."""
    batch = len(groups)
    order = draws.permutation(batch)
    groups = [groups[i] for i in order]
    partner = draws.permutation(batch)
    for i, group in enumerate(groups):
        if groups[partner[i]] != group:
            continue
        start = draws.below(batch)
        others = [(start + step) % batch for step in range(batch)]
        free = [j for j in others if groups[j] != group and groups[partner[j]] != group]
        j = free[0] if free else partner.index(i)
        partner[i], partner[j] = partner[j], partner[i]
    by_sample = {order[place]: order[other] for place, other in enumerate(partner)}
    return [by_sample[i] for i in range(batch)]


def partners(pairing: str, batch: int, key: Key, groups: Sequence = ()) -> list[int]:
    draws = key.stream(PAIRING, key.offset)
    order = list(range(batch))
    if pairing == "permutation":
        return draws.permutation(batch)
    if pairing == "flip":
        return order[::-1]
    if pairing == "roll":
        return order[-1:] + order[:-1]
    if pairing == "derangement":
        while True:
            partner = draws.permutation(batch)
            if batch < 2 or all(i != j for i, j in enumerate(partner)):
                return partner
    if pairing == "matching":
        shuffled = draws.permutation(batch)
        partner = order.copy()
        for a, b in zip(shuffled[::2], shuffled[1::2], strict=False):
            partner[a], partner[b] = b, a
        return partner
    if pairing == "same_class":
        members = {group: [i for i in order if groups[i] == group] for group in groups}
        return within(list(members.values()), draws)
    if pairing == "different_class":
        return apart(groups, draws)
    return [min(i + 1, batch - 1) if i % 2 == 0 else i - 1 for i in order]


def weighted_partners(weights: Sequence[Sequence[float]], key: Key) -> list[int]:
    chosen = []
    for i, row in enumerate(weights):
        total = 0.0
        for weight in row:
            total += weight
        left = key.stream(PAIRING, key.offset + i).uniform() * total
        partner = i
        for j, weight in enumerate(row):
            if left < 0.0:
                break
            if weight > 0.0:
                partner = j
            left -= weight
        chosen.append(partner)
    return chosen


def drawn_weight(weight: Weight, draws: Stream) -> float:
    if isinstance(weight, Beta):
        w = draws.beta(float(weight.a), float(weight.b))
    elif isinstance(weight, Uniform):
        w = min(weight.low + (weight.high - weight.low) * draws.uniform(), weight.high)
    elif isinstance(weight, UniformSide):
        side = min(weight.low + (weight.high - weight.low) * draws.uniform(), weight.high)
        w = 1.0 - side * side
    else:
        assert isinstance(weight, Fixed)
        w = weight.weight
    if weight.fold:
        w = {"max": max, "min": min}[weight.fold](w, 1.0 - w)
    return min(max(w, weight.clamp[0]), weight.clamp[1])


def cut_range(rule: BoxRule, draws: Stream, length: int, side: float) -> tuple[int, int]:
    extent = math.floor(length * side)
    if isinstance(rule, Clipped | Cuboid):
        first = draws.below(length) - extent // 2
    elif isinstance(rule, Coverage):
        first = draws.below(length + extent - 1) - (extent - 1) if extent else 0
    else:
        if isinstance(rule, MinMax):
            least, most = math.floor(length * rule.least), math.floor(length * rule.most)
            extent = least + (draws.below(most - least) if most > least else 0)
        else:
            assert isinstance(rule, Inside | Span)
        first = draws.below(length - extent + 1)
    return max(first, 0), min(first + extent, length)


def drawn_box(rule: BoxRule, size: tuple[int, int], area: float, draws: Stream) -> tuple[int, int, int, int]:
    if isinstance(rule, FixedBox):
        return rule.y0, rule.x0, rule.y1, rule.x1
    if isinstance(rule, Span):
        first, last = cut_range(rule, draws, size[1] if rule.axis == "width" else size[0], area)
        return (0, first, size[0], last) if rule.axis == "width" else (first, 0, last, size[1])
    (y0, y1), (x0, x1) = (cut_range(rule, draws, length, math.sqrt(area)) for length in size)
    return y0, x0, y1, x1


def one_sample(policy: Policy, size: tuple[int, int], key: Key, unit: int, variant: int) -> tuple:
    """(weight_in, weight_out, box, label_weight); weights that a label weight follows from are float32 already."""
    untouched = 1.0, 1.0, (0, 0, 0, 0), 1.0
    if not key.stream(APPLY, unit, variant).uniform() < policy.prob:
        return untouched
    law = policy.weight if policy.weight is not None else Beta(policy.alpha)
    weight = drawn_weight(law, key.stream(WEIGHT, unit, variant))
    if isinstance(policy, Mixup):
        return weight, weight, (0, 0, 0, 0), weight
    area = (1.0 - weight) * (policy.box_share if isinstance(policy, HMix) else 1.0)
    box = drawn_box(policy.box, size, area, key.stream(BOX, unit, variant))
    pixels, all_pixels = float((box[2] - box[0]) * (box[3] - box[1])), float(size[0] * size[1])
    if isinstance(policy, CutMix):
        if not pixels:
            return untouched
        inside = Fixed(0.0) if policy.inside is None else policy.inside
        within_box = float(np.float32(drawn_weight(inside, key.stream(INSIDE, unit, variant))))
        return within_box, 1.0, box, 1.0 - (1.0 - within_box) * pixels / all_pixels
    around = 1.0 - pixels / all_pixels
    outside = float(np.float32(min(weight / around, 1.0))) if around > 0 else 1.0
    label_weight = outside * around
    return (0.0, outside, box, label_weight) if pixels else (outside, outside, (0, 0, 0, 0), label_weight)


def masked_sample(policy: Policy, size: tuple[int, ...], key: Key, unit: int, variant: int) -> tuple:
    """(weight_in, weight_out, box, label_weight, levels); without levels where the sample is untouched."""
    untouched = 1.0, 1.0, (0, 0, 0, 0), 1.0, None
    if not key.stream(APPLY, unit, variant).uniform() < policy.prob:
        return untouched
    weight = drawn_weight(policy.distribution, key.stream(WEIGHT, unit, variant))
    if isinstance(policy, CutMix):
        draws, volume = key.stream(BOX, unit, variant), 1.0 - weight
        if isinstance(policy.box, Cuboid):
            side = exact_exp(exact_log(volume) / 3.0) if volume > 0 else 0.0
            ranges = [cut_range(policy.box, draws, length, side) for length in size]
        else:
            ranges = [cut_range(policy.box, draws, size[0], volume), (0, size[1]), (0, size[2])]
        if any(first == last for first, last in ranges):
            return untouched
        levels = np.zeros(size, np.uint8)
        levels[tuple(slice(*edges) for edges in ranges)] = 255
        inside = Fixed(0.0) if policy.inside is None else policy.inside
        ends = float(np.float32(drawn_weight(inside, key.stream(INSIDE, unit, variant)))), 1.0
    else:
        levels = drawn_mask(policy, *size[-2:], weight, key.stream(MASK, unit, variant), exact_log, exact_exp)
        ends = 1.0, 0.0
    return *ends, (0, 0, 0, 0), mean_weight(levels, *ends), levels


def has_mask(policy: Policy) -> bool:
    rule = getattr(policy, "box", None)
    return isinstance(policy, MASK_KINDS) or isinstance(rule, Cuboid) or rule == Span("time")


def plan_arrays(
    policy: Policy, batch: int, size: tuple[int, ...], key: Key, groups: Sequence = ()
) -> dict[str, np.ndarray]:
    policies = policy.policies if isinstance(policy, Choice) else (policy,)
    p = (policy.p or [1.0 / len(policies)] * len(policies)) if isinstance(policy, Choice) else [1.0]
    partner = partners(policy.pairing, batch, key, groups)

    def unit(per: str, i: int) -> int:
        if per == "batch":
            return 0
        first = min(i, partner[i]) if per == "pair" and partner[partner[i]] == i else i
        return key.offset + first

    def choose(unit: int) -> int:
        left = key.stream(CHOICE, unit).uniform()
        possible = [which for which in range(len(p)) if p[which] > 0]
        for which in possible:
            left -= p[which]
            if left < 0:
                return which
        return possible[-1]

    drawn: dict[tuple[int, int], Sequence] = {}
    masks: dict[tuple[int, int], np.ndarray] = {}
    rows, index = [], []
    for i in range(batch):
        which = choose(unit(policy.per, i)) if len(policies) > 1 else 0
        place = unit(policies[which].per, i), which
        if place not in drawn:
            if has_mask(policies[which]):
                *drawn[place], levels = masked_sample(policies[which], size, key, *place)
                if levels is not None:
                    masks[place] = levels
            else:
                drawn[place] = one_sample(policies[which], size[-2:], key, *place)
        rows.append(drawn[place])
        index.append(list(masks).index(place) if place in masks else -1)
    weight_in, weight_out, box, label_weight = zip(*rows, strict=True) if rows else ((), (), (), ())
    masked = {}
    if masks:
        frames = any(isinstance(p, CutMix) and has_mask(p) for p in policies)
        shape = size if frames and size[0] > 1 else size[-2:]
        mask = np.stack([np.broadcast_to(levels, shape).reshape(shape) for levels in masks.values()])
        masked = {"masks": mask, "mask_index": np.array(index, np.int32)}
    return {
        **masked,
        "partner": np.array(partner, np.int32),
        "weight_in": np.array(weight_in, np.float32),
        "weight_out": np.array(weight_out, np.float32),
        "box": np.array(box, np.int32).reshape(-1, 4),
        "label_weight": np.array(label_weight, np.float32),
    }


def epoch_order(count: int, seed: int, epoch: int) -> list[int]:
    return Stream(seed, ORDER, epoch, 0, 0, 0).permutation(count)


def torchvision_window(
    uniform: Callable[[], float],
    below: Callable[[int], int],
    size: tuple[int, int],
    scale: tuple[float, float],
    ratio: tuple[float, float],
    log: Callable[[float], float] = math.log,
    exp: Callable[[float], float] = math.exp,
) -> tuple[int, int, int, int]:
    """RandomResizedCrop's algorithm (torchvision): (y, x, height, width); the generator and libm are the caller's."""
    height, width = size
    area = float(height * width)
    low, high = log(ratio[0]), log(ratio[1])
    for _ in range(10):
        target = area * (scale[0] + (scale[1] - scale[0]) * uniform())
        aspect = exp(low + (high - low) * uniform())
        w, h = math.floor(math.sqrt(target * aspect) + 0.5), math.floor(math.sqrt(target / aspect) + 0.5)
        if 0 < w <= width and 0 < h <= height:
            return below(height - h + 1), below(width - w + 1), h, w
    w, h = width, height
    if width / height < ratio[0]:
        h = min(max(math.floor(width / ratio[0] + 0.5), 1), height)
    elif width / height > ratio[1]:
        w = min(max(math.floor(height * ratio[1] + 0.5), 1), width)
    return (height - h) // 2, (width - w) // 2, h, w


def crop_window(
    size: tuple[int, int],
    scale: tuple[float, float],
    ratio: tuple[float, float],
    mirror_prob: float,
    seed: int,
    epoch: int,
    sample: int,
    occurrence: int = 0,
    view: int = 0,
) -> tuple[tuple[int, int, int, int], bool]:
    stream = Stream(seed, CROP, epoch, view, sample, occurrence)
    mirror = stream.uniform() < mirror_prob
    return torchvision_window(stream.uniform, stream.below, size, scale, ratio, exact_log, exact_exp), mirror
