"""image_jigsaw: an original and its four numbered patches: which order of patches restores it?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from data_splits.mirb_procedural.drawing.backgrounds import grain
from data_splits.mirb_procedural.drawing.canvas import Colour, blank, frame, rectangle, stamp
from data_splits.mirb_procedural.drawing.icons import ICONS, icon
from data_splits.mirb_procedural.drawing.palette import COLOURS, INK, PAPERS
from data_splits.mirb_procedural.drawing.text import write
from data_splits.mirb_procedural.item import LETTERS, Ask, Item, sample, shuffled, with_options
from data_splits.phantom.draws import Draws
from data_splits.question import ColourImage

PANE, GUTTER = 140, 8
ICON_SIZE = 34
Order = tuple[int, int, int, int]
Look = tuple[str, str, int, int]
"""Kind, colour, left, top (pixels in the pane)."""


@dataclass(frozen=True)
class Scene:
    """The original (four panes) or one patch (one pane and its number)."""

    panes: tuple[tuple[Look, ...], ...]
    paper: Colour
    noise: tuple[str | int, ...]
    number: int | None = None


def make(ask: Ask) -> Item:
    """Panes with a gutter between them, so that nothing runs on from one patch into the next: without the original the
    patches fit in any order.

    Level 1: panes of different objects; the options are the four turns of a 4-cycle, so any one patch decides. 2: the
    panes hold the same objects at other places. 3: they differ in the place of two objects, and the options swap two
    pairs independently, so no single patch decides. The four options are alike in every level (a group of
    permutations applied to one order), so their texts do not give the right one away.
    """
    draws = ask.draws("plan")
    letter = ask.balanced(LETTERS)
    panes = _panes(draws, ask.difficulty)
    number_of = shuffled(draws, range(4))  # pane at a position -> number of its patch
    options = shuffled(draws, [_moved(tuple(number_of), move) for move in _moves(draws, ask.difficulty)[1:]])
    right: Order = tuple(number_of)  # type: ignore[assignment]
    options.insert(LETTERS.index(letter), right)
    choices = tuple(str(list(option)) for option in options)
    paper = draws.choice(PAPERS)
    key = ("jigsaw", ask.seed, ask.difficulty, ask.ordinal)
    patches = sorted((number, position) for position, number in enumerate(number_of))
    scenes = (
        Scene(tuple(panes), paper, key),
        *(Scene((panes[position],), paper, (*key, number), number) for number, position in patches),
    )
    return Item(
        question=with_options(
            "The first image is the original. The other four images are its patches, numbered in their top left "
            "corner. Which order of patches restores the original, read from left to right and from top to bottom?",
            choices,
        ),
        answer=letter,
        choices=choices,
        scenes=scenes,
        evidence={
            "needed": [0],
            "order": list(right),
            "options": [list(option) for option in options],
            "panes": [[list(look) for look in pane] for pane in panes],
            "patches_needed": min_patches(options, right),
            "distractors": 3,
        },
    )


def min_patches(options: list[Order], right: Order) -> int:
    """How many patches, with the original, settle the answer at the least."""
    for count in (1, 2, 3):
        for chosen in combinations(range(4), count):
            rest = [option for option in options if all(option[place] == right[place] for place in chosen)]
            if rest == [right]:
                return count
    return 4


def _moves(draws: Draws, level: int) -> list[list[int]]:
    """Four permutations of places that form a group, the identity first."""
    a, b, c, d = shuffled(draws, range(4))
    if level == 1:
        cycle = {a: b, b: c, c: d, d: a}
        moves = [[0, 1, 2, 3]]
        for _ in range(3):
            moves.append([cycle[place] for place in moves[-1]])
        return moves
    pairs = (
        [[(a, b), (c, d)], [(a, c), (b, d)], [(a, d), (b, c)]] if level == 2 else [[(a, b)], [(c, d)], [(a, b), (c, d)]]
    )
    moves = [[0, 1, 2, 3]]
    for swaps in pairs:
        move = [0, 1, 2, 3]
        for one, two in swaps:
            move[one], move[two] = two, one
        moves.append(move)
    return moves


def _moved(order: tuple[int, ...], move: list[int]) -> Order:
    return tuple(order[place] for place in move)  # type: ignore[return-value]


def _panes(draws: Draws, level: int) -> list[tuple[Look, ...]]:
    spots = [(8 + 44 * (spot % 3), 8 + 44 * (spot // 3)) for spot in range(1, 9)]  # the first holds the number
    kinds = sample(draws, list(ICONS), 12)
    paints = [draws.choice(list(COLOURS)) for _ in kinds]
    if level == 1:
        return [
            tuple((kinds[3 * pane + i], paints[3 * pane + i], *spot) for i, spot in enumerate(sample(draws, spots, 3)))
            for pane in range(4)
        ]
    if level == 2:
        layouts: list[tuple[tuple[int, int], ...]] = []
        while len(layouts) < 4:
            layout = tuple(sample(draws, spots, 4))
            if layout not in layouts:
                layouts.append(layout)
        return [tuple((kinds[i], paints[i], *spot) for i, spot in enumerate(layout)) for layout in layouts]
    places = sample(draws, spots, 6)
    orders = [[0, 1, 2, 3, 4, 5], [1, 0, 2, 3, 4, 5], [0, 1, 3, 2, 4, 5], [1, 0, 3, 2, 4, 5]]
    return [tuple((kinds[i], paints[i], *places[order[i]]) for i in range(6)) for order in shuffled(draws, orders)]


def render(scene: Scene) -> ColourImage:
    """288 x 288 pixels (original) or 140 x 140 (patch)."""
    if scene.number is not None:
        picture = _pane(scene.panes[0], scene)
        rectangle(picture, 0, 0, 36, 40, INK)
        write(picture, str(scene.number), 10, 8, (255, 255, 255), 3)
        frame(picture, 0, 0, PANE, PANE, 2, INK)
        return picture
    side = 2 * PANE + GUTTER
    picture = blank(side, side, (90, 90, 90))
    for position, pane in enumerate(scene.panes):
        top, left = position // 2 * (PANE + GUTTER), position % 2 * (PANE + GUTTER)
        picture[top : top + PANE, left : left + PANE] = _pane(pane, scene)
    return picture


def _pane(looks: tuple[Look, ...], scene: Scene) -> ColourImage:
    picture = blank(PANE, PANE, scene.paper)
    for kind, colour, left, top in looks:
        stamp(picture, icon(kind, ICON_SIZE), left, top, COLOURS[colour])
    return grain(picture, Draws(*scene.noise), 5)
