"""Peak memory of the streaming methods does not grow with the pool: 32 models against 4, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from merge_runs import write

SHAPE, TENSORS = (512, 512), 3
"""1 MiB a tensor, 3 MiB a model: a pool of 32 that was held would be 96 MiB."""

PROGRAM = """
import json, sys
from pathlib import Path
import torch
from merge_runs import Quadratic, run_of
from model_adapters.methods.merging import table
from model_adapters.methods.merging.pool import open_pool
from model_adapters.methods.merging.writer import TensorWriter

base, files, count, out = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])


def peak():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def merge(name, settings, models):
    pool = open_pool([files[index % len(files)] for index in range(models)], base)
    target = {name: pool.read(0, name) * 0.5 for name in pool.merged}
    objective = Quadratic({name: tensor.numpy() for name, tensor in target.items()})
    run = run_of(out / f"{name}-{models}", pool, name, objective, **settings)
    merged = table.merge(run, name)
    writer = TensorWriter(out / f"{name}-{models}" / "model" / "m.safetensors", pool.template.entries)
    for tensor in pool.merged:
        writer.write(tensor, merged.tensor(tensor))
    writer.finish()


found = {}
for name, settings in json.loads(sys.argv[5]).items():
    merge(name, settings, 2)  # what is loaded once, by any pool, is no memory of the merge
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    merge(name, settings, count)
    found[name] = peak() - before
print(json.dumps(found))
"""

LINUX = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peak memory is read from /proc")

METHODS = {
    "average": {}, "task-arithmetic": {}, "ties": {}, "dare": {}, "consensus": {},
    "fw-hard": {"iterations": 2}, "fw-soft": {"iterations": 1, "inner_steps": 1}, "fw-hard-authors": {"iterations": 1},
    "ada-merging": {"steps": 1}, "lorahub": {"evaluations": 2}, "greedy-soup": {},
}  # fmt: skip


def extra(tmp_path: Path, files: list[str], count: int, methods: dict, program: str = PROGRAM) -> dict[str, float]:  # type: ignore[type-arg]
    """Method -> MiB above what the process held before."""
    # One arena, and memory given back at once: else glibc keeps what was freed, and the peak is its habit, not ours.
    glibc = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "0", "MALLOC_MMAP_THRESHOLD_": "65536"}
    path = os.pathsep.join(each for each in sys.path if each)
    done = subprocess.run(
        [sys.executable, "-c", program, files[0], json.dumps(files[1:]), str(count), str(tmp_path / str(count)),
         json.dumps(methods)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **glibc},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads(done.stdout)
    return found


def compare(tmp_path: Path, methods: dict, program: str = PROGRAM) -> None:  # type: ignore[type-arg]
    files = []
    for index in range(5):
        rng = np.random.default_rng(index)
        tensors = {f"layer.{k}": rng.standard_normal(SHAPE, dtype=np.float32) for k in range(TENSORS)}
        files.append(write(tmp_path, f"model-{index}", tensors))
    few, many = (extra(tmp_path, files, count, methods, program) for count in (4, 32))
    print(few, many)
    for name in methods:
        # 1 MiB: pages of the interpreter; a model more in memory would be 3, the pool 84 more.
        assert many[name] <= 1.1 * few[name] + 1.0, f"{name} grows: {few[name]:.1f} to {many[name]:.1f} MiB"


@LINUX
def test_thirty_two_models_need_what_four_need(tmp_path: Path) -> None:
    compare(tmp_path, {name: METHODS[name] for name in ("average", "ties", "fw-hard")})


@pytest.mark.slow
@LINUX
def test_so_do_all_other_methods(tmp_path: Path) -> None:
    compare(tmp_path, METHODS)


@pytest.mark.slow
@LINUX
def test_a_pool_that_is_held_is_caught(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="average grows"):
        compare(tmp_path, {"average": {}}, PROGRAM.replace("range(models)], base)", "range(models)], base, hold=True)"))
