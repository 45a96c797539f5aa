"""Plans with masks are drawn by a thread, ahead of the consumer."""

import gc
import threading
from dataclasses import dataclass

import pytest
import torch
from data_support import make
from support import same_bits

import fastmix as fm
from fastmix.loader import BadSampleWarning


def drawing_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("fastmix-draw")]


@dataclass(frozen=True, repr=False)
class Recorded(fm.FMix):
    """Notes who draws; fails at step ``fails``."""

    fails: int = -1

    def draw(self, batch_size, image_size, key, **samples):
        seen.append(threading.current_thread())
        if key.step == self.fails:
            raise ValueError("the policy failed")
        return super().draw(batch_size, image_size, key, **samples)


seen: list[threading.Thread] = []


def test_the_consumer_draws_no_masks(photos):
    loader = make(photos, 4, mix=Recorded(), last_batch="partial")
    seen.clear()  # the loader has tried the policy
    assert len(list(loader)) == len(seen) == len(loader)
    assert threading.main_thread() not in seen


def test_an_error_reaches_the_consumer_at_its_step(photos):
    loader = make(photos, 4, mix=Recorded(fails=1), last_batch="partial")
    batches = iter(loader)
    next(batches)
    with pytest.raises(ValueError, match="the policy failed"):
        next(batches)


def test_the_thread_ends_with_the_loader(photos):
    gc.collect()
    before = set(drawing_threads())
    loader = make(photos, 4, mix=fm.FMix())
    next(iter(loader))
    (thread,) = set(drawing_threads()) - before
    del loader
    gc.collect()
    thread.join(10)
    assert not thread.is_alive()


def test_policies_without_masks_need_no_thread(photos):
    before = set(drawing_threads())
    loader = make(photos, 4, mix=fm.CutMix(1.0))
    next(iter(loader))
    assert set(drawing_threads()) <= before


def test_skipped_samples_leave_the_masks_of_the_others(photos, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    data = [(str(path), 0) for path in sorted(photos.rglob("*.jpg"))[:7]]
    policy = fm.FMix(per="pair")
    options = {"mix": policy, "targets": "pair", "train": True, "shuffle": False, "last_batch": "partial", "seed": 3}
    whole = make([*data[:3], data[3], *data[4:]], 7, **options)
    part = make([*data[:3], (str(bad), 0), *data[4:]], 7, on_error="skip", max_bad=1, return_plan=True, **options)
    ((images, _),) = whole
    with pytest.warns(BadSampleWarning):
        ((kept, _, plan),) = part
    assert len(kept) == len(plan) == 6
    # Pairs (0, 1), (4, 5) and the sample alone are as they were; sample 2 has lost its partner.
    assert same_bits(kept[[0, 1, 3, 4, 5]], images[[0, 1, 4, 5, 6]])
    assert int(plan.mask_index[2]) == -1


def test_a_policy_that_does_not_fit_the_images_is_refused_at_once(photos):
    policy = fm.CutMix(1.0, box=fm.boxes.Cuboid())
    with pytest.raises(ValueError, match="expected a policy that mixes images of size="):
        make(photos, 4, mix=policy)


def test_resumes_in_the_middle_of_an_epoch(photos):
    def loader():
        return make(photos, 4, mix=fm.FMix(), train=True, seed=1)

    expected = [images for images, _ in loader()]
    first = loader()
    batches = iter(first)
    next(batches)
    again = loader()
    again.load_state_dict(first.state_dict())
    assert all(same_bits(a, b) for a, (b, _) in zip(expected[1:], again, strict=True))
    assert isinstance(expected[0], torch.Tensor)
