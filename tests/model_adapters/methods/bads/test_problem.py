import math

import numpy as np
import pytest
import torch

from model_adapters.methods.bads.batches import generator
from model_adapters.methods.bads.problem import UNKNOWN_TOKEN, Examples, TableProblem


def examples(targets: np.ndarray, width: int = 3, places: int = 0) -> Examples:
    shape = (len(targets), places, width) if places else (len(targets), width)
    return Examples(np.random.default_rng(len(targets)).normal(size=shape).astype(np.float32), targets)


def test_losses_of_classes_are_minus_log_probability() -> None:
    part = examples(np.array([0, 2, 1]))
    problem = TableProblem("classes", part, part, 3)
    theta = {"weight": torch.zeros(3, 3), "bias": torch.tensor([0.0, 0.0, math.log(2.0)])}
    assert problem.losses(theta, None).tolist() == pytest.approx([math.log(4), math.log(2), math.log(4)], abs=1e-6)
    assert problem.losses(theta, torch.tensor([1]), meta=True).tolist() == pytest.approx([math.log(2)], abs=1e-6)


def test_labels_sum_over_what_is_known() -> None:
    targets = np.array([[1.0, np.nan], [0.0, 1.0], [np.nan, np.nan]], np.float32)
    problem = TableProblem("labels", examples(targets), examples(targets), 2)
    theta = {"weight": torch.zeros(2, 3), "bias": torch.tensor([math.log(3.0), 0.0])}
    expected = [math.log(4 / 3), math.log(4.0) + math.log(2.0), 0.0]
    assert problem.losses(theta, None).tolist() == pytest.approx(expected, abs=1e-6)
    assert torch.isfinite(problem.shown(None)).all() and problem.shown(None).shape == (3, problem.shown_width)


def test_tokens_start_as_the_frozen_model_says_and_count_asked_places_alone() -> None:
    targets = np.array([[1, UNKNOWN_TOKEN], [0, 1]])
    logits = np.random.default_rng(0).normal(size=(2, 2, 3)).astype(np.float32)
    part = Examples(examples(targets, 4, 2).inputs, targets, logits)
    for hidden in (0, 5):
        problem = TableProblem("tokens", part, part, 3, hidden)
        theta = problem.start(generator(0, "a", "b"))
        log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        expected = [-log_p[0, 0, 1], -log_p[1, 0, 0] - log_p[1, 1, 1]]
        assert problem.losses(theta, None).tolist() == pytest.approx(expected, rel=1e-5)
        assert problem.losses(theta, torch.tensor([1])).tolist() == pytest.approx(expected[1:], rel=1e-5)
    shown = problem.shown(None)
    assert shown.shape == (2, 7) and shown[:, 4:].tolist() == [[0.0, 1.0, 0.0], [0.5, 0.5, 0.0]]
    assert shown[0, :4].tolist() == pytest.approx(part.inputs[0, 0].tolist())


def test_a_fresh_network_follows_from_its_generator_and_a_hidden_layer_is_used() -> None:
    part = examples(np.array([0, 1]))
    problem = TableProblem("classes", part, part, 2, hidden=5)
    one, other = (problem.start(generator(3, "a", "b")) for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one) and one["0.weight"].shape == (5, 3)
    x = torch.from_numpy(part.inputs)
    hidden = (x @ one["0.weight"].T).relu()
    assert torch.allclose(problem.outputs_of(one, x), hidden @ one["2.weight"].T)
