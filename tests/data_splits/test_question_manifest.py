"""A question manifest: written, read, compared; no text of a question in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from data_splits.errors import UserError
from data_splits.question_manifest import differences, read_manifest, to_manifest, write_manifest
from data_splits.sources import load_questions


def test_round_trip_and_differences(tmp_path: Path) -> None:
    split = load_questions("mirb-procedural", per_task=2, tasks="food,count")
    manifest = to_manifest(split)
    write_manifest(tmp_path / "m.json", manifest)
    assert read_manifest(tmp_path / "m.json") == manifest
    assert manifest["counts"] == {"food": 2, "count": 2}
    assert "suits" not in (tmp_path / "m.json").read_text()
    assert differences(manifest, manifest) == []
    questions = (replace(split.questions[0], answer="Z"), *split.questions[2:])
    other = to_manifest(replace(split, questions=questions))
    assert differences(other, manifest) == [
        "food-s7-0000: another text",
        "food-s7-0001: in the manifest only",
    ]
    pixels = to_manifest(replace(split, image_hashes=dict.fromkeys(split.image_hashes, "0")))
    assert len(differences(pixels, manifest)) == 4


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"question_manifest_version": 99}'])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(UserError, match=r"m\.json"):
        read_manifest(tmp_path / "m.json")
