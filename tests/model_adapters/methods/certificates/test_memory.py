"""Extra memory of certified learners does not grow with the pool: 32 models against 4, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from merge_runs import write

SHAPE, TENSORS = (512, 256), 3
"""Half a MiB a tensor, 1.5 MiB a model: a pool of 32 that was held would be 48 MiB."""

PROGRAM = """
import json, sys
from pathlib import Path
import torch
from model_adapters.methods.certificates.frank_wolfe import CertifiedFrankWolfe
from model_adapters.methods.certificates.fusion import CertifiedFusion
from model_adapters.methods.run import run_method
from signs import named

base, files, out = sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3])
METHODS = {"fusion": CertifiedFusion, "fw": CertifiedFrankWolfe}


class Near:
    tasks, chunk, zero_one = ("near",), 0, True

    def examples(self, task):
        return 4

    def losses(self, weights, task, rows):
        return sum((each ** 2).mean() for each in weights.values()) * (1 + rows.double())

    def scores(self, weights, task, rows):
        return torch.ones(len(rows))

    def facts(self):
        return {}


def peak():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def fit(name, kind, settings, models):
    inputs = {"base": base, "models": [files[i % len(files)] for i in range(models)], "objective": Near(),
              "cases": named(4), "trained_on": named(2, "train"), **settings}
    run_method(METHODS[kind](), inputs, out / f"{name}-{models}", 0)


found = {}
for name, (kind, settings) in json.loads(sys.argv[4]).items():
    fit(name, kind, settings, 2)  # what is loaded once, by any pool, is no memory of the learner
    found[name] = []
    for models in (32, 4):  # the larger first: what it may leave behind can only make the smaller look smaller
        Path("/proc/self/clear_refs").write_text("5")
        before = peak()
        fit(name, kind, settings, models)
        found[name].append(peak() - before)
print(json.dumps(found))
"""

LINUX = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peak memory is read from /proc")

QUICK = {"steps": 1, "save_every": 1, "draws": 2}
LEARNERS = {
    "fw": ("fw", {"iterations": "1,2"}),
    "posterior": ("fusion", QUICK),
    "ada-merging": ("fusion", {**QUICK, "method": "ada-merging"}),
    "ties": ("fusion", {**QUICK, "method": "ties"}),
    "codes": ("fusion", {"mode": "codes", "levels": "1", "support": 1}),
}  # fmt: skip


def compare(tmp_path: Path, names: tuple[str, ...], hold: bool = False) -> None:
    files = []
    for index in range(5):
        rng = np.random.default_rng(index)
        tensors = {f"layer.{k}": rng.standard_normal(SHAPE, dtype=np.float32) for k in range(TENSORS)}
        files.append(write(tmp_path, f"model-{index}", tensors))
    glibc = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "0", "MALLOC_MMAP_THRESHOLD_": "65536"}
    path = os.pathsep.join(each for each in sys.path if each)
    learners = {name: (LEARNERS[name][0], {**LEARNERS[name][1], "hold": hold}) for name in names}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, files[0], json.dumps(files[1:]), str(tmp_path / "out"), json.dumps(learners)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **glibc},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, list[float]] = json.loads(done.stdout)
    print(found)
    for name in names:
        many, few = found[name]
        # 1 MiB: pages of the interpreter; a model more in memory would be 1.5, the pool 42 more.
        assert many <= 1.1 * few + 1.0, f"{name} grows: {few:.1f} to {many:.1f} MiB"


@LINUX
def test_thirty_two_models_need_what_four_need(tmp_path: Path) -> None:
    compare(tmp_path, ("fw",))


@pytest.mark.slow
@LINUX
def test_so_do_the_others(tmp_path: Path) -> None:
    compare(tmp_path, tuple(LEARNERS))


@pytest.mark.slow
@LINUX
def test_a_pool_that_is_held_is_caught(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="fw grows"):
        compare(tmp_path, ("fw",), hold=True)
