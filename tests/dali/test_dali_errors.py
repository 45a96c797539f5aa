"""Refusals: what was expected, what came, what to do; before any pixel is written."""

import numpy as np
import pytest
from dali_support import MEAN, arrays, feed, mix_pipeline, normalized, run_mix, same_bits
from nvidia.dali import fn, pipeline_def, types

import fastmix as fm

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 6, 5, 3), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 3])


def plan(partner=(1, 0, 3, 2), weight_in=1.0, weight_out=0.5, box=(0, 0, 0, 0), label_weight=0.5) -> fm.MixPlan:
    one = np.ones(4, np.float32)
    return fm.MixPlan.from_arrays(
        np.array(partner), one * weight_in, one * weight_out, np.array([box] * 4), one * label_weight
    )


@pytest.mark.parametrize(
    "options, message",
    [
        ({"alpha": -0.5}, "expected alpha >= 0"),
        ({"alpha": float("nan")}, "expected alpha >= 0"),
        ({"cutmix_alpha": float("inf")}, "expected cutmix_alpha >= 0"),
        ({"switch_prob": 1.5}, r"expected switch_prob in \[0, 1\], got 1.5"),
        ({"prob": -1.0}, r"expected prob in \[0, 1\], got -1"),
        ({"per": "image"}, "expected per to be 'batch', 'pair' or 'sample', got 'image'"),
        ({"pairing": "random"}, "expected pairing to be one of 'permutation', .*'different_class', got 'random'"),
        ({"pairing": "same_class"}, "'same_class' pairs by class: expected labels as the second input"),
        ({"dtype": types.INT8}, "expected dtype FLOAT or FLOAT16, got int8.*bfloat16=True"),
        ({"dtype": types.FLOAT16, "bfloat16": True}, "either dtype or bfloat16"),
        ({"output_layout": "WHC"}, "expected output_layout 'CHW' or 'HWC', got 'WHC'"),
        ({"plan": [0] * 16, "alpha": 1.0}, "expected either a plan.*got both"),
        ({"plan": [0] * 16, "masks": 0}, "expected masks as a node"),
        ({"labels": LABELS}, "expected num_classes where labels are given"),
    ],
)
def test_arguments_are_refused_when_the_graph_is_built(options, message):
    labels = [options.pop("labels")] if "labels" in options else None
    with pytest.raises(ValueError, match=f"(?s){message}"):
        mix_pipeline([IMAGES], labels, **options)


@pytest.mark.parametrize(
    "broken, message",
    [
        ({"partner": (1, 0, 4, 2)}, r"expected partner in \[0, 4\), got 4 for sample 2"),
        ({"partner": (1, 0, -1, 2)}, r"expected partner in \[0, 4\), got -1 for sample 2"),
        ({"weight_in": 1.5}, r"expected weight_in in \[0, 1\], got 1.5"),
        ({"weight_out": float("nan")}, r"expected weight_out in \[0, 1\], got -?nan"),
        ({"box": (0, 0, 7, 5)}, "expected box .* within height 6 and width 5"),
        ({"box": (-(2**31), 0, 2**31 - 1, 5)}, "expected box"),
        ({"label_weight": -0.5}, r"expected label_weight in \[0, 1\], got -0.5"),
    ],
)
def test_plans_are_refused(broken, message):
    with pytest.raises(ValueError, match=message):
        run_mix(IMAGES, LABELS, plan(**broken), num_classes=4)


@pytest.mark.parametrize(
    "masks, message",
    [
        ([np.zeros((2, 2), np.int32)] * 4, "expected masks of type UINT8, got int32"),
        ([np.zeros((0, 0), np.uint8)] * 4, r"expected a mask .* for sample 0, whose row has one, got shape \(0 x 0\)"),
        ([np.zeros(4, np.uint8)] * 4, "expected a mask"),
        ([np.zeros((2 + i // 3, 2), np.uint8) for i in range(4)], r"of one shape, got \(3 x 2\) for sample 3"),
        ([np.zeros((2, 2, 2), np.uint8)] * 4, r"expected masks \(M, h, w\) for images, got masks of 2 frames"),
    ],
)
def test_masks_are_refused(masks, message):
    masked = fm.MixPlan.masked([1, 0, 3, 2], np.zeros((1, 2, 2), np.uint8))

    @pipeline_def(batch_size=4, num_threads=1, device_id=None)
    def graph():
        return fn.fastmix.mix(feed([IMAGES], "HWC"), plan=feed([masked.rows.numpy()]), masks=feed([masks]))

    pipeline = graph()
    with pytest.raises(ValueError, match=message):
        pipeline.run()


def test_rows_with_masks_need_the_masks():
    masked = fm.MixPlan.masked([1, 0, 3, 2], np.zeros((1, 2, 2), np.uint8))
    with pytest.raises(ValueError, match=r"mask_index in \[-1, 0\), got 0"):
        run_mix(IMAGES, LABELS, fm.MixPlan(masked.rows), num_classes=4)


@pytest.mark.parametrize(
    "labels, message",
    [
        (np.array([0, 1, 4, 3]), r"expected labels in \[0, 4\), got 4 for sample 2"),
        (np.array([0, -1, 2, 3]), r"expected labels in \[0, 4\), got -1 for sample 1"),
        (LABELS.astype(np.float32), "expected labels of type INT32 or INT64, got float"),
        (np.eye(4, dtype=np.int64), r"expected one class id per sample as label, got shape \(4\) for sample 0"),
    ],
)
def test_labels_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        run_mix(IMAGES, labels, num_classes=4)


@pytest.mark.parametrize("options", [{"num_classes": 0}, {"num_classes": -3}])
def test_num_classes_is_refused(options):
    with pytest.raises(ValueError, match="expected num_classes > 0"):
        run_mix(IMAGES, LABELS, **options)


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, float("nan")])
def test_smoothing_is_refused(smoothing):
    with pytest.raises(ValueError, match=r"expected smoothing in \[0, 1\)"):
        run_mix(IMAGES, LABELS, num_classes=4, smoothing=smoothing)


@pytest.mark.parametrize(
    "images, options, message",
    [
        ([IMAGES[0], IMAGES[1, :5]], {}, r"one shape, got \(6 x 5 x 3\) for sample 0 and \(5 x 5 x 3\) for sample 1;"),
        (np.zeros((2, 4, 4, 5), np.uint8), {}, "1 to 4 channels to normalise, got shape"),
        (np.zeros((2, 4, 4), np.uint8), {"layout": None}, r"of shape \(height, width, channels\)"),
        (IMAGES, {"layout": "CHW"}, "layout HWC"),
        (np.zeros((2, 0, 4, 3), np.uint8), {}, "expected images with pixels"),
        (IMAGES.astype(np.int32), {}, "expected images of type UINT8, FLOAT16, FLOAT or FLOAT64, got int32"),
        (IMAGES.astype(np.float32), {"normalize": True}, "expected UINT8 images to normalise, got float"),
        (IMAGES.astype(np.float32), {"mean": MEAN}, "expected none of mean where images are mixed without normalising"),
        (IMAGES, {"normalize": False, "mirror": [0, 1, 0, 1]}, "expected none of mirror"),
        (IMAGES, {"normalize": False, "dtype": types.FLOAT16}, "expected none of dtype"),
        (IMAGES, {"mean": [1.0, 2.0]}, "expected mean of 1 or 3 values"),
        (IMAGES, {"std": [1.0] * 4}, "expected std of 1 or 3 values"),
        (IMAGES, {"std": [1.0, 0.0, 1.0]}, "expected finite mean and std > 0"),
    ],
)
def test_images_are_refused(images, options, message):
    with pytest.raises(ValueError, match=message):
        run_mix(images, **options)


def test_a_refused_batch_does_not_count_as_a_step():
    """DALI's default executor goes on after an error; the next batch draws what it would have drawn."""
    ragged = [IMAGES[0], IMAGES[1, :5]]
    pipeline = mix_pipeline([ragged, IMAGES], alpha=1.0, seed=2, pipeline={"prefetch_queue_depth": 1})
    with pytest.raises(ValueError, match="of one shape"):
        pipeline.run()
    expected = normalized(IMAGES, fm.Mixup(1.0).plan(4, seed=2, step=0), [0], [1])
    assert same_bits(arrays(pipeline.run())[0], np.ascontiguousarray(expected.transpose(0, 3, 1, 2)))
