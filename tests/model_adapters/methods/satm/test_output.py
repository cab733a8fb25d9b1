"""What is left behind is an ordinary split, and a credentialed source's mark goes with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from data_splits.sources import load_split
from model_adapters.methods.satm.classes import class_rule
from model_adapters.methods.satm.made_up import made_up_split
from model_adapters.methods.satm.output import Result, write_split

SOURCE = made_up_split()
RULE = class_rule("Pneumonia,No Finding")


def result(learnt: bool = True) -> Result:
    exact = np.random.default_rng(0).normal(size=(4, 1, 8, 8)).astype(np.float32)
    pixels = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)
    origins = [SOURCE.cases("train")[row] for row in (0, 2, 1, 3)]
    return Result(pixels, np.array([0, 0, 1, 1]), origins, learnt, exact, {"step_size": 0.1})


def test_it_is_read_back_by_the_folder_source(tmp_path: Path) -> None:
    write_split(tmp_path / "out", SOURCE, RULE, result(), "satm")
    split = load_split(f"folder:{tmp_path / 'out'}")
    cases = split.cases("train")
    assert [case.id for case in cases] == ["no-finding-0000", "no-finding-0001", "pneumonia-0000", "pneumonia-0001"]
    assert cases[2].labels == {"Pneumonia": 1, "No Finding": 0} and cases[0].labels == {"Pneumonia": 0, "No Finding": 1}
    assert len({case.patient for case in cases}) == 4 and all("learnt" in case.patient for case in cases)
    assert np.array_equal(split.read_image(cases[3]), result().pixels[1])
    assert split.licence == "Condensed from made-up: CC0" and not split.credentialed
    card = (tmp_path / "out" / "README.md").read_text()
    assert "| Pneumonia | 2 |" in card and RULE.sentence in card and "Do not upload" not in card
    pairs = (tmp_path / "out" / "pairs.csv").read_text().splitlines()
    # The made-up split is evaluated on its one subset: the first cases of each class, each once.
    assert [line.split(",")[:2] for line in pairs] == [
        ["id", "started_from"], ["made-00", "made-00"], ["made-02", "made-02"], ["made-01", "made-01"],
        ["made-03", "made-03"],
    ]  # fmt: skip


def test_a_credentialed_source_marks_what_is_derived_from_it(tmp_path: Path) -> None:
    secret = replace(SOURCE, credentialed=True)
    write_split(tmp_path / "out", secret, RULE, result(learnt=False), "random")
    split = load_split(f"folder:{tmp_path / 'out'}")
    assert split.credentialed
    patients = {case.patient for case in split.cases("train")}
    assert len(patients) == 4 and not patients & {case.patient for case in SOURCE.cases("train")}
    assert "Do not upload" in (tmp_path / "out" / "README.md").read_text()


def test_chosen_real_images_keep_their_patient(tmp_path: Path) -> None:
    write_split(tmp_path / "out", SOURCE, RULE, result(learnt=False), "random")
    cases = load_split(f"folder:{tmp_path / 'out'}").cases("train")
    assert [case.patient for case in cases] == ["p1", "p3", "p0", "p2"]
    assert "real images of patients" in (tmp_path / "out" / "README.md").read_text()
