"""Instructions for a vision-language model: lines of a .jsonl file, or the questions of a split."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from data_splits.errors import UserError
from data_splits.integrity import content_hash, sha256_file
from data_splits.question import QuestionSplit
from model_adapters.inference.prompts import v2_parts
from model_adapters.protocols import AnswerRequest, Image


@dataclass(frozen=True)
class Instruction:
    """A request and the answer that it is to be given.

    Attributes:
        group: no group stands in both sets; the source of a question that shares images with others.
        key: sha256 of everything. request: reads the images.
    """

    id: str
    group: str
    answer: str
    key: str
    request: Callable[[], AnswerRequest]


@dataclass(frozen=True)
class Instructions:
    """A set of them. entry: of the record's data. lines: of the file, where there is one."""

    items: tuple[Instruction, ...]
    entry: dict[str, Any]
    lines: tuple[dict[str, Any], ...] = ()


def read_file(path: Path) -> Instructions:
    """Lines {"id", "prompt", "answer", "images": [paths relative to the file], "task", "group"}; the last three may
    be absent. Images come before the prompt, in their order.

    Raises:
        UserError: no such file, a line that is no such object, an id that stands twice, or an image that is missing.
    """
    if not path.is_file():
        raise UserError(f"No instructions at {path}. Name a .jsonl file, one object a line.")
    try:
        written = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path.name} is no text in UTF-8 ({error}). Save it as one, one object a line.") from error
    lines, items = [], []
    known: set[str] = set()
    for number, text in enumerate(written, start=1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
            name, prompt, answer = (_text(line[each]) for each in ("id", "prompt", "answer"))
            named = line.get("images", [])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UserError(f"{path.name}, line {number}: an object with id, prompt and answer is needed.") from None
        if name in known:
            raise UserError(f"{path.name}: the id {name} stands twice.")
        known.add(name)
        if not isinstance(named, list):
            raise UserError(f"{path.name}, line {number}: images is a list of paths.")
        images = [path.parent / str(each) for each in named]
        missing = [each for each in images if not each.is_file()]
        if missing:
            raise UserError(f"{path.name}, line {number}: there is no image {missing[0].name}.")
        task = str(line.get("task", ""))
        key = content_hash([prompt, answer, task, [sha256_file(each) for each in images]])
        request = partial(_of_files, name, task, prompt, images)
        items.append(Instruction(name, str(line.get("group", name)), answer, key, request))
        lines.append(line)
    entry = {
        "name": path.stem, "version": "1", "subset": "all", "hash": sha256_file(path), "licence": "not stated",
        "credentialed": False,
    }  # fmt: skip
    return Instructions(tuple(items), entry, tuple(lines))


def of_questions(split: QuestionSplit) -> Instructions:
    """The questions of a split in the v2 wording of MIRB.

    Raises:
        UserError: the split is credentialed.
    """
    if split.credentialed:
        raise UserError(f"Split {split.name} is credentialed: its questions are not taken as instructions.")
    items = []
    for question in split.questions:
        hashes = [split.image_hashes.get(key, key) for key in question.images]
        key = content_hash([question.task, question.question, question.answer, hashes])

        def request(question: Any = question) -> AnswerRequest:
            images = [split.read_image(each) for each in question.images]
            return AnswerRequest(question.id, question.task, v2_parts(question, images))

        group = question.cluster or f"{split.hash[:12]}-{question.id}"
        items.append(Instruction(question.id, group, question.answer, key, request))
    entry = {
        "name": split.name, "version": split.version, "subset": ", ".join(split.tasks)[:200], "hash": split.hash,
        "licence": split.licence, "credentialed": False,
    }  # fmt: skip
    return Instructions(tuple(items), entry)


def _text(value: Any) -> str:
    """A text, or a number as one; nothing else is an answer."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(type(value).__name__)
    return str(value)


def _of_files(name: str, task: str, prompt: str, images: Sequence[Path]) -> AnswerRequest:
    from PIL import Image as Pillow

    seen: list[Image] = []
    for path in images:
        try:
            with Pillow.open(path) as image:
                seen.append(np.asarray(image.convert("RGB")))
        except OSError as error:
            raise UserError(f"The image {path.name} of instruction {name} cannot be read ({error}).") from error
    return AnswerRequest(name, task, (*seen, f"\n{prompt}" if seen else prompt))
