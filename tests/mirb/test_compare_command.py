"""`mirb compare` from the outside, on runs of models without weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mirb_runs import SMALL, run

from leaderboards.statistics.mcnemar import exact_p


@pytest.fixture(scope="module")
def runs(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("compare")
    for name in ("text-only", "constant"):
        run("eval", "--vlm", name, *SMALL, "--output", folder / name)
    return [small_run, folder / "text-only", folder / "constant"]


def right(folder: Path) -> dict[str, tuple[str, bool]]:
    rows = [json.loads(line) for line in (folder / "outcomes.jsonl").read_text().splitlines()]
    return {row["id"]: (row["task"], row["scorers"]["v2"]["outcome"] == "correct") for row in rows}


def test_the_numbers_follow_from_the_stored_outcomes(runs: list[Path]) -> None:
    answer = json.loads(run("compare", *runs, "--json").stdout)
    names = {name: right(Path(folder)) for name, folder in answer["runs"].items()}
    tasks = [each for each in answer["pairs"] if each["group"].startswith("task=")]
    assert len(tasks) == 4 * 3 and {each["group"] for each in answer["pairs"]} >= {"overall", "category=knowledge"}
    for each in tasks:
        task = each["group"].partition("=")[2]
        a, b = ([ok for name, (of, ok) in sorted(names[each[side]].items()) if of == task] for side in ("a", "b"))
        only_a, only_b = (sum(x and not y for x, y in zip(*pair, strict=True)) for pair in ((a, b), (b, a)))
        assert (each["only_a"], each["only_b"], each["paired"]) == (only_a, only_b, True)
        assert each["difference"] == pytest.approx((only_a - only_b) / len(a))
        assert each["p"] == pytest.approx(exact_p(only_a, only_b))
    for group in {each["group"] for each in answer["pairs"]}:
        members = sorted((each for each in answer["pairs"] if each["group"] == group), key=lambda each: each["p"])
        assert members[0]["adjusted"] == pytest.approx(min(1.0, 3 * members[0]["p"]))
    smallest = min(tasks, key=lambda each: each["p"])
    assert smallest["family"] == pytest.approx(min(1.0, 12 * smallest["p"]))


def test_unparsed_answers_bound_the_difference(runs: list[Path]) -> None:
    answer = json.loads(run("compare", runs[0], runs[1], "--json").stdout)
    overall = next(each for each in answer["pairs"] if each["group"] == "overall")
    assert overall["worst"] < overall["difference"] or overall["difference"] < overall["best"]
    assert overall["worst"] <= overall["difference"] <= overall["best"]


def test_every_format_and_the_page(runs: list[Path], tmp_path: Path) -> None:
    text = run("compare", *runs, "--output", tmp_path).stdout
    assert "Overall (macro)" in text and "p (Holm)" in text and "questions needed" in text and "Unparsed" in text
    page = (tmp_path / "comparison.html").read_text()
    assert page.startswith("<!doctype html>") and "exact McNemar" in page
    assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page
    run("compare", *runs, "--output", tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text() == page
    assert run("compare", *runs, "--format", "latex").stdout.count(r"\toprule") == 5
    assert "| ---: |" in run("compare", *runs, "--format", "markdown").stdout
    assert "group,pair" in run("compare", *runs, "--format", "csv").stdout


def test_other_questions_and_protocols_never_share_a_table(runs: list[Path], tmp_path: Path) -> None:
    run("eval", "--vlm", "guesser", *SMALL, "--limit", "2", "--output", tmp_path / "few")
    assert "different split" in run("compare", runs[0], tmp_path / "few", expect=2).stderr
    run("eval", "--vlm", "guesser", *SMALL, "--protocol", "lmms-eval", "--output", tmp_path / "other")
    assert "different protocol" in run("compare", runs[0], tmp_path / "other", expect=2).stderr
    assert "two run folders" in run("compare", runs[0], expect=2).stderr
    assert "--format is one of" in run("compare", *runs, "--format", "pdf", expect=2).stderr
