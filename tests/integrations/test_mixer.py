import json

import pytest
import torch

import fastmix as fm

POLICY = fm.Choice([fm.Mixup(0.4, per="sample"), fm.CutMix(per="sample")], per="sample")


def batch(generator, size=6):
    return torch.randn(size, 3, 8, 9, generator=generator), torch.randint(0, 5, (size,), generator=generator)


def test_equals_the_functions_step_by_step(generator):
    mixer = fm.Mixer(POLICY, num_classes=5, seed=3, smoothing=0.1, rank=2)
    for epoch in (0, 4):
        mixer.set_epoch(epoch)
        for step in range(3):
            x, y = batch(generator)
            before = x.clone()
            mixed, target = mixer(x, y)
            plan = POLICY.plan(6, (8, 9), seed=3, epoch=epoch, step=step, rank=2)
            assert mixer.plan == plan and torch.equal(x, before)
            assert torch.equal(mixed, fm.mix(x, plan)) and torch.equal(target, fm.mix_labels(y, plan, 5, 0.1))


def test_goes_on_where_it_was(generator):
    whole, first = (fm.Mixer(POLICY, 5, seed=3) for _ in range(2))
    x, y = batch(generator)
    for mixer in (whole, first):
        mixer.set_epoch(2)
        mixer(x, y)
    second = fm.Mixer(POLICY, 5)
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    for _ in range(3):
        assert torch.equal(whole(x, y)[0], second(x, y)[0])
    assert second.state_dict() == {"seed": 3, "epoch": 2, "step": 4}


def test_in_place_and_pair_targets(generator):
    x, y = batch(generator)
    mixed, _ = fm.Mixer(POLICY, 5)(x, y)
    mixer = fm.Mixer(POLICY, targets="pair", in_place=True)
    again, (own, partner, weight) = mixer(x, y)
    assert again is x and torch.equal(x, mixed)
    assert (
        own is y and torch.equal(partner, y[mixer.plan.partner.long()]) and torch.equal(weight, mixer.plan.label_weight)
    )


def test_refused_labels_leave_the_images_and_the_step(generator):
    x, y = batch(generator)
    before = x.clone()
    mixer = fm.Mixer(POLICY, num_classes=2, in_place=True)
    with pytest.raises(RuntimeError, match=r"labels in \[0, 2\)"):
        mixer(x, y + 2)
    assert torch.equal(x, before) and mixer.step == 0 and mixer.plan is None


def test_switched_off_it_hands_batches_on(generator):
    x, y = batch(generator)
    mixer = fm.Mixer(POLICY, num_classes=5)
    mixer.enabled = False
    mixed, target = mixer(x, y)
    assert torch.equal(mixed, x) and torch.equal(target, torch.eye(5)[y]) and mixer.step == 1


def test_classes_are_the_keys_unless_others_are_given(generator):
    x, y = batch(generator, 40)
    mixer = fm.Mixer(fm.Mixup(pairing="same_class"), num_classes=5)
    _, target = mixer(x, y)
    assert torch.equal(target, torch.eye(5)[y])
    domain = ["a", "b"] * 20
    mixer(x, y, groups=domain)
    assert all(domain[i] == domain[j] for i, j in enumerate(mixer.plan.partner.tolist()))


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_small_batches(size, generator):
    x, y = batch(generator, size)
    mixed, target = fm.Mixer(POLICY, num_classes=5)(x, y)
    assert mixed.shape == x.shape and target.shape == (size, 5)


def test_schedules_follow_the_epoch(generator):
    x, y = batch(generator)
    mixer = fm.Mixer(fm.Scheduled(fm.Mixup(1.0, pairing="flip"), start_epoch=1), num_classes=5)
    assert torch.equal(mixer(x, y)[0], x)
    mixer.set_epoch(1)
    assert not torch.equal(mixer(x, y)[0], x)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: fm.Mixer("mixup"), TypeError, "expected a fastmix policy, got str"),
        (
            lambda: fm.Mixer(POLICY, targets="soft"),
            ValueError,
            "expected targets to be one of dense, pair, index, got 'soft'",
        ),
        (lambda: fm.Mixer(POLICY, targets="pair", smoothing=0.1), ValueError, "smooth in the loss"),
        (lambda: fm.Mixer(POLICY, targets="index", smoothing=0.1), ValueError, "smooth in the loss"),
        (lambda: fm.Mixer(POLICY).set_epoch(0.5), TypeError, "float"),
        (lambda: fm.Mixer(POLICY).load_state_dict({"seed": 1}), KeyError, "epoch"),
    ],
)
def test_refuses(make, error, message):
    with pytest.raises(error, match=message):
        make()
