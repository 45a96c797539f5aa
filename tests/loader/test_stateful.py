"""The loader against a model: iterate, leave, save, load, resize the world, damage and repair files, in any order."""

import os
import tempfile
from pathlib import Path

import pytest
from data_support import join, make
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from images import picture, saved
from support import same_bits

COUNT, GLOBAL_BATCH, SEED, EPOCHS = 9, 4, 9, 12
STEPS = COUNT // GLOBAL_BATCH
# FASTMIX_EXAMPLES=500 is the long form.
EXAMPLES = int(os.environ.get("FASTMIX_EXAMPLES", "6"))
samples = st.integers(0, COUNT - 1)


class LoaderMachine(RuleBasedStateMachine):
    """What the loader promises of a file: it comes if it was good all the time, and not if it was bad all the time."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.files = [(Path(self.folder.name, f"{i}.jpg"), i) for i in range(COUNT)]
        self.contents = [saved(picture().rotate(9 * i), "JPEG") for i in range(COUNT)]
        for (path, _), data in zip(self.files, self.contents, strict=True):
            path.write_bytes(data)
        # (epoch, step) to the samples in their order and their images, undisturbed.
        self.expected: dict[tuple[int, int], tuple[list[int], object]] = {}
        self.reference = self.loader(1, 0)
        self.bad: set[int] = set()
        self.states: list[dict] = []
        self.batches: list | None = None

    def loader(self, world: int, rank: int):
        options = {"on_error": "skip", "max_bad": 1.0, "seed": SEED, "return_index": True}
        return make(self.files, GLOBAL_BATCH // world, rank=rank, world_size=world, **options)

    @initialize(world=st.sampled_from([1, 2]))
    def start(self, world: int) -> None:
        for epoch in range(EPOCHS):
            self.reference.set_epoch(epoch)
            for step, (images, _, index) in enumerate(self.reference):
                self.expected[epoch, step] = index.tolist(), images.clone()
        self.resize(world)

    def resize(self, world: int) -> None:
        self.loaders = [self.loader(world, rank) for rank in range(world)]
        self.batches, self.left = None, False
        self.position = (0, 0)

    @rule()
    @precondition(lambda self: self.position[0] < EPOCHS)
    def next_batch(self) -> None:
        if self.batches is None:
            # Files that change from here on may come or not: batches are prefetched.
            self.batches = [iter(loader) for loader in self.loaders]
            self.left = False
            self.always_good = set(range(COUNT)) - self.bad
            self.ever_good = set(self.always_good)
        epoch, step = self.position
        images, index = join([(images, index) for images, _, index in map(next, self.batches)])
        order, whole = self.expected[epoch, step]
        found = index.tolist()
        assert found == [i for i in order if i in found], "another order"
        assert set(order) & self.always_good <= set(found), "a good sample is missing"
        assert set(found) <= self.ever_good, "a bad sample came"
        assert same_bits(images, whole[[order.index(i) for i in found]])
        self.position = (epoch, step + 1)
        if step + 1 == STEPS:
            with pytest.raises(StopIteration):
                for batches in self.batches:
                    next(batches)
            for batches in self.batches[1:]:
                assert next(batches, None) is None
            self.batches, self.position = None, (epoch + 1, 0)

    @rule()
    @precondition(lambda self: self.position[0] < EPOCHS)
    def rest_of_the_epoch(self) -> None:
        epoch = self.position[0]
        while self.position[0] == epoch:
            self.next_batch()

    @rule()
    def leave(self) -> None:
        """The next iterator starts the epoch anew."""
        if self.batches is not None:
            self.batches, self.position = None, (self.position[0], 0)
            self.left = True

    @rule()
    @precondition(lambda self: not self.left)  # between iterators the state is where the last one was left
    def save(self) -> None:
        states = [loader.state_dict() for loader in self.loaders]
        assert all(state == states[0] for state in states)
        assert (states[0]["epoch"], states[0]["step"]) == self.position
        self.states.append(states[0])

    @rule(world=st.sampled_from([1, 2, 4]), data=st.data())
    @precondition(lambda self: self.states)
    def load(self, world: int, data: st.DataObject) -> None:
        state = data.draw(st.sampled_from(self.states))
        self.resize(world)
        for loader in self.loaders:
            loader.load_state_dict(state)
        self.position = (state["epoch"], state["step"])

    @rule(sample=samples, how=st.sampled_from(["text", "empty", "cut", "lost", "folder"]))
    def damage(self, sample: int, how: str) -> None:
        path = self.files[sample][0]
        self.remove(path)
        if how == "folder":
            path.mkdir()
        elif how != "lost":
            data = self.contents[sample]
            path.write_bytes({"text": b"text", "empty": b"", "cut": data[: len(data) // 2]}[how])
        self.bad.add(sample)
        if self.batches is not None:
            self.always_good.discard(sample)

    @rule(data=st.data())
    @precondition(lambda self: self.bad)
    def repair(self, data: st.DataObject) -> None:
        sample = data.draw(st.sampled_from(sorted(self.bad)))
        path = self.files[sample][0]
        self.remove(path)
        path.write_bytes(self.contents[sample])
        self.bad.discard(sample)
        if self.batches is not None:
            self.always_good.discard(sample)
            self.ever_good.add(sample)

    @rule(sample=samples)
    @precondition(lambda _: os.getuid() != 0)
    def forbid(self, sample: int) -> None:
        """Take the permissions away, which root does not mind."""
        path = self.files[sample][0]
        if path.is_file():
            path.chmod(0)
            self.bad.add(sample)
            if self.batches is not None:
                self.always_good.discard(sample)

    def remove(self, path: Path) -> None:
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)

    def teardown(self) -> None:
        self.batches = None
        self.folder.cleanup()


TestLoader = pytest.mark.filterwarnings("ignore")(LoaderMachine.TestCase)
TestLoader.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
