"""One ranking of several metrics."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from compared_runs import run_folder

from leaderboards.comparison.compare import MetricComparison, compare, load
from leaderboards.comparison.overall import overall


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("overall")
    return [
        run_folder(folder / "bad", "bad", 0.8, 0.55, 6),
        run_folder(folder / "good", "good", 0.02, 0.9, 5),
        run_folder(folder / "mixed", "mixed", 0.5, 0.97, 7),
    ]


def test_who_is_worst_everywhere_is_last_and_off_the_front(folders: list[Path]) -> None:
    found = overall(compare(load(folders)))
    assert found is not None
    assert found.names[-1] == "bad" and set(found.metrics) == {"kid", "precision", "fid", "utility_auroc"}
    assert dict(zip(found.names, found.pareto, strict=True)) == {"bad": False, "good": True, "mixed": True}
    assert found.mean_rank[-1] == 3.0 and found.borda[-1] == 0.0
    assert list(found.strength) == sorted(found.strength, reverse=True)
    assert found.stability.probability[-1, -1] > 0.95
    assert set(found.without) == set(found.metrics) and all(order[-1] == "bad" for order in found.without.values())


def test_contenders_without_a_metric_that_all_have_are_ordered_as_far_as_they_share_some(folders: list[Path]) -> None:
    kid, precision, fid, auroc = compare(load(folders))

    def without(each: MetricComparison, name: str) -> MetricComparison:
        return replace(each, results={key: value for key, value in each.results.items() if key != name})

    found = overall([without(kid, "bad"), without(precision, "good"), without(fid, "good"), without(auroc, "mixed")])
    assert found is not None
    assert set(found.names) == {"bad", "mixed"} and found.metrics == (precision.metric, fid.metric)


def test_nothing_is_aggregated_without_a_metric(folders: list[Path]) -> None:
    assert overall([]) is None
