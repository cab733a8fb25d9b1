"""Paired differences of stratified rates: identities with other tests, planted differences, coverage."""

from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.intervals import wilson
from leaderboards.statistics.mcnemar import exact_p
from leaderboards.statistics.paired_mean import paired_mean
from leaderboards.statistics.paired_rate import paired_rate


def arrays(first: list[float], second: list[float], **changes: object) -> dict[str, np.ndarray]:
    n = len(first)
    plain: dict[str, object] = {
        "first": np.array(first, float),
        "second": np.array(second, float),
        "stratum": np.zeros(n, np.int64),
        "cluster": np.arange(n),
        "weights": np.ones(1),
    }
    return plain | changes  # type: ignore[return-value]


def test_one_task_of_lone_questions_is_the_exact_mcnemar_test() -> None:
    first, second = [1] * 9 + [0] * 2 + [1] * 20, [0] * 9 + [1] * 2 + [1] * 20
    found = paired_rate(arrays(first, second))
    assert found.value == pytest.approx(7 / 31) and found.extra["p"] == exact_p(9, 2)
    assert (found.extra["only_first"], found.extra["only_second"]) == (9, 2)
    assert found.extra["first"] == pytest.approx(29 / 31) and "McNemar" in found.method
    mirrored = paired_rate(arrays(second, first))
    assert mirrored.value == -found.value and mirrored.extra["p"] == found.extra["p"]  # type: ignore[operator]


def test_sign_flips_agree_with_mcnemar_where_both_apply() -> None:
    first, second = [1] * 9 + [0] * 2, [0] * 9 + [1] * 2
    halves = arrays(first, second, stratum=np.arange(11) % 2, weights=np.array([6 / 11, 5 / 11]))
    assert paired_rate(halves).extra["p"] == pytest.approx(exact_p(9, 2), abs=1e-12)


def test_one_stratum_agrees_with_the_mean_of_differences() -> None:
    rng = np.random.default_rng(3)
    a, b = (rng.random(200) < 0.6).astype(float), (rng.random(200) < 0.45).astype(float)
    cluster = np.arange(200) // 2
    mine = paired_rate(arrays(list(a), list(b), cluster=cluster))
    other = paired_mean(a, b, cluster, seed=0)
    assert mine.value == pytest.approx(other.value)
    assert mine.low == pytest.approx(other.low, abs=0.01) and mine.high == pytest.approx(other.high, abs=0.01)
    assert mine.se == pytest.approx(other.se, rel=0.05)


def test_standard_error_of_strata_is_the_textbook_one() -> None:
    rng = np.random.default_rng(5)
    stratum = np.repeat([0, 1, 2], (12, 40, 150))
    a, b = (rng.random(202) < 0.7).astype(float), (rng.random(202) < 0.5).astype(float)
    weights = np.array([0.5, 0.3, 0.2])
    found = paired_rate(arrays(list(a), list(b), stratum=stratum, weights=weights), replicates=20000)
    gaps = [(a - b)[stratum == s] for s in range(3)]
    exact = sum(w**2 * gap.var(ddof=1) / len(gap) for w, gap in zip(weights, gaps, strict=True)) ** 0.5
    assert found.se == pytest.approx(exact, rel=0.02), "tasks of 12 keep their full variance"
    assert found.value == pytest.approx(sum(w * gap.mean() for w, gap in zip(weights, gaps, strict=True)))


def test_copies_of_a_question_in_one_cluster_add_no_evidence() -> None:
    rng = np.random.default_rng(7)
    a, b = (rng.random(60) < 0.7).astype(float), (rng.random(60) < 0.5).astype(float)
    once = paired_rate(arrays(list(a), list(b), cluster=np.arange(60)))
    thrice = paired_rate(arrays(list(np.repeat(a, 3)), list(np.repeat(b, 3)), cluster=np.repeat(np.arange(60), 3)))
    assert thrice.se == pytest.approx(once.se, rel=1e-9) and thrice.extra["alone"] == 0.0
    assert thrice.extra["p"] == pytest.approx(once.extra["p"], abs=0.02), "McNemar would have multiplied the evidence"
    assert "McNemar" not in thrice.method


@pytest.mark.parametrize(("first", "second"), [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_differences_that_are_all_alike_are_not_certain(first: float, second: float) -> None:
    """The margin of 20 of 20 is Wilson's."""
    margin = 1 - wilson(20, 20)[0]
    found = paired_rate(arrays([first] * 20, [second] * 20))
    assert found.value == first - second and found.low is not None and found.high is not None
    assert found.low == pytest.approx(found.value - (0 if found.value == -1 else margin))
    assert found.high == pytest.approx(found.value + (0 if found.value == 1 else margin))
    assert (found.extra["p"] == 1.0) == (first == second)


def test_tasks_of_equal_differences_add_by_squares() -> None:
    stratum = np.repeat([0, 1], (20, 40))
    found = paired_rate(arrays([1] * 60, [0] * 60, stratum=stratum, weights=np.array([0.5, 0.5])))
    margins = [1 - wilson(n, n)[0] for n in (20, 40)]
    assert found.low == pytest.approx(1 - (0.25 * margins[0] ** 2 + 0.25 * margins[1] ** 2) ** 0.5)
    assert found.high == 1.0


def test_undefined_intervals_say_why() -> None:
    few = paired_rate(arrays([1, 1, 0], [0, 1, 0]))
    assert few.low is None and "needs 5" in str(few.interval_reason)
    single = {"stratum": np.array([0] * 6 + [1]), "weights": np.array([0.5, 0.5])}
    lonely = paired_rate(arrays([1, 0, 1, 1, 0, 1, 1], [0] * 7, **single))
    assert lonely.low is None and "alone in its task" in str(lonely.interval_reason)


@pytest.mark.parametrize(
    "changes",
    [{"weights": np.ones(2)}, {"cluster": np.arange(3)}, {"first": np.array([2.0, 0.0])}, {"weights": -np.ones(1)}],
)
def test_arrays_that_do_not_fit_are_refused(changes: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError):
        paired_rate({**arrays([1, 0], [0, 0]), **changes})


@pytest.mark.slow
def test_intervals_cover_and_the_test_keeps_its_level() -> None:
    """Four tasks of 20 to 60 questions, two to an image set in one of them; models that agree on what is hard."""
    stratum = np.repeat([0, 1, 2, 3], (20, 30, 40, 60))
    cluster = np.concatenate([np.arange(90), 90 + np.arange(60) // 2])
    weights, rates = np.full(4, 0.25), np.array([0.9, 0.6, 0.4, 0.2])
    truth = 0.25 * 0.1 * 4

    def once(seed: int, gap: float) -> Estimate:
        rng = np.random.default_rng(seed)
        hard, noise = rng.random(150)[cluster], rng.random((2, 150))
        draw = np.where(rng.random((2, 150)) < 0.5, hard, noise)
        a = (draw[0] < rates[stratum]).astype(float)
        b = (draw[1] < rates[stratum] - gap).astype(float)
        return paired_rate(
            arrays(list(a), list(b), stratum=stratum, cluster=cluster, weights=weights), seed=seed, replicates=1000
        )

    found = [once(seed, 0.1) for seed in range(600)]
    covered = np.mean([each.low <= truth <= each.high for each in found])  # type: ignore[operator]
    assert 0.92 <= covered <= 0.98, covered
    level = np.mean([once(10_000 + seed, 0.0).extra["p"] <= 0.05 for seed in range(400)])
    assert level <= 0.08, level


@pytest.mark.slow
def test_control_questions_of_one_image_set_are_no_independent_questions() -> None:
    """Thirty image sets of eight questions that fall to one model together."""
    cluster, held = np.repeat(np.arange(30), 8), []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        easy = rng.random((2, 30))[:, cluster] < np.array([[0.6], [0.5]])
        a, b = (np.where(rng.random(240) < 0.8, each, rng.random(240) < 0.5).astype(float) for each in easy)
        row = []
        for of in (cluster, np.arange(240)):
            found = paired_rate(arrays(list(a), list(b), cluster=of), seed=seed, replicates=1000)
            row.append(found.low <= 0.08 <= found.high)  # type: ignore[operator]
        held.append(row)
    known, ignored = np.mean(held, axis=0)
    assert 0.91 <= known <= 0.98 and ignored < 0.8, (known, ignored)
