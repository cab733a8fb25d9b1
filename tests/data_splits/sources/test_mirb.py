"""The user's copy of MIRB in both layouts, made up: same questions, one list of everything that is wrong."""

from __future__ import annotations

import io
import json
from pathlib import Path

import made_up_mirb
import numpy as np
import pytest
from PIL import Image

from data_splits.errors import UserError
from data_splits.sources import describe, load_questions


def test_folder_layout(tmp_path: Path) -> None:
    split = load_questions(f"mirb:{made_up_mirb.folder(tmp_path)}")
    assert len(split.questions) == sum(map(len, made_up_mirb.RECORDS.values()))
    assert split.tasks == tuple(made_up_mirb.RECORDS)
    counts = split.of("count")
    assert [question.answer for question in counts] == ["5", "2", "3"]
    assert [question.id for question in counts] == ["count-0000", "count-0001", "count-0002"]
    assert counts[0].cluster == counts[1].cluster != ""  # they share k1.jpg
    assert counts[2].cluster == ""
    assert split.of("food")[0].choices == ("Food 1", "Food 2", "Food 3", "None of the Above")
    key = counts[0].images[0]
    assert key == "images/count/k0.jpg"
    pixels = np.asarray(Image.open(io.BytesIO(made_up_mirb.picture("k0.jpg"))).convert("RGB"))
    assert np.array_equal(split.read_image(key), pixels)
    assert "MIT" in split.licence and "COCO" in split.licence
    assert split.warnings == ("there but not asked (tiled images): 3d_scene_concat, count_concat, visual_chain_concat",)


def test_old_names_and_the_folder_above(tmp_path: Path) -> None:
    new = load_questions(f"mirb:{made_up_mirb.folder(tmp_path / 'new')}")
    made_up_mirb.folder(tmp_path / "old" / "MIR", old_names=True)
    old = load_questions(f"mirb:{tmp_path / 'old'}")
    assert [(q.id, q.question, q.answer, q.text_question) for q in old.questions] == [
        (q.id, q.question, q.answer, q.text_question) for q in new.questions
    ]


@pytest.mark.parametrize("structs", [True, False])
def test_parquet_layout_holds_the_same(tmp_path: Path, structs: bool) -> None:
    path = made_up_mirb.parquet(tmp_path / "data" / "test-0.parquet", made_up_mirb.rows(structs))
    one = load_questions(f"mirb:{made_up_mirb.folder(tmp_path / 'MIR')}")
    two = load_questions(f"mirb:{path}")
    assert [(q.id, q.task, q.question, q.answer, q.choices) for q in one.questions] == [
        (q.id, q.task, q.question, q.answer, q.choices) for q in two.questions
    ]
    for first, second in zip(one.questions, two.questions, strict=True):
        assert (first.cluster == "") == (second.cluster == "")
        for mine, theirs in zip(first.images, second.images, strict=True):
            assert one.image_hashes[mine] == two.image_hashes[theirs]
            assert np.array_equal(one.read_image(mine), two.read_image(theirs))
    assert load_questions(f"mirb:{path.parent.parent}", tasks="count").tasks == ("count",)


def test_parquet_in_several_files(tmp_path: Path) -> None:
    rows = made_up_mirb.rows()
    made_up_mirb.parquet(tmp_path / "test-0.parquet", rows[:6])
    made_up_mirb.parquet(tmp_path / "test-1.parquet", rows[6:])
    split = load_questions(f"mirb:{tmp_path}")
    assert len(split.questions) == len(rows)
    assert all(split.read_image(key).shape == (12, 16, 3) for question in split.questions for key in question.images)


def test_text_only_forms_by_order_and_by_text(tmp_path: Path) -> None:
    root = made_up_mirb.folder(tmp_path)
    split = load_questions(f"mirb:{root}")
    texts = [question.text_question for question in split.of("codeu")]
    assert texts == [f"(code of {n}) {record[0]}" for n, record in enumerate(made_up_mirb.RECORDS["codeu"])]
    assert split.of("count")[0].text_question is None
    records = json.loads((root / "codeu_text.json").read_text())
    stranger = {"questions": "Something else?", "answers": "A", "images": []}
    made_up_mirb.write(root / "codeu_text.json", [records[1], stranger, records[0]])
    other = load_questions(f"mirb:{root}")
    assert [question.text_question for question in other.of("codeu")] == texts
    assert "codeu: 1 text-only record(s) fit no question" in other.warnings


def test_numbered_options_become_letters(tmp_path: Path) -> None:
    root = made_up_mirb.folder(tmp_path)
    records = json.loads((root / "codeu.json").read_text())
    for record, answer in zip(records, (3, "1"), strict=True):
        for number, letter in enumerate("ABCD", start=1):
            record["questions"] = record["questions"].replace(f"\n{letter}. ", f"\n{number}. ")
        record["answers"] = answer
    made_up_mirb.write(root / "codeu.json", records)
    (root / "codeu_text.json").unlink()
    split = load_questions(f"mirb:{root}")
    assert [(q.question, q.answer) for q in split.of("codeu")] == [
        (question, answer) for question, answer, _ in made_up_mirb.RECORDS["codeu"]
    ]
    assert any("2 question(s) print options as 1., 2." in line for line in split.warnings)


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    root = made_up_mirb.folder(tmp_path)
    (root / "images" / "count" / "k0.jpg").unlink()
    (root / "images" / "analogy" / "a3.png").unlink()
    made_up_mirb.write(root / "cuont.json", [])
    made_up_mirb.write(root / "foods.json", [])
    made_up_mirb.write(root / "arxiv.json", {"questions": "one record, no list"})
    records = json.loads((root / "attribute.json").read_text())
    records[0]["answers"] = "perhaps"
    records.append({"questions": "No answer?", "images": ["images/attribute/d0.png"]})
    records.append({"questions": "Far away?", "answers": "Yes", "images": ["../../secret.png"]})
    made_up_mirb.write(root / "attribute.json", records)
    (root / "count_concat.json").write_text("{")  # not read, so not wrong
    (root / "food.json").write_text("[{")
    with pytest.raises(UserError) as caught:
        load_questions(f"mirb:{root}")
    message = str(caught.value)
    for part in (
        "9 problem(s)",
        "cuont.json: MIRB has no task 'cuont'. Did you mean count?",
        "foods.json: food.json holds the same task",
        "count.json: 1 missing image(s): images/count/k0.jpg",
        "analogy.json: 1 missing image(s): images/analogy/a3.png",
        "arxiv.json: holds dict, not a list",
        "attribute.json: 1 broken record(s): record 2 (no answers)",
        "attribute.json: 1 image path(s) that leave the folder",
        "food.json: not readable as JSON",
        "attribute.json: 1 odd answer(s): record 1 has the answer 'perhaps' where Yes or No is due",
    ):
        assert part in message, part
    assert "count_concat" not in message


def test_odd_answers_are_listed_or_kept(tmp_path: Path) -> None:
    root = made_up_mirb.folder(tmp_path)
    records = json.loads((root / "count.json").read_text())
    records[0]["answers"], records[1]["answers"] = "a few", None
    made_up_mirb.write(root / "count.json", records)
    with pytest.raises(UserError, match=r"count.json: 2 odd answer\(s\): record 1 has the answer 'a few' where a"):
        load_questions(f"mirb:{root}")
    kept = load_questions(f"mirb:{root}", odd_answers="keep")
    assert kept.of("count")[0].answer == "a few"
    assert any("2 odd answer(s)" in line for line in kept.warnings)


def test_parquet_problems(tmp_path: Path) -> None:
    rows = made_up_mirb.rows()
    rows[0]["subset"] = "fodo"
    rows[1]["image_list"][0]["bytes"] = None
    rows[2]["image_list"] = []
    rows[3]["question_id"] = rows[4]["question_id"]
    path = made_up_mirb.parquet(tmp_path / "m.parquet", rows)
    with pytest.raises(UserError) as caught:
        load_questions(f"mirb:{path}")
    for part in (
        "MIRB has no task 'fodo'. Did you mean food?",
        "1 missing image(s): row 2, image 1",
        "1 row(s) without images: row 3",
        "question_id: 1 that stand twice",
    ):
        assert part in str(caught.value), part
    made_up_mirb.parquet(tmp_path / "n.parquet", [{"question_id": 1, "subset": "count"}])
    with pytest.raises(UserError, match=r"lacks the column\(s\) questions, answers, image_list"):
        load_questions(f"mirb:{tmp_path / 'n.parquet'}")
    (tmp_path / "o.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(UserError, match="not readable as parquet"):
        load_questions(f"mirb:{tmp_path / 'o.parquet'}")


def test_missing_data_and_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATA_SPLITS_MIRB", raising=False)
    with pytest.raises(UserError) as caught:
        load_questions("mirb")
    for part in ("needs:", "images.zip", "--split mirb:", "DATA_SPLITS_MIRB", "--split mirb-procedural"):
        assert part in str(caught.value)
    with pytest.raises(UserError, match="holds neither"):
        load_questions(f"mirb:{tmp_path}")
    root = made_up_mirb.folder(tmp_path / "MIR")
    (root / "food.json").unlink()
    split = load_questions(f"mirb:{root}")
    assert any(line.startswith("1 task(s) have no questions here: food") for line in split.warnings)
    (root / "images").rename(root / "pictures")
    (root / "images.zip").touch()
    with pytest.raises(UserError, match=r"images\.zip is there: unzip it"):
        load_questions(f"mirb:{root}")
    assert describe("mirb").needs
