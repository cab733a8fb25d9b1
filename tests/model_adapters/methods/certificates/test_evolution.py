from pathlib import Path

import numpy as np
import pytest
from signs import stage_of

from data_splits.errors import UserError
from model_adapters.methods.certificates.evolution import Search, minimise

TARGET = np.array([0.7, -0.4])


def distance(point: np.ndarray) -> float:
    return float(((point - TARGET) ** 2).sum())


def test_it_finds_the_minimum_of_a_bowl(tmp_path: Path) -> None:
    best, found = minimise(distance, np.zeros(2), Search(100, 0.5, np.inf, 0), stage_of(tmp_path))
    assert found == distance(best) < 1e-3 < distance(np.zeros(2))


def test_no_coordinate_leaves_the_bound(tmp_path: Path) -> None:
    best, _ = minimise(lambda p: -float(p.sum()), np.zeros(2), Search(40, 0.5, 1.5, 0), stage_of(tmp_path))
    assert best.tolist() == [1.5, 1.5]


def test_what_was_asked_before_a_kill_is_not_asked_again(tmp_path: Path) -> None:
    whole = minimise(distance, np.zeros(2), Search(30, 0.5, np.inf, 1), stage_of(tmp_path / "whole"))
    asked = []

    def stop(point: np.ndarray) -> float:
        asked.append(point)
        if len(asked) == 12:
            raise KeyboardInterrupt
        return distance(point)

    with pytest.raises(KeyboardInterrupt):
        minimise(stop, np.zeros(2), Search(30, 0.5, np.inf, 1), stage_of(tmp_path / "cut"))
    asked = [np.zeros(2)] * 100
    told: list[int] = []
    again = minimise(distance, np.zeros(2), Search(30, 0.5, np.inf, 1), stage_of(tmp_path / "cut", told=told))
    assert again[0].tolist() == whole[0].tolist() and told == list(range(12, 31))


def test_nothing_finite_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="The objective is inf"):
        minimise(lambda p: float("nan"), np.zeros(2), Search(3, 0.5, np.inf, 0), stage_of(tmp_path))
