"""Ray Train: two workers on this machine."""

import json
import os
from pathlib import Path

import pytest
from client_support import parts

ray = pytest.importorskip("ray")
ray_torch = pytest.importorskip("ray.train.torch")
ray_train = pytest.importorskip("ray.train")


def work(config: dict) -> None:
    from client_support import marks, passes, train
    from torch import distributed

    loader = train(config["photos"])
    found = {"seen": marks(passes(loader, 2)), "world_size": loader.world_size}
    Path(f"{config['out']}.{distributed.get_rank()}").write_text(json.dumps(found))


@pytest.mark.xdist_group("ray")
def test_two_workers(photos, tmp_path):
    paths = os.pathsep.join([str(Path(__file__).parents[2]), str(Path(__file__).parent)])
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": {"PYTHONPATH": paths}})
    try:
        trainer = ray_torch.TorchTrainer(
            work,
            train_loop_config={"photos": str(photos), "out": str(tmp_path / "seen")},
            scaling_config=ray_train.ScalingConfig(num_workers=2, use_gpu=False),
            run_config=ray_train.RunConfig(storage_path=str(tmp_path / "ray")),
            torch_config=ray_torch.TorchConfig(backend="gloo"),
        )
        trainer.fit()
    finally:
        ray.shutdown()
    found = [json.loads((tmp_path / f"seen.{rank}").read_text()) for rank in range(2)]
    assert [part["seen"] for part in found] == parts(photos, 2) and found[0]["world_size"] == 2
