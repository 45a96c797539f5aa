"""Plans drawn by the operator: the policies' own, counted by step, kept by checkpoints."""

import numpy as np
import pytest
from dali_support import arrays, dense_targets, every, mix_pipeline, normalized, same_bits
from nvidia.dali import fn, pipeline_def

import fastmix as fm

HEIGHT, WIDTH, BATCH = 16, 12, 8
RNG = np.random.default_rng(0)
BATCHES = [RNG.integers(0, 256, (BATCH, HEIGHT, WIDTH, 3), dtype=np.uint8) for _ in range(3)]
LABELS = [RNG.integers(0, 10, BATCH) for _ in BATCHES]
STEPS = 7


def run_steps(steps: int = STEPS, pipeline: dict | None = None, seed: int = 5, **policy) -> list[list[np.ndarray]]:
    built = mix_pipeline(BATCHES, LABELS, num_classes=10, seed=seed, pipeline=pipeline, **policy)
    return every(built.run, steps)


def equal(a: list[list[np.ndarray]], b: list[list[np.ndarray]]) -> bool:
    return all(same_bits(x, y) for p, q in zip(a, b, strict=True) for x, y in zip(p, q, strict=True))


CASES = [
    ({}, fm.Mixup(0.2)),
    ({"alpha": 1.0, "per": "pair"}, fm.Mixup(1.0, per="pair")),
    ({"alpha": 0.8, "per": "sample", "pairing": "flip", "prob": 0.6}, fm.Mixup(0.8, "sample", 0.6, "flip")),
    ({"alpha": 0, "cutmix_alpha": 1.0, "pairing": "neighbor"}, fm.CutMix(1.0, pairing="neighbor")),
    *(
        ({"alpha": 1.0, "per": "pair", "pairing": name}, fm.Mixup(1.0, per="pair", pairing=name))
        for name in ("roll", "derangement", "matching", "same_class", "different_class")
    ),
    ({"alpha": 0.8, "cutmix_alpha": 1.0, "switch_prob": 0.3}, fm.Choice([fm.Mixup(0.8), fm.CutMix(1.0)], [0.7, 0.3])),
    ({"alpha": 0.1, "cutmix_alpha": 0.7}, fm.Choice([fm.Mixup(0.1), fm.CutMix(0.7)])),
]


@pytest.mark.parametrize("arguments, policy", CASES)
def test_draws_the_plans_of_the_policies(arguments, policy):
    for step, (images, targets) in enumerate(run_steps(seed=11, **arguments)):
        plan = policy.plan(BATCH, (HEIGHT, WIDTH), seed=11, step=step, groups=LABELS[step % 3])
        expected = normalized(BATCHES[step % 3], plan, [0], [1])
        assert same_bits(images, np.ascontiguousarray(expected.transpose(0, 3, 1, 2)))
        np.testing.assert_allclose(targets, dense_targets(LABELS[step % 3], plan, 10), rtol=0, atol=2**-23)


def test_seed_reproduces_and_steps_differ():
    first = run_steps()
    assert equal(first, run_steps())
    assert not equal(first, run_steps(seed=6))
    # Steps 0, 3 and 6 have the same images: only the plans can differ.
    assert not same_bits(first[0][0], first[3][0]) and not same_bits(first[3][0], first[6][0])


def test_the_seed_of_the_pipeline_is_the_default():
    def of(seed):
        built = mix_pipeline(BATCHES, pipeline={"seed": seed}, alpha=1.0)
        return every(built.run, 4)

    assert equal(of(1), of(1)) and not equal(of(1), of(2))


@pytest.mark.parametrize(
    "pipeline",
    [
        {"num_threads": 1},
        {"num_threads": 4},
        {"prefetch_queue_depth": 1},
        {"prefetch_queue_depth": 4},
        {"exec_dynamic": True},
        {"exec_dynamic": False},
    ],
)
def test_threads_prefetching_and_executor_do_not_matter(pipeline):
    policy = {"alpha": 0.8, "cutmix_alpha": 1.0, "per": "sample"}
    assert equal(run_steps(**policy), run_steps(pipeline=pipeline, **policy))


def test_both_alphas_zero_mix_nothing():
    for step, (images, targets) in enumerate(run_steps(2, alpha=0)):
        assert same_bits(images, np.ascontiguousarray(BATCHES[step].transpose(0, 3, 1, 2)).astype(np.float32))
        assert same_bits(targets, np.eye(10, dtype=np.float32)[LABELS[step]])


def test_partial_batches_and_a_batch_of_one():
    batches = [BATCHES[0], BATCHES[1][:3], BATCHES[2][:1]]
    built = mix_pipeline(batches, seed=4, alpha=1.0, cutmix_alpha=1.0)
    policy = fm.Choice([fm.Mixup(1.0), fm.CutMix(1.0)])
    for step, images in enumerate(batches):
        expected = normalized(images, policy.plan(len(images), (HEIGHT, WIDTH), seed=4, step=step), [0], [1])
        assert same_bits(arrays(built.run())[0], np.ascontiguousarray(expected.transpose(0, 3, 1, 2)))


@pytest.mark.parametrize("exec_dynamic", [True, False])
@pytest.mark.parametrize("stop", [0, 1, 4])
def test_a_checkpoint_resumes_with_the_next_batch(stop, exec_dynamic, tmp_path):
    for index in range(12):
        np.save(tmp_path / f"{index:02}.npy", RNG.integers(0, 256, (6, 5, 3), dtype=np.uint8))

    @pipeline_def(
        batch_size=4, num_threads=2, device_id=None, seed=3, enable_checkpointing=True, exec_dynamic=exec_dynamic
    )
    def graph():
        images = fn.readers.numpy(file_root=str(tmp_path), pad_last_batch=True, shuffle_after_epoch=True)
        return fn.fastmix.mix(fn.reshape(images, layout="HWC"), alpha=1.0, cutmix_alpha=1.0, per="sample")

    whole = graph()
    every(whole.run, stop)
    checkpoint = whole.checkpoint()
    rest = every(whole.run, 5)
    assert equal(rest, every(graph(checkpoint=checkpoint).run, 5))
    assert not equal(rest, every(graph().run, 5)) or stop == 0
