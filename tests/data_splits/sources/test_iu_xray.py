"""The Open-i layout with made-up reports."""

from __future__ import annotations

from pathlib import Path

import made_up_splits
import numpy as np
import pytest
from PIL import Image

from data_splits.errors import UserError
from data_splits.sources import load_split


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made: Path = made_up_splits.openi(tmp_path / "openi")
    return made


def test_frontal_images_with_findings(root: Path) -> None:
    split = load_split(f"iu-xray:{root}")
    everyone = (*split.cases("train"), *split.cases("test"))
    assert len(everyone) == 29
    assert all(case.image is not None and case.image.endswith("4001.png") for case in everyone)
    assert "1 reports without findings: left out" in split.warnings
    one = next(case for case in everyone if case.patient == "1")
    assert one.prompt == "Made up finding 1."
    assert [name for name, value in one.labels.items() if value] == ["No Finding"]
    two = next(case for case in everyone if case.patient == "2")
    assert {name for name, value in two.labels.items() if value} == {"Cardiomegaly", "Lung Opacity"}
    assert split.read_image(two).shape == (8, 8)
    assert load_split(f"iu-xray:{root}", text="impression").cases("train")[0].prompt.startswith("Made up impression")  # type: ignore[union-attr]


def test_the_seeded_split_does_not_depend_on_other_reports(root: Path) -> None:
    whole = load_split(f"iu-xray:{root}")
    other = load_split(f"iu-xray:{root}", seed=1)
    assert {case.id for case in whole.cases("test")} != {case.id for case in other.cases("test")}
    (root / "reports" / "ecgen-radiology" / "7.xml").unlink()
    part = load_split(f"iu-xray:{root}")
    for subset in ("train", "test"):
        assert {case.id for case in part.cases(subset)} == {c.id for c in whole.cases(subset) if c.patient != "7"}


def test_symmetry_chooses_the_symmetric_image(root: Path) -> None:
    (root / "indiana_projections.csv").unlink()
    with pytest.raises(UserError, match=r"no indiana_projections.csv .*frontal=symmetry"):
        load_split(f"iu-xray:{root}")
    half = np.random.default_rng(0).integers(0, 256, (40, 20), dtype=np.uint8)
    for path in (root / "images").glob("*3001.png"):
        Image.fromarray(np.hstack([half, half[:, ::-1]])).resize((80, 80)).save(path)
    split = load_split(f"iu-xray:{root}", frontal="symmetry")
    assert all(case.image is not None and case.image.endswith("3001.png") for case in split.cases("train"))


def test_errors(root: Path) -> None:
    with pytest.raises(UserError, match="Option text of split iu-xray is one of findings, impression"):
        load_split(f"iu-xray:{root}", text="report")
    (root / "images" / "CXR3_3_IM-0003-4001.png").unlink()
    with pytest.raises(UserError, match=r"1 frontal image file\(s\) missing:\n  CXR3_3_IM-0003-4001.png"):
        load_split(f"iu-xray:{root}")
    (root / "reports" / "ecgen-radiology" / "9.xml").write_text("<eCitation>")
    with pytest.raises(UserError, match=r"9.xml is not a readable XML report"):
        load_split(f"iu-xray:{root}")
    bomb = '<!DOCTYPE x [<!ENTITY a "b">]><eCitation>&a;</eCitation>'
    (root / "reports" / "ecgen-radiology" / "9.xml").write_text(bomb)
    with pytest.raises(UserError, match="declares a document type"):
        load_split(f"iu-xray:{root}")
    with pytest.raises(UserError, match="no XML report below"):
        load_split(f"iu-xray:{root / 'images'}")
