import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from data_splits.errors import UserError
from data_splits.integrity import sha256_bytes
from data_splits.sources import load_split
from model_adapters.generators import GENERATORS, parse_model
from model_adapters.generators.fine_tuned import adapter_of, card_facts, training_cases
from model_adapters.protocols import BuildContext


def folder_of(folder: Path, **more: Any) -> Path:
    split = load_split("phantom", seed=1, train=4, test=2, size=64)
    known = {case.id: sha256_bytes((case.prompt or "").encode()) for case in split.cases("train")[:3]}
    (folder / "training_cases.json").write_text(json.dumps({"split": "phantom", "cases": known, **more}))
    card = {"name": "a", "kind": "generator", "source": "b", "licence": "c", "training_data": ["phantom/train"]}
    (folder / "card.json").write_text(json.dumps(card))
    (folder / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    return folder


@pytest.mark.parametrize("name", ["embedded", "diffusers", "sd-1.5", "sana"])
def test_every_generator_that_loads_the_folder_tells_its_training_cases(name: str, tmp_path: Path) -> None:
    split = load_split("phantom", seed=1, train=8, test=2, size=64)  # more patients of the same cohort
    context = BuildContext(target=str(folder_of(tmp_path)), split=split)
    wanted = {case.id for case in load_split("phantom", seed=1, train=4, test=2, size=64).cases("train")[:3]}
    assert GENERATORS.training_cases(name, context) == wanted


def test_another_cohort_with_the_same_ids_is_not_taken_for_the_one_trained_on(tmp_path: Path) -> None:
    folder_of(tmp_path)
    other = load_split("phantom", seed=2, train=4, test=2, size=64)
    same = load_split("phantom", seed=1, train=4, test=2, size=64)
    assert {case.id for case in other.cases("train")} & {case.id for case in same.cases("train")}
    assert training_cases(BuildContext(target=str(tmp_path), split=other)) is None
    renamed = replace(same, name="other")
    assert training_cases(BuildContext(target=str(tmp_path), split=renamed)) is None


def test_other_folders_and_names_say_nothing(tmp_path: Path) -> None:
    split = load_split("phantom", seed=1, train=4, test=2, size=64)
    for target in (None, "someone/something", str(tmp_path)):
        assert training_cases(BuildContext(target=target, split=split)) is None
    assert card_facts(tmp_path) == {} and adapter_of(tmp_path) is None


def test_the_card_tells_contamination_and_licence(tmp_path: Path) -> None:
    assert card_facts(folder_of(tmp_path)) == {"licence": "c", "training_data": ("phantom/train",), "notes": ()}


def test_a_bare_path_goes_to_the_generator_whose_layout_it_has(tmp_path: Path) -> None:
    assert parse_model(str(folder_of(tmp_path, adapter="embedded"))) == ("embedded", str(tmp_path))
    assert parse_model(str(folder_of(tmp_path, adapter="constant"))) == ("diffusers", str(tmp_path))


@pytest.mark.parametrize("text", ["{", "[]", '{"split": "phantom"}', '{"split": "phantom", "cases": 3}'])
def test_damage_is_told_in_a_line(tmp_path: Path, text: str) -> None:
    folder_of(tmp_path)
    (tmp_path / "training_cases.json").write_text(text)
    (tmp_path / "card.json").write_text('{"name": 3}')
    split = load_split("phantom", seed=1, train=4, test=2, size=64)
    with pytest.raises(UserError, match="names no training cases"):
        training_cases(BuildContext(target=str(tmp_path), split=split))
    with pytest.raises(UserError, match="is no model card"):
        card_facts(tmp_path)
    assert adapter_of(tmp_path) is None
