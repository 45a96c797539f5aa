import json

import numpy as np
import pytest
from matplotlib.image import imread

import fastmix as fm
from fastmix.cli.preview import Mix, make_policy
from fastmix.loader.preview import describe, weights_of


def test_the_picture_is_the_loaders_own(fastmix, photos, tmp_path):
    arguments = ["--size", "48", "--batch-size", "8", "--mix", "cutmix", "--epoch", "1", "--step", "2", "--seed", "3"]
    found = json.loads(fastmix("preview", photos, *arguments, "--out", "a.png", "--json", "-").stdout)
    assert found["samples"] == 24 and found["classes"] == 3 and found["batches_per_epoch"] == 3
    assert (found["epoch"], found["step"], found["mix"]) == (1, 2, "cutmix")
    loader = fm.DataLoader(photos, 8, 48, mix=fm.CutMix(), seed=3, last_batch="partial")
    loader.load_state_dict({**loader.state_dict(), "epoch": 1, "step": 2})
    loader.preview(8).savefig(tmp_path / "b.png", dpi=80)
    mine, theirs = imread(tmp_path / "a.png"), imread(tmp_path / "b.png")
    assert np.array_equal(mine, theirs)
    coloured = (mine[..., :3].max(axis=-1) - mine[..., :3].min(axis=-1)) > 0.1
    assert coloured.mean() > 0.1  # photographs, not an empty page


def test_every_policy_has_a_picture(photos):
    for mix in Mix:
        policy = make_policy(mix)
        assert (policy is None) == (mix is Mix.none)
        figure = fm.DataLoader(photos, 4, 32, mix=policy).preview(4)
        assert len([axis for axis in figure.axes if axis.images]) == 4
        for axis in figure.axes:
            shares = [float(part.split()[0]) for part in axis.get_title().split(" + ")]
            assert sum(shares) == pytest.approx(1, abs=0.011)


@pytest.mark.parametrize("name", ["TrivialAugmentWide", "rand-m9-mstd0.5-inc1"])
def test_augmented_batches_are_shown(fastmix, photos, tmp_path, name):
    arguments = ["--size", "48", "--batch-size", "8"]
    fastmix("preview", photos, *arguments, "--out", "plain.png")
    found = json.loads(
        fastmix("preview", photos, *arguments, "--augment", name, "--out", "a.png", "--json", "-").stdout
    )
    assert found["augment"] == name
    plain, augmented = imread(tmp_path / "plain.png"), imread(tmp_path / "a.png")
    assert plain.shape == augmented.shape and np.abs(plain - augmented).mean() > 0.01


@pytest.mark.parametrize("name", ["Blur", "Rotate", "SamplePlan", "__doc__"])
def test_other_names_of_augmentations_are_refused(fastmix, photos, name):
    errors = fastmix("preview", photos, "--size", "32", "--augment", name, status=2).stderr
    assert errors.startswith("preview: ") and errors.count("\n") == 1


def test_a_notebook_shows_the_figure(photos):
    picture = fm.DataLoader(photos, 4, 32).preview(4)._repr_png_()
    assert picture.startswith(b"\x89PNG") and len(picture) > 5000


def test_evaluation_shows_the_samples_in_their_order(fastmix, photos):
    found = json.loads(fastmix("preview", photos, "--eval", "--size", "32", "--json", "-").stdout)
    assert found["mix"] == "none" and found["picture"] == "preview.png"


def test_a_step_after_the_last_is_refused(fastmix, photos):
    assert "expected --step below 2" in fastmix("preview", photos, "--step", "2", "--size", "32", status=2).stderr


def test_a_picture_of_an_unknown_kind_is_refused(fastmix, photos):
    assert "preview: " in fastmix("preview", photos, "--size", "32", "--out", "a.exe", status=2).stderr


def test_a_damaged_photograph_is_named(fastmix, tmp_path):
    folder = tmp_path / "data" / "one"
    folder.mkdir(parents=True)
    (folder / "a.jpg").write_bytes(b"no image")
    errors = fastmix("preview", tmp_path / "data", "--size", "32", status=2).stderr
    assert "a.jpg" in errors and errors.count("\n") == 1


def test_a_manifest_without_header_is_read_by_places(fastmix, photos, tmp_path):
    rows = [f"{i % 3},{path}" for i, path in enumerate(sorted(photos.glob("*/*.jpg")))]
    (tmp_path / "list.csv").write_text("\n".join(rows) + "\n")
    columns = ["--path-column", "1", "--label-column", "0"]
    found = json.loads(fastmix("preview", "list.csv", *columns, "--size", "32", "--json", "-").stdout)
    assert found["samples"] == 24 and found["classes"] == 3


def test_describe_names_both_labels_largest_first():
    import torch

    assert describe(weights_of(torch.tensor([[0.25, 0.0, 0.75]]), 0), ["cat", "dog", "emu"]) == "0.75 emu + 0.25 cat"
