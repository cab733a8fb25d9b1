"""codeu: what a program prints whose files stand on several screenshots."""

from __future__ import annotations

from dataclasses import dataclass

from data_splits.mirb_procedural.drawing.code import screenshot
from data_splits.mirb_procedural.item import LETTERS, Ask, Item, shuffled, with_options
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
    """The gold is what the program printed when it was run; the wrong options are what it prints with one constant
    changed, in as many different files as there are options. The gold is the smallest, second, third or largest option
    equally often.

    Level 1: a function and main.py. 2: a loop between them. 3: one more file between them, and one that is not used
    but defines a function of the same name.
    """
    letter, rank = ask.balanced(LETTERS), ask.balanced((0, 1, 2, 3), "rank")
    attempt = 0
    while True:
        draws = ask.draws("plan", attempt)
        files, spare = program(draws, ask.difficulty)
        gold = int(run({file.name: file.source for file in files}))
        changed = [_outputs(files, number) for number in range(len(files))]
        wrong = _wrong(draws, gold, rank, changed)
        if wrong is not None and abs(gold) < 1000:
            break
        attempt += 1
    options = shuffled(draws, [str(value) for value in wrong])
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


def _outputs(files: list[File], number: int) -> list[int]:
    """What the program prints with a mutant of one file, each value once."""
    found = []
    for mutant in files[number].mutants():
        sources = {file.name: file.source for file in files} | {mutant.name: mutant.source}
        found.append(int(run(sources)))
    return list(dict.fromkeys(found))


def _wrong(draws: Draws, gold: int, rank: int, changed: list[list[int]]) -> list[int] | None:
    """Three different wrong values, `rank` of them below the gold, from different files as far as there are three."""
    pools = [[value for value in values if value != gold] for values in changed]
    if not all(pools):
        return None  # some file does not matter
    for _ in range(30):
        numbers = shuffled(draws, range(len(pools)))
        numbers = (numbers * 3)[:3] if len(pools) < 3 else numbers[:3]
        picked = [draws.choice(pools[number]) for number in numbers]
        if len(set(picked)) == 3 and sum(value < gold for value in picked) == rank:
            return picked
    return None


def render(scene: Scene) -> ColourImage:
    """As large as the text needs: about 400 pixels wide, glyphs 10 x 14 pixels."""
    return screenshot(scene.source, scene.name)
