"""Run by torchrun: accelerate on two processes."""

import sys

import accelerate
from client_support import evaluation, mark, report, train
from test_accelerate import optimizer_steps

from fastmix.integrations.accelerate import prepare

photos, out = sys.argv[1:]
accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=5)
loader = prepare(accelerator, train(photos))
seen: list[float] = []


def watched():
    for images, targets in loader:
        seen.append(mark(images))
        yield images, targets


steps = sum(optimizer_steps(accelerator, watched()))
data = [(path, 0) for path, _ in loader.dataset][:49]
scored = prepare(accelerator, evaluation(data, last_batch="pad"))
gathered = sum(len(accelerator.gather_for_metrics(targets)) for _, targets in scored)
try:
    prepare(accelerator, evaluation(data))
    refused = ""
except ValueError as error:
    refused = str(error)
report(out, {"seen": seen, "steps": steps, "gathered": gathered, "refused": refused})
