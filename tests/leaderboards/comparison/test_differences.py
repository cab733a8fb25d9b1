"""Differences of two results: sign, pairing, agreement with closed forms, and what cannot be compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from compared_runs import arrays_of, run_folder

from leaderboards.comparison.compare import Contender, load
from leaderboards.comparison.differences import Scored, difference
from leaderboards.statistics.registry import estimate

METRICS = ("kid", "precision", "fid", "utility_auroc")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Contender, Contender]:
    folder = tmp_path_factory.mktemp("pair")
    good, bad = run_folder(folder / "good", "good", 0.1, 0.8), run_folder(folder / "bad", "bad", 0.6, 0.6, seed=6)
    one, other = load([good, bad])
    return one, other


def scored(contender: Contender, metric: str) -> Scored:
    return contender.scored(metric, "overall")


@pytest.mark.parametrize("metric", METRICS)
def test_paired_by_case_and_the_better_model_is_found(pair: tuple[Contender, Contender], metric: str) -> None:
    a, b = (scored(each, metric) for each in pair)
    found = difference(a, b)
    assert found.paired and found.p is not None and found.p < 0.05
    assert found.estimate.value == pytest.approx(a.result.value - b.result.value, abs=1e-9)  # type: ignore[operator]
    lower_is_better = a.result.direction == "lower"
    assert (found.estimate.value < 0) == lower_is_better  # type: ignore[operator]
    assert found.estimate.low is not None and found.estimate.low * found.estimate.high > 0  # type: ignore[operator]
    back = difference(b, a)
    assert back.estimate.value == pytest.approx(-found.estimate.value, abs=1e-9)  # type: ignore[operator]
    assert back.p == pytest.approx(found.p, abs=0.02)


@pytest.mark.parametrize("metric", ["kid", "precision", "utility_auroc"])
def test_pairing_makes_intervals_of_like_models_narrower(metric: str, tmp_path: Path) -> None:
    a, b = load([run_folder(tmp_path / "a", "a", 0.3, 0.70, 5), run_folder(tmp_path / "b", "b", 0.3, 0.75, 5)])
    paired = difference(scored(a, metric), scored(b, metric))
    apart = difference(scored(a, metric)._replace(arrays=None), scored(b, metric))
    assert paired.paired and not apart.paired
    if metric == "kid":  # the same images: the models do not differ at all
        assert paired.estimate.value == 0 and apart.estimate.se is not None and apart.estimate.se > 0
    else:
        assert paired.estimate.se < 0.75 * apart.estimate.se  # type: ignore[operator]


def test_kernel_jackknife_equals_deleting_each_patient(pair: tuple[Contender, Contender]) -> None:
    from made_features import side

    from chexgenbench.kernels import pair_sums
    from leaderboards.statistics.kernel_tiles import Polynomial

    found = difference(scored(pair[0], "kid"), scored(pair[1], "kid")).estimate
    patients = np.arange(120) // 2
    real = np.asarray(arrays_of(0.1, 0.8, 5)["fid"][1]["reference"])
    drawn = [np.asarray(arrays_of(*model)["fid"][1]["generated"]) for model in ((0.1, 0.8, 5), (0.6, 0.6, 6))]

    def gap(keep: np.ndarray) -> float:
        sides = [
            pair_sums(side(x[keep], patients[keep]), side(real[keep], patients[keep]), Polynomial.of_kid(6))
            for x in drawn
        ]
        values = [estimate("mmd", sums).value for sums in sides]
        return float(values[0]) - float(values[1])  # type: ignore[arg-type]

    whole = gap(np.ones(120, bool))
    deleted = np.array([gap(patients != unit) for unit in range(60)])
    se = np.sqrt(59 / 60 * ((deleted - whole) ** 2).sum())
    assert found.value == pytest.approx(whole) and found.se == pytest.approx(se, rel=1e-6)


def test_results_of_other_cases_are_compared_by_their_errors(pair: tuple[Contender, Contender]) -> None:
    a, b = (scored(each, "precision") for each in pair)
    assert b.arrays is not None
    other = Scored(b.result, {**b.arrays, "cluster": b.arrays["cluster"] + 1})
    found = difference(a, other)
    assert not found.paired
    assert found.estimate.se == pytest.approx(np.hypot(a.result.se, b.result.se))  # type: ignore[arg-type]


def test_other_metrics_are_refused_and_undefined_ones_have_no_difference(pair: tuple[Contender, Contender]) -> None:
    a, b = pair
    with pytest.raises(ValueError, match="metric"):
        difference(scored(a, "kid"), scored(b, "precision"))
    gone = scored(a, "kid").result.model_copy(update={"value": None, "reason": "too few"})
    found = difference(Scored(gone, None), scored(b, "kid"))
    assert found.estimate.value is None and found.p is None


def test_p_values_of_two_models_are_not_tested_against_each_other(pair: tuple[Contender, Contender]) -> None:
    """Remembered: their standard error is that of the random permutations, so any two models once "differed"."""
    small, large = (
        scored(pair[0], "kid").result.model_copy(
            update={"estimator": "permutation", "value": value, "se": 0.001, "low": None, "high": None}
        )
        for value in (0.2, 0.9)
    )
    found = difference(Scored(small, None), Scored(large, None))
    assert found.estimate.value == pytest.approx(-0.7) and found.p is None
    assert found.estimate.interval_reason is not None and "not tested" in found.estimate.interval_reason
