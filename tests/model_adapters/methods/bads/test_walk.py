import numpy as np
import torch

from model_adapters.methods.bads.batches import generator
from model_adapters.methods.bads.dynamics import leaves
from model_adapters.methods.bads.problem import Examples, TableProblem
from model_adapters.methods.bads.settings import Settings
from model_adapters.methods.bads.walk import Walk


def test_the_average_is_that_of_the_samples_and_survives_a_stop() -> None:
    part = Examples(np.eye(2, dtype=np.float32), np.array([0, 1]))
    problem = TableProblem("classes", part, part, 2)
    settings = Settings(temperature=0.0, decay=0.0)
    walk = Walk("w", problem, settings, 0)
    assert all(torch.equal(walk.average[name], walk.theta[name]) for name in walk.theta)
    seen = []
    for _ in range(4):
        theta = leaves(walk.theta)
        walk.descend(problem.losses(theta, None).sum(), theta, generator(0, "a", "b"))
        walk.sample()
        seen.append(walk.theta["weight"].clone())
        stored, walk = walk.state(), Walk("w", problem, settings, 5)
        walk.restore(stored)
    assert torch.allclose(walk.average["weight"], torch.stack(seen).mean(0), atol=1e-6)
    assert float(problem.losses(walk.theta, None).sum()) < 2 * np.log(2.0)
