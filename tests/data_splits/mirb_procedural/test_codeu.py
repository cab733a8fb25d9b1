"""codeu: gold by a real interpreter; options unique; every needed file matters."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import procedural_items

from data_splits.mirb_procedural.codeu import render
from data_splits.mirb_procedural.programs import run


def test_gold_is_what_python_prints(tmp_path: Path) -> None:
    script = []
    found = procedural_items.every("codeu", 8)
    for number, item in enumerate(found):
        folder = tmp_path / str(number)
        folder.mkdir()
        for scene in item.scenes:
            (folder / scene.name).write_text(scene.source)
        script.append(
            f"sys.path.insert(0, {str(folder)!r}); runpy.run_path({str(folder / 'main.py')!r})\n"
            f"sys.path.pop(0); [sys.modules.pop(name, None) for name in {[s.name[:-3] for s in item.scenes]!r}]\n"
        )
    program = "import runpy, sys\nsys.dont_write_bytecode = True\n" + "".join(script)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [item.evidence["output"] for item in found]


def test_one_option_is_the_output() -> None:
    for item in procedural_items.every("codeu", 40):
        printed = run(item.evidence["program"])
        assert len(set(item.choices)) == 4
        assert [choice == printed for choice in item.choices].count(True) == 1
        assert item.choices["ABCD".index(item.answer)] == printed


def test_gold_is_every_rank_among_the_options_equally_often() -> None:
    for level in (1, 2, 3):
        ranks = Counter(
            sorted(map(int, item.choices)).index(int(item.evidence["output"]))
            for item in procedural_items.items("codeu", level, 40)
        )
        assert set(ranks.values()) == {10} and len(ranks) == 4


def test_options_alone_do_not_tell_the_answer() -> None:
    """Guesses from the four numbers (nearest to a neighbour, most apart, nearest to the mean) are right by chance."""
    import numpy as np

    right = np.zeros(3)
    found = [item for level in (1, 2) for item in procedural_items.items("codeu", level, 120)]
    for item in found:
        values = np.array([float(choice) for choice in item.choices])
        apart = (np.abs(values[:, None] - values) + np.eye(4) * 1e9).min(axis=1)
        gold = "ABCD".index(item.answer)
        for number, score in enumerate((apart, -apart, np.abs(values - values.mean()))):
            best = np.flatnonzero(score == score.min())
            right[number] += (gold in best) / len(best)
    assert (np.abs(right / len(found) - 0.25) < 3 * (0.25 * 0.75 / len(found)) ** 0.5).all()


def test_every_needed_file_matters_and_spare_ones_do_not() -> None:
    for item in procedural_items.every("codeu", 24):
        names = [scene.name for scene in item.scenes]
        program = item.evidence["program"]
        for place, name in enumerate(names):
            rest = {other: text for other, text in program.items() if other != name}
            if place in item.evidence["needed"]:
                try:
                    run(rest)
                except (ImportError, KeyError):
                    continue
                raise AssertionError(f"{name} is not needed")
            assert run(rest) == item.evidence["output"]
        assert len(item.evidence["needed"]) == {2: 2, 3: 3, 5: 4}[len(names)]


def test_text_only_form_holds_every_file() -> None:
    for item in procedural_items.every("codeu", 12):
        assert item.text_question is not None
        assert all(f"{scene.name}:\n{scene.source}" in item.text_question for scene in item.scenes)
        assert item.text_question.endswith(item.question)


def test_screenshots_are_moderate() -> None:
    for item in procedural_items.every("codeu", 24):
        for scene in item.scenes:
            height, width = render(scene).shape[:2]
            assert width <= 540 and height <= 400
