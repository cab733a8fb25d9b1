"""The page and the tables of a comparison say what the comparison found."""

from __future__ import annotations

from pathlib import Path

import pytest
from compared_runs import run_folder

from leaderboards.comparison.compare import compare, load
from leaderboards.comparison.overall import overall
from leaderboards.comparison.report import differences_table, overall_table, values_table, write_comparison


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("report")
    return [run_folder(folder / "a", "good", 0.05, 0.9, 5), run_folder(folder / "b", "<b>bad</b>", 0.7, 0.6, 6)]


def test_tables_hold_every_metric_and_pair(folders: list[Path]) -> None:
    contenders = load(folders)
    found = compare(contenders)
    values = values_table(found, [each.name for each in contenders])
    assert [row[0] for row in values.rows] == [
        f"{each.metric} {'↓' if each.direction == 'lower' else '↑'}" for each in found
    ]
    assert all("a, rank 1" in str(row[1]) and "rank 2" in str(row[2]) for row in values.rows)
    gaps = differences_table(found)
    assert len(gaps.rows) == len(found) and all(row[7] == "yes" for row in gaps.rows)
    whole = overall(found)
    assert whole is not None
    assert overall_table(whole).rows[0][0] == "good"


def test_the_page_is_self_contained_escaped_and_repeatable(folders: list[Path], tmp_path: Path) -> None:
    contenders = load(folders)
    found = compare(contenders)
    axes = [("kid", "utility_auroc"), ("kid", "absent")]
    pages = [
        write_comparison(tmp_path / f"{k}.html", "CheXGenBench", contenders, found, overall(found), axes).read_text()
        for k in range(2)
    ]
    assert pages[0] == pages[1]
    assert "<b>bad" not in pages[0] and "&lt;b&gt;bad" in pages[0]
    assert pages[0].count('id="pareto-') == 1 and "http://" not in pages[0].replace("http://www.w3.org", "")
