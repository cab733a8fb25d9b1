"""food: which of several foods suits a diet, read from their ingredient labels."""

from __future__ import annotations

from dataclasses import dataclass

from data_splits.mirb_procedural.drawing.canvas import Colour, blank, frame, rectangle
from data_splits.mirb_procedural.drawing.palette import INK
from data_splits.mirb_procedural.drawing.text import ADVANCE, LEADING, wrap, write
from data_splits.mirb_procedural.ingredients import DIETS, HIDDEN, OBVIOUS, PLAIN, TRAPS, clear_of, groups
from data_splits.mirb_procedural.item import LETTERS, Ask, Item, sample, shuffled, with_options
from data_splits.phantom.draws import Draws
from data_splits.question import ColourImage

WIDTH, SCALE, MARGIN = 340, 2, 14
HEAD = 90
"""Pixels above the first ingredient."""

FOODS = {1: 2, 2: 3, 3: 3}
LENGTHS = {1: (4, 6), 2: (6, 9), 3: (9, 12)}
BRANDS = ("Morning", "Little", "Golden", "Village", "Sunday", "Corner", "Harbour", "Northern", "Grand", "Simple")
PRODUCTS = ("Mix", "Bites", "Pot", "Selection", "Classic", "Special", "Choice", "Treat", "Bowl", "Favourite")
BANDS: tuple[Colour, ...] = ((178, 60, 50), (40, 100, 150), (50, 120, 70), (120, 70, 140), (170, 110, 30))


@dataclass(frozen=True)
class Scene:
    """One label: its name, ingredients and band colour."""

    name: str
    ingredients: tuple[str, ...]
    band: Colour


def make(ask: Ask) -> Item:
    """At most one food suits. Level 1: two foods, short lists, offending ingredients with plain names. 2: three foods,
    one offending ingredient in each that does not suit. 3: long lists, the offender takes knowledge (whey, semolina,
    lard), and every food holds something that merely sounds like one (cocoa butter, eggplant, nutmeg).

    If a food suits, its label is needed: without it none might suit. If none does, all labels are.
    """
    draws = ask.draws("plan")
    count = FOODS[ask.difficulty]
    letter = ask.balanced(LETTERS[: count + 1])
    diet = ask.balanced(tuple(DIETS), "diet")
    right = LETTERS.index(letter)
    lists = [_ingredients(draws, ask.difficulty, diet, number == right) for number in range(count)]
    names = zip(sample(draws, BRANDS, count), sample(draws, PRODUCTS, count), strict=True)
    bands = sample(draws, BANDS, count)
    scenes = tuple(Scene(" ".join(name), tuple(row), band) for name, row, band in zip(names, lists, bands, strict=True))
    choices = (*(f"Food {number + 1}" for number in range(count)), "None of the Above")
    forbidden = DIETS[diet].forbids
    return Item(
        question=with_options(
            f"The images show the ingredient labels of Food 1 to Food {count}, in this order. "
            f"Which of these foods suits {DIETS[diet].words}?",
            choices,
        ),
        answer=letter,
        choices=choices,
        scenes=scenes,
        evidence={
            "needed": [right] if right < count else list(range(count)),
            "diet": diet,
            "ingredients": lists,
            "offending": [[name for name in row if groups(name) & forbidden] for row in lists],
            "distractors": count - 1,
        },
    )


def _ingredients(draws: Draws, level: int, diet: str, good: bool) -> list[str]:
    forbidden = sorted(DIETS[diet].forbids)
    chosen: list[str] = []
    if not good:
        group = draws.choice(forbidden)
        tables = {1: (OBVIOUS,), 2: (OBVIOUS, HIDDEN), 3: (HIDDEN,)}[level]
        chosen.append(draws.choice(draws.choice(tables)[group]))
    if level > 1:
        chosen += sample(draws, [name for group in forbidden for name in TRAPS[group]], level - 1)
    # What other diets forbid tells nothing here, but a list without it would look harmless.
    everything = [name for table in (OBVIOUS, HIDDEN) for names in table.values() for name in names]
    innocent = [name for name in everything if clear_of(name, DIETS[diet].forbids)]
    chosen += sample(draws, innocent, draws.integer(1, level + 1))
    length = max(draws.integer(*LENGTHS[level]), len(chosen) + 1)
    chosen += sample(draws, PLAIN, length - len(chosen))
    return shuffled(draws, list(dict.fromkeys(chosen)))


def render(scene: Scene) -> ColourImage:
    """340 pixels wide, as high as the list needs."""
    lines = wrap(", ".join(scene.ingredients) + ".", (WIDTH - 2 * MARGIN) // (ADVANCE * SCALE))
    height = HEAD + len(lines) * LEADING * SCALE + MARGIN
    picture = blank(WIDTH, height, (252, 250, 244))
    rectangle(picture, 0, 0, WIDTH, 44, scene.band)
    write(picture, scene.name, MARGIN, 14, (255, 255, 255), SCALE)
    write(picture, "INGREDIENTS", MARGIN, 58, INK, SCALE)
    write(picture, lines, MARGIN, HEAD, INK, SCALE)
    frame(picture, 0, 0, WIDTH, height, 3, scene.band)
    return picture
