"""A built folder: the same bytes twice, the same split read back, every kind of damage named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_splits.errors import ImageUnreadable, UserError
from data_splits.mirb_procedural.folder import image_name, read_folder, write_folder
from data_splits.question import QuestionSplit
from data_splits.sources import load_questions


@pytest.fixture(scope="module")
def split() -> QuestionSplit:
    return load_questions("mirb-procedural", per_task=2, tasks="count,codeu,sightseeing")


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_round_trip(split: QuestionSplit, tmp_path: Path) -> None:
    write_folder(split, tmp_path / "one")
    write_folder(split, tmp_path / "two")
    assert content(tmp_path / "one") == content(tmp_path / "two")
    read = load_questions(f"mirb-procedural:{tmp_path / 'one'}")
    assert read.questions == split.questions
    assert read.hash == split.hash
    assert (read.options, read.stand_ins, read.licence) == (split.options, split.stand_ins, split.licence)
    for question in split.questions:
        for number, key in enumerate(question.images):
            assert np.array_equal(read.read_image(key), split.read_image(key))
            file = tmp_path / "one" / image_name(question, number)
            assert np.array_equal(np.asarray(Image.open(file).convert("RGB")), split.read_image(key))


def test_only_what_differs_is_written_again_and_leftovers_go(split: QuestionSplit, tmp_path: Path) -> None:
    write_folder(split, tmp_path)
    before = content(tmp_path)
    first, second, *_ = sorted((tmp_path / "images").rglob("*.png"))
    first.write_bytes(b"spoiled")
    stamp = second.stat().st_mtime_ns
    (tmp_path / "images" / "count" / "count-s7-0099.0.png").write_bytes(b"of a larger build")
    write_folder(split, tmp_path)
    assert content(tmp_path) == before
    assert second.stat().st_mtime_ns == stamp


def test_a_selection_of_a_folder_equals_a_smaller_build(split: QuestionSplit, tmp_path: Path) -> None:
    write_folder(split, tmp_path)
    counts = load_questions(f"mirb-procedural:{tmp_path}", tasks="count")
    assert counts.hash == load_questions("mirb-procedural", per_task=2, tasks="count").hash
    with pytest.raises(UserError, match="has no questions of food"):
        load_questions(f"mirb-procedural:{tmp_path}", tasks="food")
    with pytest.raises(UserError, match="built already"):
        load_questions(f"mirb-procedural:{tmp_path}", seed=8)


def test_damage_is_listed_all_at_once(split: QuestionSplit, tmp_path: Path) -> None:
    write_folder(split, tmp_path)
    (tmp_path / image_name(split.of("count")[0], 1)).unlink()
    lines = (tmp_path / "questions.jsonl").read_text().splitlines()
    changed = next(number for number, line in enumerate(lines) if "codeu-s7-0001" in line)
    lines[changed] = lines[changed].replace("main.py print", "main.py write")
    gone = next(number for number, line in enumerate(lines) if "sightseeing-s7-0000" in line)
    lines[gone] = "not json"
    (tmp_path / "questions.jsonl").write_text("\n".join(lines) + "\n")
    with pytest.raises(UserError) as caught:
        read_folder(tmp_path)
    message = str(caught.value)
    for part in (
        "4 problem(s)",
        "count-s7-0000.1.png: missing",
        "codeu-s7-0001: its text",
        "sightseeing-s7-0000: not in",
    ):
        assert part in message


def test_changed_pixels_are_noticed_when_read(split: QuestionSplit, tmp_path: Path) -> None:
    write_folder(split, tmp_path)
    read = read_folder(tmp_path)
    question = split.of("count")[0]
    Image.fromarray(255 - split.read_image(question.images[0])).save(tmp_path / image_name(question, 0))
    with pytest.raises(ImageUnreadable, match="pixels differ"):
        read.read_image(question.images[0])


def test_foreign_folders_are_left_alone(split: QuestionSplit, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(UserError, match=r"holds other files \(thesis.tex\)"):
        write_folder(split, tmp_path)
    with pytest.raises(UserError, match="No question manifest"):
        read_folder(tmp_path)
