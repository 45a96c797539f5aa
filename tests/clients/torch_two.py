"""Run by torchrun: DDP or FSDP2 on two gloo processes, with a loader that was built before."""

import itertools
import sys

import torch
from client_support import Net, mark, marks, report, train
from torch import distributed
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

photos, kind, out = sys.argv[1:]
loader, early = train(photos), ""
try:
    len(loader)
except RuntimeError as error:
    early = str(error)
distributed.init_process_group("gloo")
torch.manual_seed(0)
mesh = torch.distributed.device_mesh.init_device_mesh("cpu", (2,))
model = DistributedDataParallel(Net()) if kind == "ddp" else fully_shard(Net(), mesh=mesh)
optimizer = torch.optim.SGD(model.parameters(), 0.01)
seen, steps = [], 0
for _ in range(2):
    for images, targets in loader:
        seen.append(mark(images))
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(images), targets).backward()
        optimizer.step()
        steps += 1
full = [p.full_tensor() if hasattr(p, "full_tensor") else p for p in model.parameters()]
again = train(photos)
list(itertools.islice(again, 4))
resumed = train(photos)
resumed.load_state_dict(again.state_dict())
findings = {"seen": seen, "steps": steps // 2, "early": early, "parameters": [float(p.detach().sum()) for p in full]}
report(out, {**findings, "resumed": marks(resumed)})
distributed.destroy_process_group()
