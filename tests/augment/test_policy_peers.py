"""Operations, magnitudes and probabilities equal those of torchvision's and timm's own classes, where installed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from laws import SIZE, assert_law, drawn, one_after_another, sequences, step

from benchmarks import mix_peers
from fastmix import augment as fa
from fastmix.augment.operations import NAMES
from fastmix.augment.timm_laws import LAWS, SETS, Menu

COUNT = 60_000
ENHANCE = ("Brightness", "Color", "Contrast", "Sharpness")


@pytest.fixture
def torchvision() -> ModuleType:
    if mix_peers.torchvision_v2() is None:
        pytest.skip("torchvision is not installed (requirements/compat.txt)")
    from torchvision.transforms import autoaugment

    return autoaugment


@pytest.fixture
def timm() -> ModuleType:
    module = mix_peers.timm_data("auto_augment")
    return module if module is not None else pytest.skip("timm is not installed (requirements/compat.txt)")


def tv_layer(space: dict, name: str, bins: list[int]) -> dict:
    """The law of one of torchvision's operations over these bins of its magnitudes."""
    magnitudes, signed = space[name]
    law: dict = {}
    for k, sign in itertools.product(bins, (1.0, -1.0) if signed else (1.0,)):
        value = sign * float(magnitudes[k]) if magnitudes.ndim else 0.0
        if name in ENHANCE:
            value = 1.0 + value
        elif name.startswith("Translate"):
            value = -int(value)  # _apply_op shifts by int(magnitude), and Pillow's matrix is the inverse
        elif name == "Posterize":
            value = int(value)
        operation = step(name, value)
        law[operation] = law.get(operation, 0.0) + 1.0 / len(bins) / (2 if signed else 1)
    return law


def either(layers: list[dict], p: list[float] | None = None) -> dict:
    law: dict = {}
    for layer, share in zip(layers, p or [1 / len(layers)] * len(layers), strict=True):
        for operation, q in layer.items():
            law[operation] = law.get(operation, 0.0) + share * q
    return law


def maybe(layer: dict, p: float) -> dict:
    return either([layer, {("Identity", None): 1.0}], [p, 1 - p])


def test_trivial_augment(torchvision: ModuleType) -> None:
    space = torchvision.TrivialAugmentWide()._augmentation_space(31)
    law = one_after_another(either([tv_layer(space, name, list(range(31))) for name in space]))
    assert_law(sequences(drawn(fa.TrivialAugmentWide(), COUNT)), law)


@pytest.mark.parametrize("magnitude", [9, 0, 30])
def test_rand_augment(torchvision: ModuleType, magnitude: int) -> None:
    space = torchvision.RandAugment()._augmentation_space(31, SIZE)
    layer = either([tv_layer(space, name, [magnitude]) for name in space])
    plan = drawn(fa.RandAugment(magnitude=magnitude), COUNT)
    assert_law(sequences(plan), one_after_another(layer, layer))


@pytest.mark.parametrize("policy", ["imagenet", "cifar10", "svhn"])
def test_auto_augment(torchvision: ModuleType, policy: str) -> None:
    peer = torchvision.AutoAugment(torchvision.AutoAugmentPolicy(policy))
    space = peer._augmentation_space(10, SIZE)
    pairs = [
        one_after_another(*(maybe(tv_layer(space, name, [k or 0]), p) for name, p, k in pair)) for pair in peer.policies
    ]
    assert_law(sequences(drawn(fa.AutoAugment(policy), COUNT)), either(pairs))


def test_aug_mix(torchvision: ModuleType) -> None:
    for all_ops in (True, False):
        space = torchvision.AugMix(all_ops=all_ops)._augmentation_space(10, SIZE)
        layer = either([tv_layer(space, name, list(range(3))) for name in space])
        counted: dict = {}
        for operations, number in sequences(drawn(fa.AugMix(all_ops=all_ops, width=1, depth=1), COUNT)).items():
            counted[operations[1]] = counted.get(operations[1], 0) + number
        assert_law(counted, layer)


@pytest.fixture
def coin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], None]]:
    """Sets what timm's random.random() returns."""
    state = random.getstate()
    yield lambda value: monkeypatch.setattr(random, "random", lambda: value)
    random.setstate(state)


def timm_value(timm: ModuleType, op: Any, level: float) -> tuple[str, float | None]:
    """The operation of Pillow that timm's AugmentOp amounts to at a level."""
    arguments = op.level_fn(level, op.hparams) if op.level_fn is not None else (0.0,)
    name = {timm.translate_x_rel: "TranslateX", timm.translate_y_rel: "TranslateY", timm.desaturate: "Color"}.get(
        op.aug_fn, op.name.removesuffix("Increasing").removesuffix("Original")
    )
    value = arguments[0]
    if name.startswith("Translate"):
        value *= SIZE[1] if name == "TranslateX" else SIZE[0]
    if op.aug_fn is timm.desaturate:
        value = min(1.0, max(0.0, 1.0 - value))
    return step(name, value)


@pytest.mark.parametrize("translate", [0.45, 0.3])
def test_magnitudes_of_timm(timm: ModuleType, coin, translate: float) -> None:
    levels = np.concatenate((np.linspace(0, 10, 401), [2.5, 9.75, 9.999999]))
    for name in LAWS:
        peer = f"{name}Rel" if name.startswith("Translate") else name
        op = timm.AugmentOp(peer, hparams={"translate_pct": translate, "img_mean": (1, 2, 3)})
        menu = Menu((name,), translate)
        for uniform in (0.25, 0.75):
            coin(uniform)
            words = menu.words(np.zeros(len(levels), int), levels, np.full(len(levels), uniform), SIZE)
            ours = [
                step(NAMES[code], value) for code, value in zip(words[:, 0], words.view(np.float32)[:, 1], strict=True)
            ]
            assert ours == [timm_value(timm, op, level) for level in levels], name


def test_sets_of_timm(timm: ModuleType) -> None:
    def ours(names) -> Any:
        renamed = {name: f"{name}Rel" if name.startswith("Translate") else name for name in names}
        return {renamed[k]: v for k, v in names.items()} if isinstance(names, dict) else list(renamed.values())

    assert ours(SETS["plain"]) == timm._RAND_TRANSFORMS
    assert ours(SETS["increasing"]) == timm._RAND_INCREASING_TRANSFORMS
    assert ours(SETS["3a"]) == timm._RAND_3A
    assert ours(SETS["3aw"]) == timm._RAND_WEIGHTED_3A
    assert ours(SETS["weights"]) == timm._RAND_WEIGHTED_0
    assert sorted(ours(SETS["augmix"])) == sorted(timm._AUGMIX_TRANSFORMS)


def timm_layer(timm: ModuleType, op: Any, coin) -> dict:
    law: dict = {}
    for uniform in (0.25, 0.75):
        coin(uniform)
        operation = timm_value(timm, op, max(0.0, min(op.magnitude, 10.0)))
        law[operation] = law.get(operation, 0.0) + 0.5
    return maybe(law, op.prob)


@pytest.mark.parametrize("name", ["v0", "v0r", "original", "originalr"])
def test_auto_augment_of_timm(timm: ModuleType, coin, name: str) -> None:
    pairs = [one_after_another(*(timm_layer(timm, op, coin) for op in pair)) for pair in timm.auto_augment_policy(name)]
    assert_law(sequences(drawn(fa.from_timm(name), COUNT)), either(pairs))


@pytest.mark.parametrize("config", ["rand-m9-inc1", "rand-m7", "rand-m9-inc1-p0.8", "rand-m5-t3a-n1", "rand-n1"])
def test_rand_augment_of_timm(timm: ModuleType, coin, config: str) -> None:
    peer = timm.rand_augment_transform(config, {"img_mean": (124, 116, 104)})
    layer = either([timm_layer(timm, op, coin) for op in peer.ops])
    law = one_after_another(*[layer] * peer.num_layers)
    assert_law(sequences(drawn(fa.from_timm(config), COUNT)), law)
