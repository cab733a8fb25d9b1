from pathlib import Path

import numpy as np
import pytest
from signs import random_sample, stage_of

from data_splits.errors import UserError
from model_adapters.methods.certificates.sample import Sample
from model_adapters.methods.steel.clusters import cluster
from model_adapters.methods.steel.search import SAVE, Scores, search
from model_adapters.methods.steel.vectors import Layout, Moments, VectorFile

LAYOUT = Layout({"w": (3,)})


def drawn(folder: Path, count: int = 120) -> VectorFile:
    file = VectorFile(folder / "candidates.f32", 3)
    file.write(0, np.random.default_rng(1).standard_normal((count, 3)).astype(np.float32))
    return file


def scores_of(folder: Path, sample: Sample, told: list[int] | None = None, name: str = "s") -> Scores:
    return Scores(drawn(folder), LAYOUT, sample, folder / f"{name}.f32", stage_of(folder / name, told=told))


def test_flat_search_finds_the_fewest_errors_of_any_rows_and_prefix(tmp_path: Path) -> None:
    sample, told = random_sample(30, noise=1.0), []  # type: ignore[var-annotated]
    scores = scores_of(tmp_path, sample, told)
    search(scores, 120, "flat", None, 3, sample.all())
    scores.finish()
    rows = drawn(tmp_path).rows(0, 120)
    wrong = np.stack([sample.errors(LAYOUT.tensors(row), sample.all()) for row in rows])
    first = sample.halves()[0]
    for which, below in ((sample.all(), 120), (first, 120), (sample.all(), 10)):
        sums = wrong[:below, which].sum(axis=1)
        best = scores.best(which, below)
        assert best.errors == sums.min() == sums[best.index]
    assert len(scores) == 120 and told == [1, 2, 3] and SAVE == 50


def test_equal_errors_are_told_apart_by_the_loss(tmp_path: Path) -> None:
    sample = random_sample(10, noise=0.0)
    file = VectorFile(tmp_path / "candidates.f32", 3)
    file.write(0, np.array([[1, 0, 0], [5, 0, 0], [2, 0, 0]], np.float32))
    scores = Scores(file, LAYOUT, sample, tmp_path / "s.f32", stage_of(tmp_path / "s"))
    scores.score(range(3))
    assert scores.best(sample.all(), 3).index == 1


def test_by_clusters_fewer_are_scored_and_the_best_cluster_is_searched_wholly(tmp_path: Path) -> None:
    sample = random_sample(30)
    scores = scores_of(tmp_path, sample)
    groups = cluster(drawn(tmp_path), 120, Moments(np.zeros(3), np.ones(3)), 10, 0)
    search(scores, 120, "hierarchical", groups, 2, sample.all())
    middles = sorted(groups.medoids, key=lambda m: scores.losses[int(m)].mean())[:2]
    members = np.flatnonzero(np.isin(groups.label, groups.label[[int(m) for m in middles]]))
    assert set(scores.errors) == {*map(int, members), *map(int, groups.medoids)} and len(scores) < 80


def test_a_killed_search_scores_only_the_rest(tmp_path: Path) -> None:
    sample = random_sample(30)
    whole = scores_of(tmp_path, sample, name="whole")
    search(whole, 120, "flat", None, 3, sample.all())
    whole.finish()
    cut = scores_of(tmp_path, sample, name="cut")
    cut.score(range(70))  # killed here: 50 are safe
    told: list[int] = []
    again = scores_of(tmp_path, sample, told, "cut")
    assert len(again) == SAVE
    search(again, 120, "flat", None, 3, sample.all())
    again.finish()
    assert told == [2, 3] and again.best(sample.all(), 120) == whole.best(sample.all(), 120)
    assert len(scores_of(tmp_path, sample, name="cut")) == 120
    assert (tmp_path / "cut.f32").read_bytes() == (tmp_path / "whole.f32").read_bytes()


def test_what_cannot_be_is_told(tmp_path: Path) -> None:
    sample = random_sample(5)
    scores = scores_of(tmp_path, sample)
    with pytest.raises(UserError, match="flat or hierarchical"):
        search(scores, 10, "random", None, 3, sample.all())
    with pytest.raises(UserError, match="None of the first 10"):
        scores.best(sample.all(), 10)
