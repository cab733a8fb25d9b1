"""sightseeing, a stand-in: invented cities, known by a flag or a landmark that another image explains."""

from __future__ import annotations

from dataclasses import dataclass

from data_splits.mirb_procedural.drawing.backgrounds import gradient, grain, tint
from data_splits.mirb_procedural.drawing.canvas import Colour, blank, frame, rectangle, segment, stamp
from data_splits.mirb_procedural.drawing.icons import icon
from data_splits.mirb_procedural.drawing.landmarks import LANDMARKS, draw_landmark
from data_splits.mirb_procedural.drawing.palette import COLOURS, INK
from data_splits.mirb_procedural.drawing.text import write
from data_splits.mirb_procedural.item import Ask, Item, sample, shuffled
from data_splits.phantom.draws import Draws
from data_splits.question import ColourImage

CITIES = (
    "Arlona", "Bexby", "Corvane", "Dellmar", "Estova", "Farnoth", "Gralin", "Hestrid", "Imbara", "Jorvel",
    "Kestrow", "Lumira", "Morvik", "Nandor", "Ostrel", "Pelagra", "Quentis", "Rovena", "Sandrel", "Tavira",
)  # fmt: skip
"""Invented, so that no knowledge of the world helps or misleads."""

FLAG_COLOURS = ("red", "yellow", "green", "blue", "black", "orange", "purple")
CARD_WIDTH, ROW, HEAD = 320, 64, 48
WIDTH, HEIGHT = 320, 240

Flag = tuple[str, tuple[str, ...]]
"""Pattern ("rows" or "columns") and its three colours."""


@dataclass(frozen=True)
class City:
    """An invented city."""

    name: str
    flag: Flag
    landmark: str


@dataclass(frozen=True)
class Guide:
    """A page that explains cities: any two or three of name, flag, landmark for each."""

    title: str
    cities: tuple[City, ...]
    shows: tuple[str, ...]


@dataclass(frozen=True)
class Postcard:
    """A view of a city that shows its flag or its landmark."""

    city: City
    shows: str
    key: tuple[str | int, ...]


Scene = Guide | Postcard
ORDINALS = ("first", "second", "third")


def make(ask: Ask) -> Item:
    """Level 1: a guide to three cities, one postcard. 2: a guide to five cities with flags and landmarks, two
    postcards, one by flag and one by landmark. 3: one guide from names to flags, one from flags to landmarks, and a
    postcard with a landmark only.

    Asked for the name of the city, or yes or no; every image is needed.
    """
    draws = ask.draws("plan")
    form = ask.balanced(("name", "Yes", "No"))
    cities = _cities(draws, 3 if ask.difficulty == 1 else 5)
    here, other = sample(draws, cities, 2)
    key = ("sights", ask.seed, ask.difficulty, ask.ordinal)
    if ask.difficulty == 2:
        return _pair(draws, form, cities, here, other, key)
    scenes: tuple[Scene, ...]
    if ask.difficulty == 1:
        shows = draws.choice(("flag", "landmark"))
        scenes = (Guide("City guide", tuple(cities), ("name", shows)), Postcard(here, shows, key))
    else:
        scenes = (
            Guide("Flags", tuple(cities), ("name", "flag")),
            Guide("Landmarks", tuple(shuffled(draws, cities)), ("flag", "landmark")),
            Postcard(here, "landmark", key),
        )
    which = ORDINALS[len(scenes) - 1]
    if form == "name":
        question = f"In which city was the {which} picture taken?"
    else:
        question = f"Was the {which} picture taken in {(here if form == 'Yes' else other).name}?"
    needed = list(range(len(scenes)))
    return _item(question, here.name if form == "name" else form, scenes, needed, form)


def _pair(draws: Draws, form: str, cities: list[City], here: City, other: City, key: tuple[str | int, ...]) -> Item:
    by = shuffled(draws, ("flag", "landmark"))
    guide = Guide("City guide", tuple(cities), ("name", "flag", "landmark"))
    there = here if form == "Yes" or (form == "name" and draws.chance(0.5)) else other
    cards = (Postcard(here, by[0], (*key, 1)), Postcard(there, by[1], (*key, 2)))
    if form == "name":
        which = draws.integer(0, 1)
        question = f"In which city was the {ORDINALS[which + 1]} picture taken?"
        return _item(question, cards[which].city.name, (guide, *cards), [0, which + 1], form)
    question = "Were the second and the third picture taken in the same city?"
    return _item(question, form, (guide, *cards), [0, 1, 2], form)


def _item(question: str, answer: str, scenes: tuple[Scene, ...], needed: list[int], form: str) -> Item:
    facts = [
        {
            "guide": [[city.name, _flag_text(city.flag), city.landmark] for city in scene.cities],
            "shows": list(scene.shows),
        }
        if isinstance(scene, Guide)
        else {"postcard": _flag_text(scene.city.flag) if scene.shows == "flag" else scene.city.landmark}
        for scene in scenes
    ]
    distractors = sum(len(scene.cities) - 1 for scene in scenes if isinstance(scene, Guide))
    return Item(question, answer, scenes, {"needed": needed, "form": form, "facts": facts, "distractors": distractors})


def _flag_text(flag: Flag) -> str:
    return f"{flag[0]}:{','.join(flag[1])}"


def _cities(draws: Draws, count: int) -> list[City]:
    names, landmarks = sample(draws, CITIES, count), sample(draws, list(LANDMARKS), count)
    flags: list[Flag] = []
    while len(flags) < count:
        flag = (draws.choice(("rows", "columns")), tuple(sample(draws, FLAG_COLOURS, 3)))
        if all(set(flag[1]) != set(known[1]) for known in flags):
            flags.append(flag)
    return [City(*row) for row in zip(names, flags, landmarks, strict=True)]


def render(scene: Scene) -> ColourImage:
    """320 pixels wide; a guide has a row of 64 pixels for each city, a postcard 240 rows."""
    return _guide(scene) if isinstance(scene, Guide) else _postcard(scene)


def _guide(guide: Guide) -> ColourImage:
    picture = blank(CARD_WIDTH, HEAD + ROW * len(guide.cities) + 8, (252, 248, 236))
    rectangle(picture, 0, 0, CARD_WIDTH, HEAD - 8, (70, 80, 110))
    write(picture, guide.title, 12, 11, (255, 255, 255), 2)
    for number, city in enumerate(guide.cities):
        top = HEAD + ROW * number
        rectangle(picture, 0, top - 4, CARD_WIDTH, 1, (205, 198, 180))
        left = 12
        if "name" in guide.shows:
            write(picture, city.name, left, top + 18, INK, 2)
            left = 130
        if "flag" in guide.shows:
            draw_flag(picture, city.flag, left, top + 4, 72, 48)
            left += 106
        if "landmark" in guide.shows:
            draw_landmark(picture, city.landmark, left, top, 56, INK)
    return picture


def _postcard(card: Postcard) -> ColourImage:
    draws = Draws(*card.key)
    picture = gradient(WIDTH, HEIGHT, tint(draws, 120, 230), tint(draws, 190, 250))
    sun = draws.integer(30, 50)
    stamp(picture, icon("circle", sun), draws.integer(0, WIDTH - sun), draws.integer(4, 40), (255, 240, 190))
    ground = HEIGHT - 44
    for _ in range(9):
        wide, high = draws.integer(26, 52), draws.integer(24, 80)
        left = draws.integer(-10, WIDTH - 20)
        grey = draws.integer(130, 185)
        rectangle(picture, left, ground - high, wide, high, (grey, grey, min(255, grey + 12)))
    rectangle(picture, 0, ground, WIDTH, HEIGHT - ground, tint(draws, 90, 150))
    if card.shows == "landmark":
        draw_landmark(picture, card.city.landmark, draws.integer(20, WIDTH - 190), ground - 160, 168, (44, 40, 48))
    else:
        left = draws.integer(30, WIDTH - 180)
        segment(picture, (left, 40), (left, HEIGHT - 24), 6, (80, 70, 60))
        draw_flag(picture, card.city.flag, left + 3, 44, 132, 88)
    return grain(picture, draws, 4)


def draw_flag(picture: ColourImage, flag: Flag, left: int, top: int, width: int, height: int) -> None:
    """Three stripes with a thin dark border."""
    pattern, colours = flag
    for number, name in enumerate(colours):
        paint: Colour = COLOURS[name]
        if pattern == "rows":
            rectangle(picture, left, top + number * height // 3, width, height // 3, paint)
        else:
            rectangle(picture, left + number * width // 3, top, width // 3, height, paint)
    frame(picture, left, top, width, height, 2, INK)
