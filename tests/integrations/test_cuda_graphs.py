"""Plans in device memory: everywhere what the functions of fastmix do, and inside CUDA graphs what they cannot."""

import pytest
import torch
from support import devices, masked_plan, random_images, random_plan, same_bits

import fastmix as fm

KINDS = ["flip", "cycle", "permutation", "identity"]


def plans(batch: int, generator: torch.Generator) -> list[fm.MixPlan]:
    return [random_plan(batch, 6, 16, generator, kind) for kind in KINDS]


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("batch", [0, 1, 7, 300, 1500])
def test_the_same_bits_as_without_device_memory(device: str, batch: int, generator: torch.Generator) -> None:
    resident_plan = fm.ResidentPlan(batch, device, image_size=(6, 16))
    labels = torch.randint(0, 10, (batch,), generator=generator)
    pixels = torch.randint(0, 256, (batch, 6, 16, 3), dtype=torch.uint8, generator=generator)
    mirror = torch.rand(batch, generator=generator) < 0.5
    for plan in plans(batch, generator):
        resident_plan.update(plan, mirror)
        for dtype in (torch.uint8, torch.bfloat16, torch.float32):
            images = random_images((batch, 3, 6, 16), dtype, generator)
            on_device = images.to(device, copy=True)
            assert same_bits(fm.mix(on_device, resident_plan), fm.mix(images, plan))
            assert same_bits(fm.regmixup(on_device, resident_plan), fm.regmixup(images, plan))
            fm.mix_(on_device, resident_plan)
            assert same_bits(on_device, fm.mix(images, plan))
        targets = fm.mix_labels(labels.to(device), resident_plan, 10, 0.1)
        assert same_bits(targets, fm.mix_labels(labels, plan, 10, 0.1))
        for memory_format in (torch.contiguous_format, torch.channels_last):
            options = {"dtype": torch.bfloat16, "memory_format": memory_format}
            out = fm.normalize_mix(pixels.to(device), resident_plan, **options)
            assert same_bits(out, fm.normalize_mix(pixels, plan, mirror=mirror, **options))


@pytest.mark.parametrize("device", devices())
def test_a_refused_update_leaves_the_plan_before(device: str) -> None:
    resident_plan = fm.ResidentPlan(2, device, image_size=(4, 4))
    resident_plan.update(fm.MixPlan.mixup([1, 0], 0.25))
    box = torch.tensor([[0, 0, 5, 5], [0, 0, 0, 0]], dtype=torch.int32)
    wide = fm.MixPlan.from_arrays([1, 0], [0.5, 0.5], [0.5, 0.5], box, [0.5, 0.5])
    for bad, error in (
        (fm.MixPlan.mixup([0, 0], 0.5), ValueError),
        (fm.MixPlan.mixup([2, 1, 0], 0.5), ValueError),
        (wide, ValueError),
        ("plan", TypeError),
    ):
        with pytest.raises(error):
            resident_plan.update(bad)
    images = torch.tensor([[0.0], [8.0]], device=device)
    fm.mix_(images, resident_plan)
    assert images.flatten().tolist() == [6.0, 2.0]


@pytest.mark.parametrize("device", devices())
def test_masks(device: str, generator: torch.Generator) -> None:
    resident_plan = fm.ResidentPlan(9, device, image_size=(6, 16), masks=(3, 4, 20))
    pixels = torch.randint(0, 256, (9, 6, 16, 3), dtype=torch.uint8, generator=generator)
    fewer = fm.MixPlan.masked(list(range(8, -1, -1)), torch.rand(2, 4, 20, generator=generator), [0, 1, -1] * 3)
    for plan in (*(masked_plan(9, (6, 16), (4, 20), generator, kind) for kind in KINDS), fewer, *plans(9, generator)):
        resident_plan.update(plan)
        for dtype in (torch.uint8, torch.bfloat16, torch.float32):
            images = random_images((9, 3, 6, 16), dtype, generator)
            on_device = images.to(device, copy=True)
            assert same_bits(fm.mix(on_device, resident_plan), fm.mix(images, plan))
            fm.mix_(on_device, resident_plan)
            assert same_bits(on_device, fm.mix(images, plan))
        assert same_bits(fm.normalize_mix(pixels.to(device), resident_plan), fm.normalize_mix(pixels, plan))
    for masks in ((4, 4, 20), (3, 4, 21), (3, 1, 4, 20)):
        plan = fm.MixPlan.masked(list(range(9)), torch.zeros(masks), [0] * 9)
        with pytest.raises(ValueError, match=r"masks fit masks=\(3, 4, 20\), got"):
            resident_plan.update(plan)
    with pytest.raises(ValueError, match="masks fit masks=None"):
        fm.ResidentPlan(9, device).update(fewer)


def test_arguments_are_checked() -> None:
    resident_plan = fm.ResidentPlan(2, "cpu")
    images = torch.zeros(2, 1)
    with pytest.raises(ValueError, match="plan for 3 samples, got one for 2"):
        fm.mix_(torch.zeros(3, 1), resident_plan)
    with pytest.raises(RuntimeError, match="do not require grad"):
        fm.mix_(torch.zeros(2, 1).requires_grad_(), resident_plan)
    for function in (fm.mix, fm.regmixup):
        with pytest.raises(RuntimeError, match="expected images with requires_grad=False for a ResidentPlan, got True"):
            function(torch.zeros(2, 1).requires_grad_(), resident_plan)
    with pytest.raises(ValueError, match="other= works with a MixPlan only"):
        fm.mix(images, resident_plan, other=images)
    with pytest.raises(ValueError, match="class ids with a ResidentPlan"):
        fm.mix_labels(torch.zeros(2, 3), resident_plan)
    with pytest.raises(ValueError, match=r"got a value; pass the flags to ResidentPlan\.update"):
        fm.normalize_mix(torch.zeros(2, 4, 4, 3, dtype=torch.uint8), resident_plan, mirror=[True, False])
    with pytest.raises(TypeError, match="got a ResidentPlan, which only mix_"):
        fm.mix_values(images, resident_plan)
    with pytest.raises(ValueError, match="CPU or CUDA device"):
        fm.ResidentPlan(2, "meta")
    with pytest.raises(ValueError, match="masks as a shape"):
        fm.ResidentPlan(2, "cpu", masks=(4, 4))


def capture(images: torch.Tensor, labels: torch.Tensor, pixels: torch.Tensor, resident_plan: fm.ResidentPlan):
    """A graph of all three operators on a stream of its own, and what it writes."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        fm.mix_(images, resident_plan)
        targets = fm.mix_labels(labels, resident_plan, 10)
        normalized = fm.normalize_mix(pixels, resident_plan, dtype=torch.float16)
    return graph, targets, normalized


def replay_and_check(device: str, batch: int, generator: torch.Generator) -> None:
    resident_plan = fm.ResidentPlan(batch, device)
    images = torch.empty((batch, 3, 6, 16), dtype=torch.bfloat16, device=device)
    pixels = torch.randint(0, 256, (batch, 6, 16, 3), dtype=torch.uint8, generator=generator)
    labels = torch.randint(0, 10, (batch,), generator=generator)
    graph, targets, normalized = capture(images, labels.to(device), pixels.to(device), resident_plan)
    for plan in plans(batch, generator) * 2:
        fresh = random_images(tuple(images.shape), images.dtype, generator)
        images.copy_(fresh)
        resident_plan.update(plan)
        graph.replay()
        assert same_bits(images, fm.mix(fresh, plan))
        assert same_bits(targets, fm.mix_labels(labels, plan, 10))
        assert same_bits(normalized, fm.normalize_mix(pixels, plan, dtype=torch.float16))


@pytest.mark.cuda
@pytest.mark.parametrize("batch", [7, 256, 3000])
def test_replays_with_changing_plans(batch: int, generator: torch.Generator) -> None:
    replay_and_check("cuda:0", batch, generator)


@pytest.mark.cuda
def test_replays_on_another_device(generator: torch.Generator) -> None:
    if torch.cuda.device_count() < 2:
        pytest.skip("one CUDA device only")
    with torch.cuda.device(1):
        replay_and_check("cuda:1", 64, generator)
    images = random_images((4, 8), torch.float32, generator)
    on_device = images.to("cuda:1")
    plan = random_plan(4, 1, 8, generator)
    fm.mix_(on_device, plan)  # while device 0 is the current one
    assert same_bits(on_device, fm.mix(images, plan))


@pytest.mark.cuda
def test_no_synchronisation_and_no_allocation_on_a_side_stream(generator: torch.Generator) -> None:
    plan, other = (random_plan(64, 6, 16, generator) for _ in range(2))
    images = random_images((64, 3, 6, 16), torch.float32, generator)
    resident_plan = fm.ResidentPlan(64)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        first, second = (images.cuda() for _ in range(2))
        stream.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        torch.cuda.set_sync_debug_mode("error")
        try:
            fm.mix_(first, plan)
            resident_plan.update(other)
            fm.mix_(second, resident_plan)
        finally:
            torch.cuda.set_sync_debug_mode("default")
        assert torch.cuda.max_memory_allocated() == before
    stream.synchronize()
    assert same_bits(first, fm.mix(images, plan))
    assert same_bits(second, fm.mix(images, other))


@pytest.mark.cuda
def test_an_update_inside_a_graph_is_refused(generator: torch.Generator) -> None:
    resident_plan = fm.ResidentPlan(4)
    with pytest.raises(RuntimeError, match="update outside of the graph"), torch.cuda.graph(torch.cuda.CUDAGraph()):
        resident_plan.update(random_plan(4, 1, 1, generator, boxes=False))
