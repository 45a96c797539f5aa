"""Bad plans and images: one clear error, before any pixel changes."""

import pytest
import torch
from pillow_operations import color, operation, rows, words

import fastmix as fm

NOT_A_NUMBER = float("nan")


def images() -> torch.Tensor:
    return torch.arange(2 * 6 * 7 * 3, dtype=torch.int32).to(torch.uint8).reshape(2, 6, 7, 3)


def plan_of(*operations: list[int]) -> torch.Tensor:
    """The operations are those of the second sample: the first would change before, if checks came late."""
    return rows([[words("Invert")], operations], capacity=max(1, len(operations)))


def refused(plan: torch.Tensor, message: str, batch: torch.Tensor | None = None) -> None:
    batch = images() if batch is None else batch
    before = batch.clone()
    for function in (fm.augment_, fm.augment_images):
        with pytest.raises(RuntimeError, match=message):
            function(batch, plan)
        assert torch.equal(batch, before)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([26, 0, 0, 0], "expected an opcode below 26, got 26 in operation 0 of sample 1"),
        ([255, 0, 0, 0], "expected an opcode below 26"),
        (words("Invert", 0.5), "expected 0 in the unused parameter 0 of Invert"),
        (words("Brightness", 1.0, 1.0), "expected 0 in the unused parameter 1"),
        (words("Invert", flags=1 << 12), "expected no flag bits outside 0x0 for Invert, got 0x1000 in operation 0"),
        (words("Posterize", 9.0), r"expected bits in \[0, 8\] for Posterize, got 9"),
        (words("Posterize", -1.0), "expected bits"),
        (words("Posterize", 3.5), "expected an integer for Posterize"),
        (words("Solarize", 256.5), "expected a threshold"),
        (words("SolarizeAdd", 300.0), "expected an addend"),
        (words("Brightness", -0.1), r"expected a factor in \[0, 1000\] for Brightness, got -0.1"),
        (words("Contrast", NOT_A_NUMBER), "expected a factor"),
        (words("Color", float("inf")), "expected a factor"),
        (words("Sharpness", -1.0), "expected a factor"),
        (words("Hue", 0.51), r"expected a shift in \[-0.5, 0.5\]"),
        (words("GaussianBlur", -1.0), "expected a standard deviation"),
        (words("GaussianBlur", 1e6), "expected a standard deviation"),
        (words("ShearX", 1.5), "expected a shear"),
        (words("TranslateY", 1e9), "expected pixels"),
        (words("Rotate", float("inf")), "expected degrees"),
        (words("Rotate", 5.0, 1 << 24), "expected a colour"),
        (words("Rotate", 5.0, 0, 1), "expected 0 in the unused parameter 2 of Rotate"),
        (words("Rotate", 5.0, flags=3 << 8), r"expected filter 0 \(nearest\), 1 \(bilinear\) or 2 \(bicubic\)"),
        (words("Rotate", 5.0, flags=1 << 10), "expected flag bit 10 of Rotate to be 0 .*, got 1 in operation"),
        (words("EraseConstant", 0, 1, -1), "expected a colour"),
        (words("PadCrop", 0, 0, 1 << 25), "expected a colour"),
        (words("PadCrop", 6, 0, 1 << 24), "expected PadCrop with reflection to move less than 6 rows and 7 columns"),
        (words("PadCrop", 0, -7, 1 << 24), "expected PadCrop with reflection to move"),
        (words("EraseNormal", 0, 1, 5), "float output.*, got EraseNormal in operation"),
        (words("ErasePixelsNormalized", 0, 1, 5), "float output.*, got ErasePixelsNormalized in operation"),
        (words("AugMixChainEnd", 0.5), "expected AugMixBegin before AugMixChainEnd, got none"),
        (words("AugMixEnd", 0.5, 0.5), "expected AugMixBegin before AugMixEnd, got none"),
        (words("AugMixBegin", 2.0), "expected a weight"),
    ],
    ids=str,
)
def test_bad_operations(bad: list[int], message: str) -> None:
    refused(plan_of(bad), message)


def test_augmix_pairs_up() -> None:
    begin, end = words("AugMixBegin"), words("AugMixEnd", 0.5, 0.5)
    refused(plan_of(begin), "expected AugMixEnd after AugMixBegin, got none for sample 1")
    refused(plan_of(begin, begin, end), "expected AugMixEnd before another AugMixBegin, got none")


def with_word(sample: int, word: int, value: int) -> torch.Tensor:
    plan = plan_of(words("Invert"))
    plan[sample, word] = value
    return plan


@pytest.mark.parametrize(
    ("word", "value", "message"),
    [
        (0, 0, "expected rows of a sample plan, layout version 1"),
        (1, 1 << 12, "expected no flag bits outside 0xf07, got 0x1000"),
        (2, 1, r"expected the window \(0, 0, 6, 7\) of the whole image .*, got the window \(1, 0, 0, 0\) for sample 1"),
        (4, 5, "of the whole image"),
        (6, 8, r"expected the output size 6 x 7 \(or 0\), got the output size 8 x 0"),
        (8, 2, "expected 0 to 1 operations, got 2"),
        (8, -1, "expected 0 to 1 operations, got -1"),
        (8, 0, "expected zeros after the first 0 operations, got the bits"),
        (12, 1, "expected zeros in the spare words"),
    ],
)
def test_bad_rows(word: int, value: int, message: str) -> None:
    refused(with_word(1, word, value), message)


def test_a_row_may_name_the_size_of_the_batch() -> None:
    plan = plan_of(words("Invert"))
    plan[:, 4:8] = torch.tensor([6, 7, 6, 7], dtype=torch.int32)
    assert torch.equal(fm.augment_images(images(), plan), 255 - images())


def test_plans_of_another_form() -> None:
    plan = plan_of(words("Invert"))
    refused(plan[:1], "expected a sample plan for 2 samples, got one for 1; draw the plan for this batch size")
    refused(plan.repeat(2, 1), "expected a sample plan for 2 samples, got one for 4")
    refused(torch.cat([plan, plan[:, :1]], 1), "16 . 4 K words per sample, for K operations, got 21")
    refused(plan[:, :12].contiguous(), "16 . 4 K words per sample, for K operations, got 12")
    refused(plan.long(), "expected a sample plan as a contiguous int32 tensor")
    refused(plan.t(), "expected a sample plan as a contiguous int32 tensor")
    with pytest.raises(TypeError, match="expected plan to be a sample plan or its rows, got list"):
        fm.augment_(images(), [1, 2])
    with pytest.raises(RuntimeError, match="expected rows of a sample plan"):
        fm.augment_(images(), fm.MixPlan.identity(2))


def test_images_of_another_form() -> None:
    plan = plan_of(words("Invert"))
    with pytest.raises(TypeError, match=r"expected images of dtype torch.uint8, got torch.float32"):
        fm.augment_(images().float(), plan)
    with pytest.raises(TypeError, match=r"expected images to be a torch\.Tensor"):
        fm.augment_(images().numpy(), plan)
    for shape in ((2, 6, 7), (2, 4, 6, 7), (2, 6, 7, 1), (1, 2, 6, 7, 3)):
        with pytest.raises(ValueError, match=r"expected images of shape \(B, H, W, 3\) or \(B, 3, H, W\)"):
            fm.augment_(torch.zeros(shape, dtype=torch.uint8), plan)
    with pytest.raises(ValueError, match=r"expected \(B, 3, H, W\) with channels_last=False"):
        fm.augment_(images(), plan, channels_last=False)
    with pytest.raises(RuntimeError, match=r"use images.contiguous\(\)"):
        fm.augment_(torch.zeros(2, 6, 14, 3, dtype=torch.uint8)[:, :, ::2], plan)
    with pytest.raises(RuntimeError, match="do not overlap"):
        fm.augment_(images()[:1].expand(2, -1, -1, -1), plan)
    with pytest.raises(
        RuntimeError, match="expected images of at most 16383 pixels a side, got height 16384 and width 1"
    ):
        fm.augment_(torch.zeros(2, 16384, 1, 3, dtype=torch.uint8), plan)


def test_operators_check_what_python_checks() -> None:
    plan, operators = plan_of(words("Invert")), torch.ops.fastmix
    with pytest.raises(RuntimeError, match=r"expected images of dtype uint8 and shape \(B, 3, H, W\)"):
        operators.augment(images(), plan, False)
    with pytest.raises(RuntimeError, match="expected images of dtype uint8"):
        operators.augment_(images().float(), plan, True)


def test_good_flags_are_kept() -> None:
    """The filter of windows and the erase colour use all their bits."""
    plan = plan_of(operation("Rotate", 5.0, "bicubic"), words("EraseConstant", 0, 1 | 1 << 16, color((255, 255, 255))))
    plan[:, 1] = 4 << 8 | 7
    assert fm.augment_images(images(), plan)[1, 0, 0].tolist() == [255, 255, 255]
