"""arxiv: the title of a paper that one page cites and another lists."""

from __future__ import annotations

from dataclasses import dataclass

from data_splits.mirb_procedural.drawing.canvas import blank, rectangle
from data_splits.mirb_procedural.drawing.palette import INK
from data_splits.mirb_procedural.drawing.text import ADVANCE, LEADING, wrap, write
from data_splits.mirb_procedural.item import Ask, Item, sample, shuffled
from data_splits.mirb_procedural.papers import SECTIONS, TOPICS, authors, filler, titles
from data_splits.phantom.draws import Draws
from data_splits.question import ColourImage

COLUMNS, LINES, SCALE, MARGIN = 44, 28, 2, 36
WIDTH, HEIGHT = 2 * MARGIN + COLUMNS * ADVANCE * SCALE, 2 * MARGIN + (LINES + 2) * LEADING * SCALE

BODY = {1: (1, 3), 2: (4, 10), 3: (16, 36)}
"""Pages before the references; with the contents and the references 2 to 4, 7 to 13 and 20 to 42 pages."""

REFERENCES = {1: 7, 2: 15, 3: 38}
CITED = {1: 1, 2: 2, 3: 3}
"""Papers that each page takes something from."""


@dataclass(frozen=True)
class Page:
    """One page: its number and lines of at most COLUMNS characters."""

    number: int
    lines: tuple[str, ...]


def make(ask: Ask) -> Item:
    """Level 1: up to four pages, one citation a page. 2: 7 to 13, two. 3: 20 to 42, three and mentions in passing.

    The page that cites says a number, the reference list says the title, so both are needed; other pages take the same
    kind of thing from other papers.
    """
    draws = ask.draws("plan")
    level = ask.difficulty
    own, *listed = titles(draws, REFERENCES[level] + 1)
    body = draws.integer(*BODY[level])
    contents = 0 if level == 1 else 1
    citations = [_citations(draws, level) for _ in range(body)]
    asked = draws.integer(0, body - 1)
    topic, number = draws.choice(citations[asked])
    pages = [_contents(draws, own, body)] if contents else []
    for place, cited in enumerate(citations):
        head = [*wrap(own, COLUMNS), authors(draws), ""] if not contents and place == 0 else []
        pages.append(_body(draws, level, head, cited))
    entries = [_entry(draws, place + 1, title) for place, title in enumerate(listed)]
    first_list = len(pages)
    lists, where = _lists(entries)
    pages += lists
    text = "\n\n".join(f"Page {place + 1}:\n" + "\n".join(lines) for place, lines in enumerate(pages))
    question = (
        f"The images are the pages of a paper; page numbers stand at the foot. On page {contents + asked + 1} the "
        f"authors say from which paper they take the {topic}. What is the title of that paper?"
    )
    return Item(
        question=question,
        answer=listed[number - 1],
        scenes=tuple(Page(place + 1, tuple(lines)) for place, lines in enumerate(pages)),
        text_question=f"{text}\n\n{question}".replace("The images are", "Above are"),
        evidence={
            "needed": [contents + asked, first_list + where[number - 1]],
            "citation": number,
            "topic": topic,
            "pages": len(pages),
            "citations": [[[what, cited] for what, cited in row] for row in citations],
            "titles": listed,
            "distractors": REFERENCES[level] - 1,
        },
    )


def _citations(draws: Draws, level: int) -> list[tuple[str, int]]:
    topics = sample(draws, TOPICS, CITED[level])
    numbers = sample(draws, range(1, REFERENCES[level] + 1), CITED[level])
    return list(zip(topics, numbers, strict=True))


def _contents(draws: Draws, title: str, body: int) -> list[str]:
    lines = [*wrap(title, COLUMNS), "", authors(draws), "", "Contents", ""]
    count = min(len(SECTIONS), body)
    for place in range(count):
        name, page = SECTIONS[place], str(2 + place * body // count)
        lines.append(f"{place + 1} {name} ".ljust(COLUMNS - len(page) - 1, ".") + " " + page)
    page = str(2 + body)
    return [*lines, "References ".ljust(COLUMNS - len(page) - 1, ".") + " " + page]


def _body(draws: Draws, level: int, head: list[str], cited: list[tuple[str, int]]) -> list[str]:
    sentences = [f"We take the {topic} from [{number}]." for topic, number in cited]
    if level == 3:
        used = {number for _, number in cited}
        free = [number for number in range(1, REFERENCES[3] + 1) if number not in used]
        sentences += [f"Others disagree [{number}]." for number in sample(draws, free, 2)]
    room = LINES - len(head)
    while sum(map(len, sentences)) < (room - 3) * (COLUMNS - 4):
        sentences.append(filler(draws))
    order = shuffled(draws, sentences)
    lines = wrap(" ".join(order), COLUMNS)
    while len(lines) > room:  # a page that came out long loses a sentence that cites nothing
        order.remove(next(sentence for sentence in order if "[" not in sentence))
        lines = wrap(" ".join(order), COLUMNS)
    return [*head, *lines]


def _entry(draws: Draws, number: int, title: str) -> list[str]:
    return wrap(f"[{number}] {authors(draws)}. {title}. {draws.integer(1998, 2023)}.", COLUMNS)


def _lists(entries: list[list[str]]) -> tuple[list[list[str]], list[int]]:
    """The reference pages, and for each entry on which of them it stands; no entry is broken over pages."""
    pages, where = [["References", ""]], []
    for lines in entries:
        if len(pages[-1]) + len(lines) > LINES:
            pages.append([])
        pages[-1] += lines
        where.append(len(pages) - 1)
    return pages, where


def render(scene: Page) -> ColourImage:
    """600 x 732 pixels, glyphs 10 x 14 pixels."""
    picture = blank(WIDTH, HEIGHT, (253, 253, 250))
    write(picture, list(scene.lines), MARGIN, MARGIN, INK, SCALE)
    foot = HEIGHT - MARGIN - LEADING
    rectangle(picture, MARGIN, foot - 10, WIDTH - 2 * MARGIN, 1, (170, 170, 170))
    write(picture, f"page {scene.number}", WIDTH // 2 - 36, foot, INK, SCALE)
    return picture
