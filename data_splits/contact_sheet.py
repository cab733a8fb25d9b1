"""One picture of many cases: a look at a split before anything is computed from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data_splits.case import Case
from data_splits.consent import require_consent
from data_splits.split import GreyImage, Split

PAPER, INK, FAINT = 18, 235, 150
GAP, LINE, LINES = 10, 15, 3
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def choose(cases: Sequence[Case], count: int) -> list[Case]:
    """`count` cases spread evenly over a subset, one per patient as far as that goes."""
    first: dict[str, Case] = {}
    for case in cases:
        first.setdefault(case.patient, case)
    pool = list(first.values()) if len(first) >= count else list(cases)
    steps = np.linspace(0, len(pool), min(count, len(pool)), endpoint=False).astype(int)
    return [pool[step] for step in steps]


def contact_sheet(
    split: Split,
    subset: str,
    *,
    count: int = 24,
    size: int = 180,
    columns: int = 6,
    include_credentialed: bool = False,
) -> Image.Image:
    """A grid of images with id, view, sex, age and findings below each, and the licence at the foot.

    Args:
        split: a loaded split.
        subset: subset or selection.
        count: images; spread over the subset, one per patient if there are enough.
        size: side of a cell in pixels; images keep their shape.
        columns: cells in a row.
        include_credentialed: needed for a credentialed split.

    Raises:
        UserError: credentialed and not allowed; an image cannot be read; no such subset.
    """
    require_consent(split, include_credentialed, "a contact sheet")
    cases = choose(split.cases(subset), count)
    columns = max(1, min(columns, len(cases)))
    down = -(-len(cases) // columns)
    step_x, step_y = size + GAP, size + LINES * LINE + GAP + 4
    font = ImageFont.load_default(11)
    width, height = columns * step_x + GAP, down * step_y + 2 * LINE
    credits = wrap(split.licence, width - 2 * GAP, font)
    sheet = Image.new("L", (width, height + len(credits) * LINE + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    for line, text in enumerate(credits):
        draw.text((GAP, height + line * LINE), text, fill=FAINT, font=font)
    title = f"{split.name} / {subset}: {len(cases)} of {len(split.cases(subset))} images"
    draw.text((GAP, GAP // 2), title, fill=INK, font=font)
    for number, case in enumerate(cases):
        left, top = GAP + number % columns * step_x, 2 * LINE + number // columns * step_y
        small = _fit(split.read_image(case), size)
        sheet.paste(small, (left + (size - small.width) // 2, top + (size - small.height) // 2))
        for line, text in enumerate(caption(case)):
            where = (left, top + size + 3 + line * LINE)
            draw.text(where, _cut(text, size, font), fill=FAINT if line else INK, font=font)
    return sheet


def caption(case: Case) -> tuple[str, ...]:
    """Up to three short lines about a case: id; view, sex and age; findings. Never the prompt."""
    age = None if case.age is None else f"{case.age:.0f} y"
    person = ", ".join(filter(None, (case.view, case.sex, age)))
    present = [name for name, value in case.labels.items() if value == 1]
    return (case.id, person, ", ".join(present))


def wrap(text: str, width: int, font: Font) -> list[str]:
    """Text broken at spaces into lines of at most `width` pixels."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _fit(image: GreyImage, size: int) -> Image.Image:
    picture = Image.fromarray(image)
    scale = size / max(picture.size)
    shape = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(shape, Image.Resampling.LANCZOS)


def _cut(text: str, width: int, font: Font) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."
