from pathlib import Path

import numpy as np
import torch
from merge_runs import Quadratic, merged, pool_of

from model_adapters.methods.merging.ada_merging import minibatch
from model_adapters.methods.merging.adam import Adam

RNG = np.random.default_rng(2)
BASE, *MODELS = [{"a": RNG.standard_normal((3, 2)), "b": RNG.standard_normal(4)} for _ in range(4)]
TARGET = {name: RNG.standard_normal(array.shape) for name, array in BASE.items()}


def autograd(granular: bool, steps: int, rate: float, initial: float) -> dict[str, np.ndarray]:
    """The same descent with task vectors in memory and torch's own gradients through the merge."""
    names = list(BASE)
    count = len(names) if granular else 1
    coefficient = torch.full((count, 3), initial, dtype=torch.float64, requires_grad=True)
    optimiser = Adam(coefficient.detach().numpy(), rate)

    def model() -> dict[str, torch.Tensor]:
        found = {}
        for row, name in enumerate(names):
            base = torch.from_numpy(BASE[name])
            each = coefficient[row if granular else 0]
            found[name] = base + sum(each[k] * (torch.from_numpy(MODELS[k][name]) - base) for k in range(3))
        return found

    for _ in range(steps):
        loss = 0.5 * sum(((tensor - torch.from_numpy(TARGET[name])) ** 2).sum() for name, tensor in model().items())
        (slope,) = torch.autograd.grad(loss, [coefficient])
        optimiser.step(slope.numpy())
        coefficient = torch.tensor(optimiser.value, requires_grad=True)
    return {name: tensor.detach().numpy() for name, tensor in model().items()}


def test_streamed_descent_is_that_of_autograd(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    for granularity in ("layer", "task"):
        found, said = merged(
            tmp_path / granularity, pool, "ada-merging", Quadratic(TARGET), granularity=granularity, steps=15,
            rate=0.05, batch=0, labels=True,
        )  # fmt: skip
        expected = autograd(granularity == "layer", 15, 0.05, 0.3)
        for name in BASE:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-8)
        assert len(said.facts["losses"]) == 15 and said.facts["losses"][-1] < said.facts["losses"][0]


def test_entropy_reads_no_label(tmp_path: Path) -> None:
    class Unlabelled(Quadratic):
        def losses(self, weights, task, rows):  # type: ignore[no-untyped-def]
            raise AssertionError("asked for labels")

        def entropies(self, weights, task, rows):  # type: ignore[no-untyped-def]
            return Quadratic.losses(self, weights, task, rows)

    _, said = merged(tmp_path / "run", pool_of(tmp_path, MODELS, BASE), "ada-merging", Unlabelled(TARGET), steps=2)
    assert said.facts["uses_labels"] is False


def test_trimmed_vectors_have_no_ledger(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    _, said = merged(tmp_path / "run", pool, "ada-merging", Quadratic(TARGET), steps=2, density=0.5)
    assert said.ledger is None
    whole, _ = merged(tmp_path / "one", pool, "ada-merging", Quadratic(TARGET), steps=0, density=1.0, initial=0.3)
    plain, _ = merged(tmp_path / "two", pool, "task-arithmetic", scaling=0.3)
    np.testing.assert_allclose(whole["a"], plain["a"], atol=1e-12)


def test_minibatches_follow_from_seed_and_step() -> None:
    class Ten(Quadratic):
        def examples(self, task: str) -> int:
            return 10

    objective = Ten({})
    first = minibatch(objective, 4, 0, 0)
    again, later, small = minibatch(objective, 4, 0, 0), minibatch(objective, 4, 0, 1), minibatch(objective, 99, 0, 0)
    assert first is not None and again is not None and later is not None and small is not None
    assert first["quadratic"].tolist() == again["quadratic"].tolist() != later["quadratic"].tolist()
    assert small["quadratic"].tolist() == list(range(10)) and minibatch(objective, 0, 0, 0) is None
