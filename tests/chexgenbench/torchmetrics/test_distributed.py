"""Two processes that see half of the images each report what one process reports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WORKER = """
import sys, torch
import torch.distributed as dist
from chexgenbench.torchmetrics.kernel_distance import KernelDistance
from chexgenbench.torchmetrics.precision_recall import PrecisionRecallDensityCoverage
from chexgenbench.torchmetrics.vendi_score import VendiScore

rank, world, store = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
if world > 1:
    dist.init_process_group("gloo", init_method="file://" + store, rank=rank, world_size=world)
generator = torch.Generator().manual_seed(0)
real, generated = torch.randn(60, 6, generator=generator), torch.randn(50, 6, generator=generator) + 0.2
patients = torch.arange(60) // 2
kernel, balls, vendi = KernelDistance(), PrecisionRecallDensityCoverage(), VendiScore(6)
mine = slice(rank, None, world)
kernel.update(real[mine], real=True, patients=patients[mine])
kernel.update(generated[mine], real=False, patients=patients[:50][mine])
balls.update(real[mine], real=True)
balls.update(generated[mine], real=False)
vendi.update(generated[mine])
numbers = [*kernel.compute(), *balls.compute().values(), vendi.compute()]
if rank == 0:
    print(" ".join(repr(float(each)) for each in numbers))
"""


def report(world: int, folder: Path) -> list[float]:
    store = folder / f"store{world}"
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, str(rank), str(world), str(store)], stdout=subprocess.PIPE)
        for rank in range(world)
    ]
    outputs = [worker.communicate(timeout=120)[0] for worker in workers]
    assert all(worker.returncode == 0 for worker in workers)
    return [float(number) for number in outputs[0].split()]


@pytest.mark.slow
def test_two_processes_agree_with_one(tmp_path: Path) -> None:
    one, two = report(1, tmp_path), report(2, tmp_path)
    assert len(one) == 7
    assert two == pytest.approx(one, rel=1e-12)
