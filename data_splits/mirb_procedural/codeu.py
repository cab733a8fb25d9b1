"""codeu: what a program prints whose files stand on several screenshots."""

from __future__ import annotations

from dataclasses import dataclass

from data_splits.mirb_procedural.drawing.code import screenshot
from data_splits.mirb_procedural.item import LETTERS, Ask, Item, sample, shuffled, with_options
from data_splits.mirb_procedural.programs import File, program, run
from data_splits.phantom.draws import Draws
from data_splits.question import ColourImage

QUESTION = "What does main.py print?"


@dataclass(frozen=True)
class Scene:
    """One file."""

    name: str
    source: str


def make(ask: Ask) -> Item:
    """Two constants in two files have two values each: four programs, four outputs, which are the options. One of the
    four is shown, the smallest to the largest output equally often, so that the options alone do not tell which. The
    gold is what the program printed when it was run.

    Level 1: a function and main.py. 2: a loop between them. 3: one more file between them, and one that is not used
    but defines a function of the same name.
    """
    letter, rank = ask.balanced(LETTERS), ask.balanced((0, 1, 2, 3), "rank")
    attempt = 0
    while True:
        draws = ask.draws("plan", attempt)
        base, spare = program(draws, ask.difficulty)
        corners = _corners(draws, base)
        outputs = [int(run({file.name: file.source for file in files})) for files in corners]
        if len(set(outputs)) == 4 and max(map(abs, outputs)) < 1000:
            break
        attempt += 1
    gold = sorted(outputs)[rank]
    files = corners[outputs.index(gold)]
    options = shuffled(draws, [str(value) for value in outputs if value != gold])
    options.insert(LETTERS.index(letter), str(gold))
    order = shuffled(draws, [*files, *spare])
    text = "".join(f"{file.name}:\n{file.source}\n" for file in order)
    question = with_options(QUESTION, options)
    return Item(
        question=question,
        answer=letter,
        choices=tuple(options),
        scenes=tuple(Scene(file.name, file.source) for file in order),
        text_question=text + question,
        evidence={
            "needed": sorted(order.index(file) for file in files),
            "program": {file.name: file.source for file in order},
            "output": str(gold),
            "distractors": sorted(order.index(file) for file in spare),
        },
    )


def _corners(draws: Draws, files: list[File]) -> list[list[File]]:
    """The program with none, one, the other, and both of two changes in different files."""
    one, two = sample(draws, range(len(files)), 2)
    changes = {place: draws.choice(files[place].mutants()) for place in (one, two)}
    return [
        [changes[place] if place in chosen else file for place, file in enumerate(files)]
        for chosen in ((), (one,), (two,), (one, two))
    ]


def render(scene: Scene) -> ColourImage:
    """As large as the text needs: about 400 pixels wide, glyphs 10 x 14 pixels."""
    return screenshot(scene.source, scene.name)
