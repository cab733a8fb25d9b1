from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from signs import axes_pool, random_sample, stage_of

from data_splits.errors import UserError
from leaderboards.statistics.certificates.bounds.exact_occam import exact_occam
from model_adapters.methods.certificates.code_search import SAVE, search_code, search_is_exhaustive, stage_steps
from model_adapters.methods.certificates.codebook import Codebook
from model_adapters.methods.certificates.coefficients import Coefficients

BOOK = Codebook("sparse", 3, (0.5, 1.0), 2)


def losses(tmp_path: Path) -> Callable[[np.ndarray], float]:
    """alpha -> errors of 40."""
    space, sample = Coefficients(axes_pool(tmp_path), "task"), random_sample(40, noise=1.0)
    return lambda alpha: float(sample.errors(space.model(alpha), sample.all()).sum())


def test_all_are_tried_and_the_least_bound_is_taken(tmp_path: Path) -> None:
    sums = losses(tmp_path)
    told: list[int] = []
    found = search_code(BOOK, True, sums, 40, "exact-occam", 0.05, stage_of(tmp_path / "c", told=told))
    bounds = {each: float(exact_occam(sums(BOOK.alpha(each)), 40, BOOK.nats(each), 0.05)) for each in BOOK.everything()}
    assert found.scored == BOOK.count == 19 and found.bound == pytest.approx(min(bounds.values()))
    assert bounds[found.candidate] == found.bound and found.losses == sums(BOOK.alpha(found.candidate))
    assert told == [stage_steps(BOOK, True)] == [1]


def test_greedy_tries_few_and_stays_in_the_code(tmp_path: Path) -> None:
    sums = losses(tmp_path)
    for book, most in ((BOOK, 1 + 6 + 4), (Codebook("dense", 3, (0.0, 0.5, 1.0), 0), 13)):
        found = search_code(book, False, sums, 40, "exact-occam", 0.05, stage_of(tmp_path / book.kind))
        assert found.candidate in set(book.everything()) and found.scored <= most < book.count
        assert found.losses < sums(np.zeros(3))


def test_a_killed_search_asks_only_for_the_rest(tmp_path: Path) -> None:
    book = Codebook("sparse", 3, tuple(np.linspace(0.1, 1, 8)), 2)
    sums = losses(tmp_path)
    whole = search_code(book, True, sums, 40, "exact-occam", 0.05, stage_of(tmp_path / "whole"))
    asked: list[float] = []

    def stop(alpha: np.ndarray) -> float:
        if len(asked) == SAVE + 5:
            raise KeyboardInterrupt
        asked.append(0.0)
        return sums(alpha)

    with pytest.raises(KeyboardInterrupt):
        search_code(book, True, stop, 40, "exact-occam", 0.05, stage_of(tmp_path / "cut"))
    rest: list[float] = []

    def count(alpha: np.ndarray) -> float:
        rest.append(0.0)
        return sums(alpha)

    again = search_code(book, True, count, 40, "exact-occam", 0.05, stage_of(tmp_path / "cut"))
    assert again == whole and len(rest) == book.count - SAVE


def test_too_many_are_searched_greedily_or_refused() -> None:
    assert search_is_exhaustive(BOOK, "auto", 19) and not search_is_exhaustive(BOOK, "auto", 18)
    assert not search_is_exhaustive(BOOK, "greedy", 1000)
    with pytest.raises(UserError, match="more than candidates_at_most"):
        search_is_exhaustive(BOOK, "exhaustive", 18)
    with pytest.raises(UserError, match="exhaustive or greedy"):
        search_is_exhaustive(BOOK, "gradient", 18)
