"""Run by torchrun: ignite's Parallel on two gloo processes, with a loader that was built before."""

import sys

from client_support import mark, report, train
from ignite import distributed as idist
from ignite.engine import Engine

photos, out = sys.argv[1:]
loader = train(photos)


def training(_local_rank: int) -> None:
    seen: list[float] = []
    Engine(lambda _, batch: seen.append(mark(batch[0]))).run(loader, max_epochs=2)
    report(out, {"seen": seen, "world": [idist.get_rank(), idist.get_world_size()]})


with idist.Parallel(backend="gloo") as parallel:
    parallel.run(training)
