"""On a GPU: the CPU's bits, no waiting for the device, and CUDA graphs."""

from contextlib import contextmanager

import numpy as np
import pytest
import torch
from support import noise, random_plan, same_bits

import fastmix as fm
import fastmix.augment as fa

pytestmark = pytest.mark.cuda
SIZE = (21, 34)
POLICIES = {
    "pointwise": fa.ColorJitter(0.4, 0.4, 0.4, 0.1),
    "trivial": fa.TrivialAugmentWide(),
    "rand": fa.RandAugment(),
    "augmix": fa.AugMix(),
    "three": fa.ThreeAugment(),
    "cubic": fa.TrivialAugmentWide(interpolation="bicubic"),
}


@contextmanager
def without_waiting():
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


def batch(count: int, size: tuple[int, int], channels_last: bool) -> torch.Tensor:
    generator = torch.Generator().manual_seed(count)
    pixels = torch.randint(0, 256, (count, *size, 3), generator=generator, dtype=torch.uint8)
    return pixels if channels_last else pixels.permute(0, 3, 1, 2).contiguous()


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("size", [(224, 224), (1, 37), (33, 20)], ids=str)
@pytest.mark.parametrize("count", [0, 1, 65])
@pytest.mark.parametrize("name", POLICIES)
def test_augment(name, count, size, channels_last) -> None:
    images, plan = batch(count, size, channels_last), POLICIES[name].plan(fa.SampleKeys(0, 0, np.arange(count)), size)
    expected = fm.augment_images(images, plan, channels_last=channels_last)
    on_gpu = images.cuda()
    with without_waiting():
        made = fm.augment_images(on_gpu, plan, channels_last=channels_last)
        fm.augment_(on_gpu, plan, channels_last=channels_last)
    assert same_bits(made, expected)
    assert same_bits(on_gpu, expected)


def test_many_samples_are_uploaded() -> None:
    count, size = 3000, (8, 9)
    images, plan = batch(count, size, True), fa.RandAugment().plan(fa.SampleKeys(0, 0, np.arange(count)), size)
    assert same_bits(fm.augment_images(images.cuda(), plan), fm.augment_images(images, plan))


@pytest.mark.parametrize("filter", ["nearest", "box", "bilinear", "bicubic", "lanczos"])
def test_resample(filter) -> None:
    generator = torch.Generator().manual_seed(1)
    images = [
        noise(height, width, 3, generator) for height, width in [(300, 400), (40, 900), (7, 5), (1, 1), (2000, 9)]
    ]
    on_gpu = [image.cuda() for image in images]
    for edges in ("crop", "image"):
        windows = [(0.0, 0.0, image.shape[0] * 0.75, image.shape[1] * 0.75) for image in images]
        options = {"size": SIZE, "filter": filter, "edges": edges, "mirror": [True, False, True, False, True]}
        with without_waiting():
            made = fm.resample(on_gpu, windows, **options)
        assert same_bits(made, fm.resample(images, windows, **options))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_resample_mix(memory_format, dtype) -> None:
    count, generator = 33, torch.Generator().manual_seed(2)
    sizes = [(40 + i, 90 - 2 * i) for i in range(count)]
    images = [noise(*size, 3, generator) for size in sizes]
    policy = fa.Compose([fa.RandomResizedCrop(interpolation="random"), fa.RandAugment(), fa.RandomErasing(0.7)])
    sample_plan = policy.plan(fa.SampleKeys(3, 0, np.arange(count)), SIZE, sizes)
    options = {"size": SIZE, "plan": random_plan(count, *SIZE, generator, "cycle"), "sample_plan": sample_plan}
    options |= {"mean": fm.IMAGENET_MEAN, "std": fm.IMAGENET_STD, "dtype": dtype, "memory_format": memory_format}
    on_gpu = [image.cuda() for image in images]
    with without_waiting():
        made = fm.resample_mix(on_gpu, **options)
    assert same_bits(made, fm.resample_mix(images, **options))


def test_cuda_graph() -> None:
    images = batch(16, SIZE, False)
    plan = fa.TrivialAugmentWide().plan(fa.SampleKeys(1, 0, np.arange(16)), SIZE)
    on_gpu, made = images.cuda(), images.cuda()
    fm.augment_(made, plan)  # loads the module
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        made = fm.augment_images(on_gpu, plan)
    on_gpu.copy_(images.flip(0))
    graph.replay()
    assert same_bits(made, fm.augment_images(images.flip(0), plan))


def test_compiled() -> None:
    images = batch(8, SIZE, False)
    plan = fa.RandAugment().plan(fa.SampleKeys(2, 0, np.arange(8)), SIZE).rows
    compiled = torch.compile(lambda x: fm.augment_images(x, plan).float() / 255, fullgraph=True)
    assert torch.equal(compiled(images.cuda()).cpu(), fm.augment_images(images, plan).float() / 255)


def test_prefetch() -> None:
    given = [(batch(8, (50, 40), True), torch.arange(8)) for _ in range(3)]
    policy = fa.Compose([fa.RandomResizedCrop(), fa.TrivialAugmentWide(), fa.RandomErasing(0.5)])
    made = {
        device: [
            images.cpu()
            for images, _ in fm.prefetch(
                given, size=32, augment=policy, mix=fm.CutMix(1.0), num_classes=8, device=device
            )
        ]
        for device in ("cpu", "cuda")
    }
    for cpu, cuda in zip(made["cpu"], made["cuda"], strict=True):
        assert same_bits(cuda, cpu)


def test_the_loader_augments_the_same_pixels() -> None:
    dataset = torch.utils.data.TensorDataset(batch(16, (40, 50), True), torch.arange(16))
    policy = fa.Compose([fa.RandomResizedCrop(), fa.RandAugment(), fa.RandomErasing(0.5)])
    made = {
        device: [images.cpu() for images, _ in fm.DataLoader(dataset, 8, 32, augment=policy, device=device)]
        for device in ("cpu", "cuda")
    }
    for cpu, cuda in zip(made["cpu"], made["cuda"], strict=True):
        assert same_bits(cuda, cpu)
