"""Contact sheets of questions: the images of each in a row, its text and its gold answer below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data_splits.consent import require_consent
from data_splits.contact_sheet import Font, wrap
from data_splits.question import Question, QuestionSplit

PAPER, INK, FAINT, GOLD = (24, 26, 32), (236, 236, 236), (150, 154, 164), (255, 205, 90)
GAP, LINE = 10, 17


def spread(questions: Sequence[Question], count: int) -> list[Question]:
    """`count` questions spread evenly."""
    steps = np.linspace(0, len(questions), min(count, len(questions)), endpoint=False).astype(int)
    return [questions[step] for step in steps]


def question_sheet(
    split: QuestionSplit,
    task: str | None,
    *,
    count: int = 6,
    size: int = 180,
    columns: int = 6,
    include_credentialed: bool = False,
) -> Image.Image:
    """Some questions of a task, or one of each task, with images, text and gold answer.

    Args:
        split: a loaded split.
        task: one that the split has; None for the middle question of each.
        count: questions, spread over the task.
        size: the longer side of an image in pixels.
        columns: images in a row. Of more, those that evidence says are needed are shown first.

    Raises:
        UserError: credentialed and not allowed; an image cannot be read.
    """
    require_consent(split, include_credentialed, "a contact sheet")
    if task is None:
        chosen = [questions[len(questions) // 2] for questions in map(split.of, split.tasks)]
        title = f"{split.name}: one question of each task"
    else:
        chosen = spread(split.of(task), count)
        note = ", a stand-in" if task in split.stand_ins else ""
        title = f"{split.name} / {task}{note}: {len(chosen)} of {len(split.of(task))} questions"
    font = ImageFont.load_default(13)
    width = columns * (size + GAP) + GAP
    blocks = [_block(split, question, size, columns, width, font) for question in chosen]
    foot = wrap(split.licence, width - 2 * GAP, font)
    height = 2 * LINE + sum(block.height for block in blocks) + len(foot) * LINE + GAP
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, GAP // 2), title, fill=INK, font=font)
    top = 2 * LINE
    for block in blocks:
        sheet.paste(block, (0, top))
        top += block.height
    for number, line in enumerate(foot):
        draw.text((GAP, top + number * LINE), line, fill=FAINT, font=font)
    return sheet


def _block(split: QuestionSplit, question: Question, size: int, columns: int, width: int, font: Font) -> Image.Image:
    numbers = _shown(question, columns)
    pictures = [Image.fromarray(split.read_image(question.images[number])) for number in numbers]
    scale = min(1.0, *(size / max(picture.size) for picture in pictures)) if pictures else 1.0
    small = [
        picture.resize(
            (max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), Image.Resampling.LANCZOS
        )
        for picture in pictures
    ]
    level = question.evidence.get("difficulty")
    hidden = f", images {', '.join(str(number + 1) for number in numbers)} of {len(question.images)}"
    head = question.id + (f", level {level}" if level else "") + (hidden if len(numbers) < len(question.images) else "")
    lines = [line for part in question.question.split("\n") for line in wrap(part, width - 2 * GAP, font)]
    tall = max((picture.height for picture in small), default=0)
    block = Image.new("RGB", (width, tall + (len(lines) + 2) * LINE + 2 * GAP), PAPER)
    draw = ImageDraw.Draw(block)
    left = GAP
    for picture in small:
        block.paste(picture, (left, 0))
        left += picture.width + GAP
    top = tall + GAP // 2
    draw.text((GAP, top), head, fill=FAINT, font=font)
    for number, line in enumerate(lines, start=1):
        draw.text((GAP, top + number * LINE), line, fill=INK, font=font)
    draw.text((GAP, top + (len(lines) + 1) * LINE), f"Answer: {question.answer}", fill=GOLD, font=font)
    return block


def _shown(question: Question, columns: int) -> list[int]:
    """Numbers of the images to show, in order."""
    needed = [int(number) for number in question.evidence.get("needed", ())]
    first = needed if len(question.images) > columns else []
    order = list(dict.fromkeys([*first, *range(len(question.images))]))
    return sorted(order[:columns])
