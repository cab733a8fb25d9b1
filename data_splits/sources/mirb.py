"""The user's own copy of MIRB, in the folder layout or as parquet. Nothing of it ships with this program."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from data_splits.errors import UserError
from data_splits.question import Question, QuestionSplit
from data_splits.sources.catalogue import MIRB_LICENCE
from data_splits.sources.mirb_answers import ALIASES, ANSWER_FORMS, Checked, check, chosen_tasks
from data_splits.sources.mirb_json import read_folder
from data_splits.sources.mirb_parquet import read_parquet
from data_splits.sources.mirb_rows import Found, Row, listed

NAME = "mirb"
VERSION = "1"


def load(path: Path, *, tasks: str | None = None, odd_answers: str = "refuse") -> QuestionSplit:
    """MIRB from a folder with its JSON files and `images/`, or from parquet files. Counts are read, never assumed.

    Args:
        path: the folder (or the one that holds it), or a parquet file or a folder of them.
        tasks: task names with commas between them; all that are there where None.
        odd_answers: "refuse" lists answers of an unexpected form (a number where a letter is due) with everything else
            that is wrong; "keep" asks those questions all the same and warns.

    Raises:
        UserError: with one list of everything that is wrong: missing images, unknown tasks, broken records, odd
            answers.
    """
    if odd_answers not in ("refuse", "keep"):
        raise UserError(f"Option odd_answers of split {NAME} must be refuse or keep, not {odd_answers!r}.")
    wanted = chosen_tasks(tasks)
    found, place = _find(path)
    rows = [row for row in found.rows if row.task in wanted]
    checked = [check(row.task, row.question, row.answer) for row in rows]
    odd = defaultdict(list)
    for row, result in zip(rows, checked, strict=True):
        if result.odd:
            odd[row.where.split(",")[0]].append(f"{row.where.split(', ')[-1]} has {result.odd}")
    lines = [line for where, names in odd.items() for line in listed(where, "odd answer(s)", names)]
    problems = found.problems + (lines if odd_answers == "refuse" else [])
    if not rows and not problems:
        problems = ["no question of the tasks asked for"]
    if problems:
        hint = "\n  (odd answers can be kept: option odd_answers=keep)" if lines and odd_answers == "refuse" else ""
        raise UserError(f"{place}: {len(problems)} problem(s):\n  " + "\n  ".join(problems) + hint)
    texts, unmatched = _texts(rows, checked, found)
    clusters = _clusters(rows, found.shared)
    numbers: Counter[str] = Counter()
    questions = []
    for position, (row, result) in enumerate(zip(rows, checked, strict=True)):
        questions.append(
            Question(
                id=f"{row.task}-{numbers[row.task]:04d}",
                task=row.task,
                question=result.question,
                answer=result.answer,
                images=row.images,
                choices=result.choices,
                cluster=clusters[position],
                text_question=texts.get(position),
            )
        )
        numbers[row.task] += 1
    order = list(ANSWER_FORMS)
    assert found.read_image is not None
    return QuestionSplit(
        name=NAME,
        version=VERSION,
        licence=MIRB_LICENCE,
        credentialed=False,
        questions=tuple(sorted(questions, key=lambda question: (order.index(question.task), question.id))),
        read_image=found.read_image,
        image_hashes=found.hashes,
        options={} if tasks is None else {"tasks": ",".join(wanted)},
        warnings=tuple(_warnings(numbers, wanted, checked, found, lines, unmatched)),
    )


def _find(path: Path) -> tuple[Found, Path]:
    """The layout below a path."""
    if path.suffix == ".parquet":
        return read_parquet([path]), path
    for folder in (path, path / "MIR", path / "MIRB", path / "data"):
        if any(folder.glob("*.json")) and any((folder / f"{name}.json").exists() for name in (*ANSWER_FORMS, *ALIASES)):
            found = read_folder(folder)
            if not (folder / "images").is_dir():
                zipped = "images.zip is there: unzip it" if (folder / "images.zip").exists() else "unzip images.zip"
                found.problems.insert(0, f"there is no folder images/ ({zipped} beside the JSON files)")
            return found, folder
        tables = sorted(folder.glob("*.parquet"))
        if tables:
            return read_parquet(tables), folder
    raise UserError(f"{path} holds neither MIRB's JSON files (count.json, food.json, ...) nor parquet files.")


def _texts(rows: Sequence[Row], checked: Sequence[Checked], found: Found) -> tuple[dict[int, str], dict[str, int]]:
    """Row position -> its text-only question; task -> how many rows of an ablation file fit no question.

    By order where the file has as many records as the task and all answers agree; otherwise a record belongs to the
    one question whose text it contains and whose answer it has.
    """
    texts: dict[int, str] = {}
    unmatched: dict[str, int] = {}
    for task, records in found.texts.items():
        places = [position for position, row in enumerate(rows) if row.task == task]
        if not places:
            continue
        offered = [check(task, question, answer) for question, answer in records]
        answers = [checked[position].answer for position in places]
        if [one.answer for one in offered] == answers:
            texts |= {position: one.question for position, one in zip(places, offered, strict=True)}
            continue
        for one in offered:
            fits = [
                position
                for position in places
                if checked[position].answer == one.answer
                and _squeezed(checked[position].question) in _squeezed(one.question)
            ]
            if len(fits) == 1 and fits[0] not in texts:
                texts[fits[0]] = one.question
            else:
                unmatched[task] = unmatched.get(task, 0) + 1
    return texts, unmatched


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().lower()


def _clusters(rows: Sequence[Row], shared: Mapping[str, str]) -> list[str]:
    """For each row the name of its cluster: rows that share an image, directly or by way of others, have the same."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    names = [[f"{row.task}/{shared.get(key, key)}" for key in row.images] for row in rows]
    for images in names:
        for image in images[1:]:
            one, two = sorted((root(images[0]), root(image)))
            parent[two] = one
    roots = [root(images[0]) if images else "" for images in names]
    sizes = Counter(roots)
    return [name if sizes[name] > 1 else "" for name in roots]


def _warnings(
    numbers: Counter[str],
    wanted: Sequence[str],
    checked: Sequence[Checked],
    found: Found,
    odd: list[str],
    unmatched: Mapping[str, int],
) -> list[str]:
    lines = list(odd)
    absent = [task for task in wanted if not numbers[task]]
    if absent:
        lines.append(f"{len(absent)} task(s) have no questions here: {', '.join(absent)}; their categories lack them")
    relettered = sum(result.relettered for result in checked)
    if relettered:
        lines.append(f"{relettered} question(s) print options as 1., 2., ...; they are asked as A., B., ...")
    if found.concats:
        lines.append(f"there but not asked (tiled images): {', '.join(found.concats)}")
    lines += [f"{task}: {count} text-only record(s) fit no question" for task, count in unmatched.items()]
    return lines
