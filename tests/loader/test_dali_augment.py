"""The dali_augment= hook: reproducible whatever its random operators are, and the same on every division."""

import pytest
import torch
from data_support import join, make, same
from nvidia.dali import fn, types
from nvidia.dali.auto_aug import rand_augment, trivial_augment

import fastmix as fm

pytestmark = pytest.mark.filterwarnings("ignore:.*is now deprecated:DeprecationWarning")  # in DALI itself


def color_jitter(images):
    factor = fn.random.uniform(range=(0.6, 1.4))
    return fn.color_twist(images, brightness=factor, hue=fn.random.uniform(range=(-20.0, 20.0)))


def randaugment(images):
    return rand_augment.rand_augment(images, n=2, m=9)


def trivial(images):
    return trivial_augment.trivial_augment_wide(images)


def noise_in_a_branch(images):
    if fn.random.coin_flip(probability=0.5, dtype=types.BOOL):
        images = fn.cast_like(fn.noise.gaussian(images, stddev=20.0), images)
    return images


HOOKS = [color_jitter, randaugment, trivial, noise_in_a_branch]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.__name__)
def test_reproducible_and_resumable(small, hook):
    options = {"dali_augment": hook, "mix": fm.Mixup(0.4, per="pair")}
    loader = make(small[:24], 8, **options)
    expected = [*loader, *loader]
    assert len(expected) == 6
    assert not same(expected, [*make(small[:24], 8, mix=options["mix"])] * 2)
    resumed = make(small[:24], 8, num_threads=1, depth=4, **options)
    resumed.load_state_dict({**resumed.state_dict(), "step": 2})
    assert same([*resumed, *resumed], expected[2:])
    if hook is noise_in_a_branch:
        return  # what is drawn in a branch is keyed by the place among those that take it
    ranks = [make(small[:24], 4, rank=rank, world_size=2, **options) for rank in range(2)]
    assert same([join(parts) for parts in zip(*ranks, strict=True)], expected[:3])


def test_samples_operators_and_seeds_differ(small):
    same_file = [(small[0][0], i) for i in range(16)]
    plain = next(iter(make(same_file, 16, train=False)))[0]
    assert all(image.equal(plain[0]) for image in plain)

    def two(images):
        return fn.brightness_contrast(
            images, brightness=fn.random.uniform(range=(0.5, 1.5)), contrast=fn.random.uniform(range=(0.5, 1.5))
        )

    def batch(**options):
        return next(iter(make(same_file, 16, train=False, dali_augment=two, **options)))[0]

    assert len({image.numpy().tobytes() for image in batch()}) == 16
    assert not batch().equal(batch(seed=1))


def test_hooks_that_cannot_be_resumed_or_return_something_else(small):
    with pytest.raises(ValueError, match="could not be resumed"):
        next(iter(make(small[:4], 4, dali_augment=lambda images: (fn.readers.file(files=[small[0][0]]), images)[1])))
    with pytest.raises(RuntimeError, match=r"(?s)none of them fails alone.*expected UINT8"):
        next(iter(make(small[:4], 4, dali_augment=lambda images: fn.cast(images, dtype=types.FLOAT))))
    state = make(small[:4], 4, dali_augment=color_jitter).state_dict()
    with pytest.raises(ValueError, match="dali_augment"):
        make(small[:4], 4).load_state_dict(state)


def test_no_generator_of_torch_is_touched(small):
    before = torch.random.get_rng_state()
    next(iter(make(small[:4], 4, dali_augment=color_jitter)))
    assert torch.random.get_rng_state().equal(before)


def test_a_hook_that_changes_the_size_is_refused(small):
    loader = make(small[:8], dali_augment=lambda images: fn.resize(images, size=[50, 40]))
    with pytest.raises(ValueError, match=r"32 x 32 pixels from dali_augment=, got 50 x 40"):
        next(iter(loader))
