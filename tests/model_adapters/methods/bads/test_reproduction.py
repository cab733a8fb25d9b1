"""The direction of the pilot figures (references/training_methods.md 3.5) on scikit-learn's digits, seeds 0 to 2."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from model_adapters.methods.bads.chain import Selection
from model_adapters.methods.bads.fit import one_thread
from model_adapters.methods.bads.problem import Examples, Problem, TableProblem
from model_adapters.methods.bads.rules import new_chain
from model_adapters.methods.bads.settings import Settings

pytestmark = pytest.mark.slow
SEEDS = (0, 1, 2)


def digits(fault: str, seed: int) -> tuple[Problem, np.ndarray, Examples]:
    """Problem, which training examples are wrong (or of a rare class), and the test set. Meta: 5 a class."""
    held = load_digits()
    order = np.random.default_rng(seed).permutation(len(held.target))
    x, y = (held.data[order] / 16).astype(np.float32), held.target[order].astype(np.int64)
    meta = np.concatenate([np.flatnonzero(y[:600] == digit)[:5] for digit in range(10)])
    train = np.setdiff1d(np.arange(1250), meta)[:1200]
    if fault == "rare":
        most = [4 if digit < 5 else 100 for digit in range(10)]
        train = np.concatenate([train[y[train] == digit][: most[digit]] for digit in range(10)])
        given, flag = y[train], y[train] < 5
    else:
        rng = np.random.default_rng([seed, 1])
        drawn = np.where(rng.random(len(train)) < 0.5, rng.integers(0, 10, len(train)), y[train])
        given, flag = drawn, drawn != y[train]
    problem = TableProblem("classes", Examples(x[train], given), Examples(x[meta], y[meta]), 10, hidden=128)
    return problem, flag, Examples(x[1250:], y[1250:])


def fitted(problem: Problem, rule: str, seed: int, normaliser: float = 0.3) -> Selection:
    settings = Settings(steps=3000, hidden=128, decay=0.0, normaliser=normaliser)
    chain = new_chain(rule, problem, settings, seed)
    with one_thread():
        for step in range(chain.steps):
            chain.step(step)
    return chain.selection()


def auroc(score: np.ndarray, truth: np.ndarray) -> float:
    above = score[truth][:, None] - score[~truth][None]
    return float(((above > 0) + 0.5 * (above == 0)).mean())


def accuracy(problem: Problem, found: Selection, test: Examples) -> float:
    logits = problem.outputs_of(found.theta, torch.from_numpy(test.inputs))
    return float((logits.argmax(1).numpy() == test.targets).mean())


def test_wrong_labels_are_found_and_the_network_is_worth_more_than_by_any_cheap_control() -> None:
    areas, right = [], {rule: [] for rule in ("bads", "mixing", "duplicated-meta", "meta-only")}
    for seed in SEEDS:
        problem, flag, test = digits("noise", seed)
        for rule, held in right.items():
            found = fitted(problem, rule, seed)
            held.append(accuracy(problem, found, test))
            if rule == "bads":
                areas.append(auroc(-found.weights.numpy(), flag))
    assert min(areas) > 0.95
    mean = {rule: np.mean(held) for rule, held in right.items()}
    assert mean["bads"] > mean["meta-only"] + 0.03 > mean["mixing"] + 0.03 and mean["bads"] > 0.9
    assert mean["meta-only"] > mean["duplicated-meta"]


def test_rare_classes_get_their_weight_back_with_part_of_the_normaliser_and_lose_it_without() -> None:
    areas = {kappa: [] for kappa in (0.0, 0.3)}
    for seed in SEEDS:
        problem, flag, _ = digits("rare", seed)
        for kappa, held in areas.items():
            held.append(auroc(fitted(problem, "bads", seed, kappa).weights.numpy(), flag))
    assert np.mean(areas[0.3]) > 0.7 and np.mean(areas[0.0]) < 0.5
