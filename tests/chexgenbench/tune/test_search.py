"""The search loses nothing to a kill, proposes the same whether it was killed or not, and its front is the front."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chexgenbench.tune.search import Answer, Done, Point, Search, Space, front_of
from data_splits.errors import UserError

pytest.importorskip("optuna", reason="the extra `tune` is not installed")

SPACE = Space(("down", "mid", "up"), 1e-5, 1e-3, 1e-4)


def worth(point: Point) -> tuple[float, float]:
    """Two objectives that pull apart: bits memorise, and without them nothing is drawn well."""
    ones = point.mask.count("1")
    return ones * point.learning_rate, 1.0 / (1 + ones) + (point.learning_rate - 3e-4) ** 2


def answer(number: int, point: Point) -> Answer:
    return Answer(worth(point), {"trainable": point.mask.count("1")})


def search(folder: Path, **changes: object) -> Search:
    settings = {"space": SPACE, "objectives": 2, "seed": 3, "key": {"family": "svdiff"}, **changes}
    return Search(folder, **settings)  # type: ignore[arg-type]


def told(trials: list[Done]) -> list[tuple[int, str, float]]:
    return [(each.number, each.point.mask, each.point.learning_rate) for each in trials]


def test_the_first_trial_is_the_family_as_it_is_and_others_lie_in_the_space(tmp_path: Path) -> None:
    found = search(tmp_path).run(8, answer)
    assert [each.number for each in found] == list(range(8))
    assert found[0].point == Point("111", 1e-4)
    assert len({each.point for each in found}) > 4
    assert all(set(each.point.mask) <= {"0", "1"} and 1e-5 <= each.point.learning_rate <= 1e-3 for each in found)
    assert all(each.values == worth(each.point) for each in found if "same_as" not in each.facts)


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_search_in_pieces_is_the_search_in_one(sampler: str, tmp_path: Path) -> None:
    whole = told(search(tmp_path / "whole", sampler=sampler).run(14, answer))
    for trials in (2, 3, 9, 14):
        pieces = told(search(tmp_path / "pieces", sampler=sampler).run(trials, answer))
    assert pieces == whole
    assert told(search(tmp_path / "other", sampler=sampler, seed=4).run(3, answer))[1:] != whole[1:3]


def test_the_trial_that_was_interrupted_is_the_next_one(tmp_path: Path) -> None:
    asked: list[tuple[int, Point]] = []

    def stops(number: int, point: Point) -> Answer:
        asked.append((number, point))
        if len(asked) == 3:
            raise KeyboardInterrupt
        return answer(number, point)

    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "one").run(6, stops)
    again = search(tmp_path / "one").run(6, stops)
    assert asked[3] == asked[2], "the same trial, with the same parameters"
    assert told(again) == told(search(tmp_path / "two").run(6, answer))


def test_a_killed_process_loses_no_trial(tmp_path: Path) -> None:
    """kill -9 in the middle of the third trial, from inside; the journal's lock may lie there."""
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from chexgenbench.tune.search import Answer, Search, Space\n"
        "def score(number, point):\n"
        "    if number == 2:\n"
        "        (Path(sys.argv[1]) / 'begun').write_text(point.mask + str(point.learning_rate))\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    ones = point.mask.count('1')\n"
        "    return Answer((ones * point.learning_rate, 1.0 / (1 + ones)))\n"
        f"space = Space({SPACE.blocks!r}, 1e-5, 1e-3, 1e-4)\n"
        "Search(Path(sys.argv[1]) / 'search', space, 2, 3, {'family': 'svdiff'}).run(5, score)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=os.environ, capture_output=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]
    (tmp_path / "search/journal.log.lock").touch()
    begun: list[tuple[int, Point]] = []

    def score(number: int, point: Point) -> Answer:
        begun.append((number, point))
        return answer(number, point)

    found = search(tmp_path / "search").run(3, score)
    assert [number for number, _ in begun] == [2] and len(found) == 3
    assert (tmp_path / "begun").read_text() == begun[0][1].mask + str(begun[0][1].learning_rate)


def test_without_a_bit_nothing_is_trained_twice(tmp_path: Path) -> None:
    space = Space(("only",), 1e-5, 1e-3, 1e-4)
    asked: list[Point] = []

    def score(number: int, point: Point) -> Answer:
        asked.append(point)
        return answer(number, point)

    found = search(tmp_path, space=space).run(12, score)
    empty = [each for each in found if each.point.mask == "0"]
    assert len(empty) > 1 and sum(point.mask == "0" for point in asked) == 1
    assert all(each.facts["same_as"] == empty[0].number for each in empty[1:])
    assert len({each.values for each in empty}) == 1


def test_a_failure_is_kept_and_one_in_the_first_trial_ends_the_search(tmp_path: Path) -> None:
    def diverges(number: int, point: Point) -> Answer:
        if number % 2:
            raise UserError("The loss of step 7 is nan. Choose a smaller learning_rate.\nsecond line")
        return answer(number, point)

    found = search(tmp_path / "later").run(5, diverges)
    assert [each.values is None for each in found] == [False, True, False, True, False]
    assert found[1].facts["failed"] == "The loss of step 7 is nan. Choose a smaller learning_rate."
    assert {each.number for each in front_of(found)} <= {0, 2, 4}
    with pytest.raises(UserError, match="loss of step 7"):
        search(tmp_path / "first").run(2, lambda number, point: diverges(1, point))
    assert len(search(tmp_path / "first", seed=8).run(1, answer)) == 1, "mended, it begins in the same folder"


def test_the_front_is_optunas(tmp_path: Path) -> None:
    import optuna

    made = search(tmp_path)
    front = front_of(made.run(15, answer))
    with made._opened() as study:
        best = {trial.number for trial in study.best_trials}
        assert all(trial.state == optuna.trial.TrialState.COMPLETE for trial in study.trials)
    assert {each.number for each in front} == best and 1 < len(front) < 15
    assert front_of([]) == []


def test_a_folder_of_another_search_is_refused(tmp_path: Path) -> None:
    search(tmp_path).run(1, answer)
    for change in ({"key": {"family": "lora"}}, {"seed": 9}, {"space": Space(SPACE.blocks, 1e-6, 1e-3, 1e-4)}):
        with pytest.raises(UserError):
            search(tmp_path, **change).run(1, answer)


def test_without_optuna_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"chexgenbench-suite\[tune\]"):
        search(tmp_path)
