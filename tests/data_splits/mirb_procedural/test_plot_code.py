"""plot_code: each code is executed against a stand-in for pyplot; one and only one makes the plot that is drawn."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import procedural_items

from data_splits.mirb_procedural.drawing.plots import Series, draw
from data_splits.mirb_procedural.plot_code import WORDS


class Pyplot:
    """Records what a program plots."""

    def __init__(self) -> None:
        self.calls: dict[str, Any] = {}

    def _draw(self, kind: str, x: list[int], y: list[int], color: str, marker: str = "o", linestyle: str = "-") -> None:
        self.calls |= {"kind": kind, "x": tuple(x), "y": tuple(y), "colour": color, "marker": marker}
        self.calls["dashed"] = linestyle == "--"

    def plot(self, *args: Any, **kwargs: Any) -> None:
        self._draw("plot", *args, **kwargs)

    def bar(self, *args: Any, **kwargs: Any) -> None:
        self._draw("bar", *args, **kwargs)

    def scatter(self, *args: Any, **kwargs: Any) -> None:
        self._draw("scatter", *args, **kwargs)

    def grid(self, on: bool) -> None:
        self.calls["grid"] = on

    def show(self) -> None:
        self.calls["shown"] = True


def executed(code: str) -> Series:
    plt = Pyplot()
    exec(code, {"plt": plt})
    assert plt.calls.pop("shown")
    return Series(**plt.calls)


def test_one_code_makes_the_plot() -> None:
    for item in procedural_items.every("plot_code", 16):
        made = [executed(code) for code in item.evidence["programs"]]
        assert [scene.spec.source for scene in item.scenes[1:]] == item.evidence["programs"]
        plots = [draw(series) for series in made]
        shown = procedural_items.pictures("plot_code", item)[0]
        same = [bool(np.array_equal(plot, shown)) for plot in plots]
        assert same.count(True) == 1
        assert WORDS[same.index(True)] == item.answer
        assert item.evidence["match"] == same.index(True) + 1


def test_codes_are_corners_of_a_symmetric_design() -> None:
    """In the harder levels no code agrees with the others more than another does, so none is the likely original."""
    for level in (2, 3):
        for item in procedural_items.items("plot_code", level, 40):
            specs = [scene.spec for scene in item.scenes[1:]]
            for name in item.evidence["differ"]:
                assert sorted(Counter(getattr(spec, name) for spec in specs).values()) == [2, 2]


def test_text_only_form_describes_plot_and_codes() -> None:
    for item in procedural_items.every("plot_code", 8):
        assert item.text_question is not None
        assert all(code in item.text_question for code in item.evidence["programs"])
        points = ", ".join(f"({x}, {y})" for x, y in zip(*item.evidence["plot"].values(), strict=True))
        assert points in item.text_question
