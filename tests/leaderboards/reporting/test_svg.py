from __future__ import annotations

import base64
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from leaderboards.reporting import page, svg
from leaderboards.reporting.forest import Estimated, ForestCell, ForestPanel, ForestRow, forest
from leaderboards.reporting.heatmap import HeatCell, HeatRow, Legend, heatmap, step, wrapped
from leaderboards.reporting.scales import Scale, round_step, scale_for
from leaderboards.reporting.strip import strip

EVIL = "<script>alert('x')</script>\"&"
SVG = "{http://www.w3.org/2000/svg}"


def figures() -> list[svg.Figure]:
    main = Estimated(0.5, 0.4, 0.6)
    cells = (ForestCell(main, Estimated(0.55), Estimated(0.1), EVIL), ForestCell(reason=EVIL))
    rows = [ForestRow(EVIL, "12", strong=True), ForestRow("b", ruled=True)]
    heat = [HeatRow(EVIL, "3", (HeatCell(".5", 0.9, EVIL), HeatCell(tip=EVIL, undefined=True), HeatCell(".1")))]
    return [
        forest(
            "forest", EVIL, rows, [ForestPanel(EVIL, "lower", cells), ForestPanel("empty", "zero", (ForestCell(),) * 2)]
        ),
        heatmap("heat", EVIL, [EVIL, "b", "c"], heat, Legend("a", "b", EVIL)),
        strip("strip", EVIL, main, Estimated(0.9), "higher"),
    ]


@pytest.mark.parametrize("index", range(3))
def test_figures_are_well_formed_escaped_and_deterministic(index: int) -> None:
    figure, again = figures()[index], figures()[index]
    assert figure.inline == again.inline and figure.standalone == again.standalone
    for text in (figure.inline, figure.standalone):
        root = ElementTree.fromstring(text)
        assert not [element for element in root.iter() if element.tag.lower().endswith("script")]
        assert "nan" not in text and "inf" not in text.replace("information", "")
    assert base64.b64decode(figure.data_uri.partition(",")[2]).decode() == figure.standalone


def test_texts_stay_inside_the_drawing() -> None:
    for figure in figures():
        for element in ElementTree.fromstring(figure.inline).iter(f"{SVG}text"):
            assert 0 <= float(element.attrib["x"]) <= figure.width
            assert 0 <= float(element.attrib["y"]) <= figure.height


def test_every_class_of_a_figure_has_a_colour_in_both_styles() -> None:
    style = Path(page.__file__).parent.joinpath("templates/style.css.j2").read_text()
    page_style = page._environment("leaderboards.reporting").get_template("style.css.j2").render()
    assert "prefers-color-scheme:dark" in style
    used = {
        name for figure in figures() for names in re.findall(r'class="([^"]*)"', figure.body) for name in names.split()
    }
    used -= {"f-cell", "t0", "t1", "t2", "t3", "t-1", "t-2", "t-3"}
    for name in used:
        assert f".{name}{{" in page_style, name
        assert re.search(rf"\.{name}[,{{]", svg.STANDALONE_STYLE), name


def test_a_figure_name_cannot_carry_markup() -> None:
    with pytest.raises(ValueError, match="cannot name"):
        svg.Drawing(1, 1, "t").figure('x" onload="y')


def test_coordinates_have_one_spelling() -> None:
    assert [svg.n(value) for value in (-0.0001, 1.0, 1.239, 1 / 3)] == ["0", "1", "1.24", "0.33"]


def test_shades_and_wrapping() -> None:
    assert [step(value) for value in (-1, -0.5, -0.1, 0, 0.125, 1, 9)] == [-4, -2, 0, 0, 1, 4, 4]
    assert wrapped("MS-SSIM within prompt", 9) == ["MS-SSIM", "within", "prompt"]
    assert all(len(line) <= 8 for line in wrapped("a b c d e incomprehensibilities", 6))


def test_an_axis_shows_every_point_but_is_not_flattened_by_one_interval() -> None:
    scale = scale_for([1.0, 2.0], [0.9, 500.0], 0, 100)
    assert scale.low < 0.9 and 3.0 <= scale.high < 4
    assert scale.holds(2.0) and not scale.holds(500.0) and scale(500.0) == 100
    for points in ([], [0.0], [3.0], [-2.0, 7.0]):
        scale = scale_for(points, points, 0, 100)
        assert scale.low < scale.high and all(scale.holds(point) for point in points)


@pytest.mark.parametrize("low,high", [(0, 1), (-3.1e-5, 8e-5), (12.0, 4000.0), (0.31, 0.32)])
def test_ticks_are_round_inside_and_few(low: float, high: float) -> None:
    ticks = Scale(low, high, 0, 100).ticks(4)
    assert 2 <= len(ticks) <= 5
    assert all(low - 1e-12 <= value <= high + 1e-12 for value, _ in ticks)
    assert len({label for _, label in ticks}) == len(ticks)
    assert round_step(0.3) == 0.5 and round_step(1.0) == 1.0


def test_a_panel_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="1 cells for 2 rows"):
        forest("x", "t", [ForestRow("a"), ForestRow("b")], [ForestPanel("p", "lower", (ForestCell(),))])


WIDE = 0.66
"""Width of a bold letter for its size in DejaVu Sans, the widest of the fonts that a page may fall back to."""


def overlaps(figure: svg.Figure, words: set[str]) -> list[tuple[str, str]]:
    """Pairs of texts of the same height that touch, if each holds one of these words."""
    boxes = []
    for text in ElementTree.fromstring(figure.inline).iter(f"{SVG}text"):
        content, size, x = (text.text or ""), float(text.attrib["font-size"]), float(text.attrib["x"])
        width = WIDE * size * len(content)
        left = x - width / 2 if text.attrib.get("text-anchor") == "middle" else x
        if words & set(re.split(r"[ ,]", content)):
            boxes.append((text.attrib["y"], left, left + width, content))
    boxes.sort()
    return [(a[3], b[3]) for a, b in pairwise(boxes) if a[0] == b[0] and a[2] > b[1]]


def test_headers_of_fifteen_columns_and_titles_of_four_panels_do_not_run_into_each_other() -> None:
    names = ["Fréchet distance, 64-d", "Inception score", "Precision", "Coverage", "Density"] * 3
    heat = heatmap("h", "t", names, [HeatRow("a", "1", (HeatCell("1"),) * 15)], Legend("a", "b", "c"))
    assert overlaps(heat, {word for name in names for word in re.split(r"[ ,]", name)}) == []
    titles = ["Fréchet distance, 64-d (lite0)", "Coverage (lite0)", "Right prompt of two (lite0)", "KID (lite0)"]
    panels = [ForestPanel(title, "lower", (ForestCell(),)) for title in titles]
    plot = forest("f", "t", [ForestRow("a")], panels)
    assert overlaps(plot, {"Fréchet", "Coverage", "Right", "KID", "(lite0)", "64-d"}) == []
    assert forest("f", "t", [ForestRow("a")], panels[-1:]).height < plot.height
