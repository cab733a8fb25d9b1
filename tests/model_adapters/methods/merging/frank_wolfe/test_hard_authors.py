from pathlib import Path

import numpy as np
import pytest
from merge_runs import Quadratic, merged, pool_of

RNG = np.random.default_rng(8)
NAMES = ("a", "b")
BASE, *MODELS = [{"a": RNG.standard_normal(5), "b": RNG.standard_normal(4)} for _ in range(4)]
TARGET = {name: RNG.standard_normal(BASE[name].shape) for name in NAMES}


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize("zero_vertex", [False, True])
def test_written_out_in_numpy(tmp_path: Path, zero_vertex: bool) -> None:
    start = {n: BASE[n] + 0.3 * sum(model[n] - BASE[n] for model in MODELS) for n in NAMES}
    theta = {n: each.copy() for n, each in start.items()}
    for t in range(4):
        for n in NAMES:
            slope = theta[n] - TARGET[n]
            candidates = [*(model[n] for model in MODELS), start[n]]
            scores = [cosine(slope, each) for each in candidates]
            best = candidates[int(np.argmin(scores))]
            if zero_vertex and min(scores) >= 0:
                best = np.zeros_like(slope)
            theta[n] = theta[n] + 2 / (t + 2) * 0.1 * 0.3 * (best - theta[n])
    found, said = merged(
        tmp_path / "run", pool_of(tmp_path, MODELS, BASE), "fw-hard-authors", Quadratic(TARGET), iterations=4,
        zero_vertex=zero_vertex,
    )  # fmt: skip
    for n in NAMES:
        np.testing.assert_allclose(found[n], theta[n], atol=1e-12)
    assert [line["step"] for line in said.facts["trace"]] == pytest.approx([0.03, 0.02, 0.015, 0.012])


def test_zeros_are_pulled_to_only_by_the_language_version(tmp_path: Path) -> None:
    # The gradient at the start points along every vertex: no cosine is negative.
    pool = pool_of(tmp_path, [{"w": np.array([2.0])}], {"w": np.array([1.0])})
    objective = Quadratic({"w": np.array([-9.0])})
    _, said = merged(tmp_path / "one", pool, "fw-hard-authors", objective, iterations=1, zero_vertex=True)
    assert said.facts["trace"][0]["chosen"] == {"zeros": 1}
    _, said = merged(tmp_path / "two", pool, "fw-hard-authors", objective, iterations=1)
    assert said.facts["trace"][0]["chosen"] == {"model-1": 1}
