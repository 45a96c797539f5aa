"""Plans in device memory: everywhere what the functions of fastmix do, and inside CUDA graphs what they cannot."""

import pytest
import torch
from support import devices, random_images, random_plan, same_bits

import fastmix as fm
from fastmix.integrations import cuda_graphs

KINDS = ["flip", "cycle", "permutation", "identity"]


def plans(batch: int, generator: torch.Generator) -> list[fm.MixPlan]:
    return [random_plan(batch, 6, 16, generator, kind) for kind in KINDS]


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("batch", [0, 1, 7, 300, 1500])
def test_the_same_bits_as_without_device_memory(device: str, batch: int, generator: torch.Generator) -> None:
    resident_plan = cuda_graphs.ResidentPlan(batch, device, image_size=(6, 16))
    labels = torch.randint(0, 10, (batch,), generator=generator)
    pixels = torch.randint(0, 256, (batch, 6, 16, 3), dtype=torch.uint8, generator=generator)
    mirror = torch.rand(batch, generator=generator) < 0.5
    for plan in plans(batch, generator):
        resident_plan.update(plan, mirror)
        for dtype in (torch.uint8, torch.bfloat16, torch.float32):
            images = random_images((batch, 3, 6, 16), dtype, generator)
            on_device = images.to(device, copy=True)
            cuda_graphs.mix_(on_device, resident_plan)
            assert same_bits(on_device, fm.mix(images, plan))
        targets = cuda_graphs.mix_labels(labels.to(device), resident_plan, 10, 0.1)
        assert same_bits(targets, fm.mix_labels(labels, plan, 10, 0.1))
        for memory_format in (torch.contiguous_format, torch.channels_last):
            options = {"dtype": torch.bfloat16, "memory_format": memory_format}
            out = cuda_graphs.normalize_mix(pixels.to(device), resident_plan, **options)
            assert same_bits(out, fm.normalize_mix(pixels, plan, mirror=mirror, **options))


@pytest.mark.parametrize("device", devices())
def test_a_refused_update_leaves_the_plan_before(device: str) -> None:
    resident_plan = cuda_graphs.ResidentPlan(2, device, image_size=(4, 4))
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
    cuda_graphs.mix_(images, resident_plan)
    assert images.flatten().tolist() == [6.0, 2.0]


def test_arguments_are_checked() -> None:
    resident_plan = cuda_graphs.ResidentPlan(2, "cpu")
    with pytest.raises(ValueError, match="2 samples on cpu as the ResidentPlan has, got 3"):
        cuda_graphs.mix_(torch.zeros(3, 1), resident_plan)
    with pytest.raises(TypeError, match="expected plan to be a ResidentPlan"):
        cuda_graphs.mix_(torch.zeros(2, 1), fm.MixPlan.identity(2))
    with pytest.raises(RuntimeError, match="do not require grad"):
        cuda_graphs.mix_(torch.zeros(2, 1).requires_grad_(), resident_plan)
    with pytest.raises(ValueError, match="CPU or CUDA device"):
        cuda_graphs.ResidentPlan(2, "meta")
    with pytest.raises(RuntimeError, match="on one CUDA device"):
        torch.ops.fastmix.mix_resident_(torch.zeros(2, 1), resident_plan.memory)


def capture(images: torch.Tensor, labels: torch.Tensor, pixels: torch.Tensor, resident_plan: cuda_graphs.ResidentPlan):
    """A graph of all three operators on a stream of its own, and what it writes."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        cuda_graphs.mix_(images, resident_plan)
        targets = cuda_graphs.mix_labels(labels, resident_plan, 10)
        normalized = cuda_graphs.normalize_mix(pixels, resident_plan, dtype=torch.float16)
    return graph, targets, normalized


def replay_and_check(device: str, batch: int, generator: torch.Generator) -> None:
    resident_plan = cuda_graphs.ResidentPlan(batch, device)
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
    resident_plan = cuda_graphs.ResidentPlan(64)
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
            cuda_graphs.mix_(second, resident_plan)
        finally:
            torch.cuda.set_sync_debug_mode("default")
        assert torch.cuda.max_memory_allocated() == before
    stream.synchronize()
    assert same_bits(first, fm.mix(images, plan))
    assert same_bits(second, fm.mix(images, other))


@pytest.mark.cuda
def test_an_update_inside_a_graph_is_refused(generator: torch.Generator) -> None:
    resident_plan = cuda_graphs.ResidentPlan(4)
    with pytest.raises(RuntimeError, match="update outside of the graph"), torch.cuda.graph(torch.cuda.CUDAGraph()):
        resident_plan.update(random_plan(4, 1, 1, generator, boxes=False))
