"""The contact sheet: which cases, what is drawn, and consent."""

from __future__ import annotations

from pathlib import Path

import made_up_splits
import numpy as np
import pytest
from PIL import ImageFont

from data_splits.case import Case
from data_splits.contact_sheet import caption, choose, contact_sheet, wrap
from data_splits.errors import UserError
from data_splits.sources import load_split


def test_choice_is_spread_and_one_per_patient() -> None:
    cases = [Case(f"c{k:02d}", f"p{k // 3}") for k in range(30)]
    chosen = choose(cases, 5)
    assert [case.id for case in chosen] == ["c00", "c06", "c12", "c18", "c24"]
    assert len({case.id for case in choose(cases, 20)}) == 20
    assert len(choose(cases, 99)) == 30


def test_caption_never_holds_the_prompt() -> None:
    case = Case("c1", "p1", prompt="SECRET", labels={"Edema": 1, "Fracture": 0}, view="AP", sex="F", age=61.4)
    assert caption(case) == ("c1", "AP, F, 61 y", "Edema")


def test_wrapped_lines_fit_and_keep_every_word() -> None:
    font = ImageFont.load_default(11)
    text = "The NIH Clinical Center is the data provider. " * 5
    lines = wrap(text, 120, font)
    assert " ".join(lines) == text.strip()
    assert max(font.getlength(line) for line in lines) <= 120 < font.getlength(lines[0] + " " + lines[1])


def test_images_are_on_the_sheet() -> None:
    split = load_split("phantom", train=1, test=4, size=64)
    sheet = np.asarray(contact_sheet(split, "test", count=3, size=64, columns=2))
    assert sheet.ndim == 2
    first = split.read_image(choose(split.cases("test"), 3)[0])
    assert np.array_equal(sheet[30 : 30 + 64, 10 : 10 + 64], first)


def test_credentialed_needs_consent(tmp_path: Path) -> None:
    split = load_split(f"mimic-cxr:{made_up_splits.mimic(tmp_path)}")
    with pytest.raises(UserError, match="--include-credentialed"):
        contact_sheet(split, "test")
    assert contact_sheet(split, "test", count=4, include_credentialed=True).width > 100
