"""The parts: attacks, neighbours, batches, networks, statistics, the page of results."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import fastmix as fm
from benchmarks.paper import digits, gan, models, summary
from benchmarks.paper.ablation import AblationBatches, Method, candidates, methods
from benchmarks.paper.attacks import fgsm, iterated_fgsm
from benchmarks.paper.batches import TensorBatches
from benchmarks.paper.claims import NOT_REPRODUCED, NOT_TESTED, REPRODUCED, Claim, judge, paired
from benchmarks.paper.command_line import RESULTS
from benchmarks.paper.evaluation import calibration_error_percent, error_percent
from benchmarks.paper.neighbours import nearest, of_same_class
from benchmarks.paper.report import Report
from benchmarks.paper.seeding import initialized
from benchmarks.paper.tasks import Digits
from benchmarks.paper.training import stepwise, warmed_up


def test_attacks_stay_in_the_ball_and_raise_the_loss(generator):
    model = initialized(lambda: models.small_cnn(10), 0)
    inputs, labels = torch.rand(32, 1, 8, 8, generator=generator), torch.arange(32) % 10
    for attack in (fgsm, iterated_fgsm):
        moved = attack(model, inputs, labels, 0.1, 0.0, 1.0)
        assert (moved - inputs).abs().max() <= 0.1 + 1e-6 and 0 <= moved.min() and moved.max() <= 1
        before, after = (F.cross_entropy(model(x), labels) for x in (inputs, moved))
        assert after > before
    assert not any(p.grad is not None for p in model.parameters()) and model.training
    radius, low, high = (torch.full((1, 1, 1), v) for v in (0.1, 0.0, 1.0))
    assert torch.equal(fgsm(model, inputs, labels, radius, low, high), fgsm(model, inputs, labels, 0.1, 0.0, 1.0))


def test_neighbours_against_a_loop(generator):
    points, labels = torch.randn(30, 3, generator=generator), torch.arange(30) % 4
    for ids in (None, labels):
        found = nearest(points, 9, ids)
        for i in range(30):
            others = [j for j in range(30) if j != i and (ids is None or ids[j] == ids[i])]
            others.sort(key=lambda j: (points[i] - points[j]).norm().item())
            assert found.rows[i, : found.counts[i]].tolist() == others[:9]
    same = of_same_class(labels)
    drawn = same.draw(torch.arange(30).repeat(200), generator)
    assert torch.equal(labels[drawn], labels.repeat(200)) and len(drawn.unique()) == 30
    with pytest.raises(ValueError, match="two points"):
        nearest(points, 3, torch.arange(30))


@pytest.mark.parametrize("method", methods(2), ids=lambda method: method.name)
def test_ablation_losses_by_hand(method):
    """Each method's loss against the formula, written out for one batch."""
    data = digits.split(0, 60)
    task = Digits(batch_size=16)
    batches = AblationBatches(task.batches(data.inputs, data.labels, 0), method, candidates(method, data, 5), 0)
    inputs, _ = next(iter(batches))
    own, partner, labels = inputs[::2], inputs[1::2], batches.pair_labels
    if method.same_class:
        assert torch.equal(labels[::2], labels[1::2])
    if not method.alpha:
        assert torch.equal(labels[::2], labels[1::2]) and (method.noise > 0 or torch.equal(own, partner))
    w = float(batches.plan.label_weight[0])
    model = task.model(0)
    first, second = (stage for stage in model.stages)
    if method.layer == 0:
        logits = model(w * own + (1 - w) * partner)
    elif method.layer == 1:
        logits = model.head(second(w * first(own) + (1 - w) * first(partner)))
    else:
        logits = model.head(w * second(first(own)) + (1 - w) * second(first(partner)))
    share = w if method.labels == "mix" else float(w >= 0.5)
    rows = [F.one_hot(y, 10) * (1 - method.smoothing) + method.smoothing / 10 for y in (labels[::2], labels[1::2])]
    expected = -((share * rows[0] + (1 - share) * rows[1]) * logits.log_softmax(1)).sum(1).mean()
    torch.testing.assert_close(batches.loss(model, inputs, None), expected, rtol=1e-4, atol=1e-5)


def test_memory_batches_give_every_sample_once():
    inputs, labels = torch.arange(50.0).reshape(50, 1), torch.arange(50) % 5
    batches = TensorBatches(inputs, labels, 16, 5, seed=1)
    for _ in range(2):
        found = list(batches)
        assert [len(x) for x, _ in found] == [16, 16, 16, 2] == [len(y) for _, y in found]
        assert torch.equal(torch.cat([x for x, _ in found]).flatten().sort().values, inputs.flatten())
        assert all(torch.equal(x.flatten().long() % 5, y) for x, y in found)
    assert batches.epoch == 2 and torch.equal(inputs, torch.arange(50.0).reshape(50, 1)), "the data are not mixed"
    mixed = TensorBatches(inputs, labels, 16, 5, seed=1, mix=fm.Mixup(1.0))
    assert all(y.shape == (len(x), 5) for x, y in mixed) and torch.equal(inputs, torch.arange(50.0).reshape(50, 1))


def test_corrupted_labels():
    labels = torch.arange(1000) % 10
    noisy, replaced = digits.corrupted(labels, 0.5, 10, seed=3)
    assert replaced.sum() == 500 and torch.equal(noisy[~replaced], labels[~replaced])
    assert 0.8 < (noisy != labels)[replaced].float().mean() < 0.97


def test_discriminator_learns_the_weights(generator):
    """The loss of section 3.7, pair by pair, both ways round."""
    real, fake = torch.randn(6, 2, generator=generator), torch.randn(6, 2, generator=generator)
    discriminator = initialized(lambda: models.mlp(2, 1, 8, 3), 1)
    policy = fm.Mixup(0.2, per="pair", pairing="neighbor")
    plan = policy.plan(12, seed=4, step=7)
    losses = []
    for i in range(6):
        w = plan.label_weight[2 * i]
        for share in (w, 1 - w):
            logit = discriminator((share * real[i] + (1 - share) * fake[i])[None])[0, 0]
            losses.append(F.binary_cross_entropy_with_logits(logit, share))
    found = gan.discriminator_loss(discriminator, real, fake, policy, 4, 7)
    torch.testing.assert_close(found, torch.stack(losses).mean())


def test_mmd_of_the_same_and_of_others(generator):
    ring = gan.real_samples("ring", 500, generator)
    assert gan.mmd_squared(ring, gan.real_samples("ring", 500, generator)) < 0.01
    assert gan.mmd_squared(ring, torch.zeros(500, 2)) > 0.2
    assert gan.quality(gan.real_samples("grid", 1000, generator), "grid", 0)["modes"] == 25


@pytest.mark.parametrize(
    "make, shape, millions",
    [
        (lambda: models.resnet((3, 4, 6, 3), 1000), (3, 224, 224), 25.557),
        (lambda: models.resnet((3, 4, 23, 3), 1000), (3, 224, 224), 44.549),
        (lambda: models.resnet((3, 4, 23, 3), 1000, groups=32, group_width=4), (3, 224, 224), 44.178),
        (lambda: models.wide_resnet(10), (3, 32, 32), 36.479),
        (lambda: models.preact_resnet18(10), (3, 32, 32), 11.172),
    ],
    ids=["resnet50", "resnet101", "resnext101-32x4d", "wrn-28-10", "preact18"],
)
def test_networks_have_their_published_size(make, shape, millions):
    """Shapes and counts without memory or arithmetic: on the meta device."""
    with torch.device("meta"):
        model = make()
        logits = model(torch.empty(2, *shape))
    assert logits.shape[0] == 2 and models.parameters(model) / 1e6 == pytest.approx(millions, abs=2e-3)


def test_speech_networks():
    with torch.device("meta"):
        for model in (models.lenet(30, 160, 101), models.vgg11(30)):
            assert model(torch.empty(2, 1, 160, 101)).shape == (2, 30)


def test_learning_rates():
    rate = warmed_up(stepwise(0.4, (30, 60, 80)), 0.1, 5)
    found = [rate(epoch) for epoch in (0, 2.5, 5, 29.99, 30, 60, 80, 89)]
    assert found == pytest.approx([0.1, 0.25, 0.4, 0.4, 0.04, 0.004, 0.0004, 0.0004])


def test_calibration():
    labels = torch.arange(1000) % 2
    certain = F.one_hot(labels, 2) * 100.0
    assert calibration_error_percent(certain, labels) == pytest.approx(0, abs=1e-6)
    assert calibration_error_percent(certain, 1 - labels) == pytest.approx(100)
    assert error_percent(certain, labels) == 0 and error_percent(certain, 1 - labels) == 100
    halves = torch.tensor([[math.log(3.0), 0.0]]).repeat(1000, 1)
    assert calibration_error_percent(halves, labels) == pytest.approx(25)


def test_verdicts():
    rows = {"a": {"e": [10.0, 11.0, 12.0]}, "b": {"e": [5.0, 6.5, 6.9]}, "c": {"e": [10.0, 12.0, 11.0]}}

    def verdict(baseline: str, treatment: str, **options) -> str:
        return judge(Claim("", "", "e", baseline, treatment, **options), rows)["verdict"]

    assert paired(rows["a"]["e"], rows["b"]["e"]).difference == pytest.approx(-4.866667)
    assert paired(rows["a"]["e"], rows["b"]["e"]).error == pytest.approx(0.1855921)
    assert verdict("a", "b") == REPRODUCED and verdict("b", "a") == NOT_REPRODUCED
    assert verdict("b", "a", expected="higher") == REPRODUCED
    assert verdict("a", "c") == NOT_REPRODUCED and verdict("a", "c", expected="no higher") == REPRODUCED
    assert verdict("b", "a", expected="no higher") == NOT_REPRODUCED
    assert verdict("a", "c", expected="both above", bound=9.0) == REPRODUCED
    assert verdict("a", "c", expected="both above", bound=10.0) == NOT_REPRODUCED
    assert verdict("a", "b", stands_in=True) == NOT_TESTED and verdict("a", "d") == NOT_TESTED
    rows["a"]["e"], rows["b"]["e"] = [10.0, 11.0], [1.0, 1.5]
    assert verdict("a", "b") == NOT_TESTED, "two seeds are too few"


def test_report_round_trip(tmp_path):
    claim = Claim("less", "2 → 1", "e", "ERM", "mixup")
    report = Report("toy", "Toy", "small", "nothing", {"x": 1}, [0, 1, 2], {"e": "%"}, {"ERM": {"e": 2.0}})
    for i in range(3):
        report.add("ERM", e=2.0 + i)
        report.add("mixup", e=1.0 + i)
    loaded, claims = Report.load(report.save(tmp_path, [claim]))
    assert loaded == report and claims[0]["verdict"] == REPRODUCED
    assert loaded.table() == [["", "e (%)", "paper"], ["ERM", "3.00 ± 1.00", "2"], ["mixup", "2.00 ± 1.00", ""]]
    assert any("**reproduced**" in line for line in summary.claims_table(claims))
    with pytest.raises(ValueError, match="metrics"):
        report.add("ERM", f=1.0)


def test_the_committed_page_is_that_of_the_committed_results():
    assert summary.README.read_text() == summary.render(RESULTS), "run python -m benchmarks.paper.summary"


@pytest.mark.parametrize("name", summary.EXPERIMENTS)
def test_committed_results_are_small_or_full_runs(name):
    report, claims = Report.load(RESULTS / f"{name}.json")
    assert report.form in ("small", "full") and claims
    for values in report.rows.values():
        assert all(len(runs) == len(report.seeds) and np.isfinite(runs).all() for runs in values.values())


def test_method_defaults_are_erm():
    assert Method("ERM") == methods(2)[0]
