"""The embedded VLM with a changed output layer: what is read, what is refused, and that a change changes answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from data_splits.errors import UserError
from data_splits.sources import load_questions
from model_adapters.inference.prompts import v2_parts
from model_adapters.protocols import AnswerRequest, BuildContext
from model_adapters.vlms import VLMS, embedded, embedded_tuned, smollm2

FACTS = {"kind": "tokens", "hash": "", "tokens": [5, 9], "scale": 0.5, "data": ["made up"]}


def written(folder: Path, facts: dict[str, Any], **tensors: np.ndarray) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "network.json").write_text(json.dumps(FACTS | facts))
    width = smollm2.WIDTH
    made = {"bias": np.zeros(2, np.float32), "weight": np.zeros((2, width), np.float32)}
    save_file(tensors or made, folder / "network.safetensors")
    return folder


def test_without_a_folder_it_says_how_to_make_one() -> None:
    assert "train bads" in VLMS.requirements("embedded-tuned", BuildContext())[-1].how
    with pytest.raises(UserError, match="a tuned output layer"):
        VLMS.build("embedded-tuned", BuildContext())


@pytest.mark.parametrize(
    ("facts", "tensors", "message"),
    [
        ({"kind": "labels"}, {}, "holds a classifier"),
        ({"tokens": [5, 5]}, {}, "tokens that the model does not have"),
        ({"tokens": [5, 10**6]}, {}, "tokens that the model does not have"),
        ({"tokens": [5]}, {}, "other shapes"),
        ({"scale": "much"}, {}, "no output layer"),
        ({}, {"bias": np.zeros(2, np.float32)}, "no output layer"),
        (
            {},
            {"bias": np.zeros(2, np.float32), "weight": np.full((2, smollm2.WIDTH), np.nan, np.float32)},
            "not finite",
        ),
    ],
)
def test_a_folder_that_does_not_fit_is_refused_in_a_line(
    tmp_path: Path, facts: dict[str, Any], tensors: dict[str, np.ndarray], message: str
) -> None:
    folder = written(tmp_path / "model", facts, **tensors)
    with pytest.raises(UserError, match=message) as told:
        embedded_tuned.build(BuildContext(target=str(folder)))
    assert len(str(told.value).splitlines()) == 1
    with pytest.raises(UserError, match=r"holds no network\.json"):
        embedded_tuned.build(BuildContext(target=str(tmp_path)))


@pytest.mark.slow
def test_a_layer_for_other_weights_is_refused_and_a_change_changes_answers(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="another embedded model"):
        embedded_tuned.build(BuildContext(target=str(written(tmp_path / "other", {}))))
    plain = VLMS.build("embedded", BuildContext())
    split = load_questions("mirb-procedural", seed=11, per_task=1, tasks="attribute")
    [question] = split.questions
    parts = v2_parts(question, [split.read_image(key) for key in question.images])
    request = AnswerRequest(question.id, "attribute", parts, max_new_tokens=4)
    [before] = plain.answer([request])
    words = {word: smollm2.load()[1].encode(word).ids for word in ("Yes", "No")}
    assert before.text in words and all(len(ids) == 1 for ids in words.values())
    other = next(word for word in words if word != before.text)
    own = {"hash": plain.card.weight_hashes[embedded.FILE], "tokens": [words[before.text][0], words[other][0]]}
    width, rng = smollm2.WIDTH, np.random.default_rng(0)
    flat = {"bias": np.array([0.0, 50.0], np.float32), "weight": np.zeros((2, width), np.float32)}
    two = {"0.bias": np.ones(3, np.float32), "0.weight": rng.normal(size=(3, width)).astype(np.float32) * 1e-3,
           "2.bias": np.zeros(2, np.float32), "2.weight": np.array([[0, 0, 0], [30, 30, 30]], np.float32)}  # fmt: skip
    for name, tensors in (("flat", flat), ("two", two)):
        vlm = VLMS.build("embedded-tuned", BuildContext(target=str(written(tmp_path / name, own, **tensors))))
        [after] = vlm.answer([request])
        assert after.text.startswith(other) and "made up" in vlm.card.training_data
    same = VLMS.build("embedded-tuned", BuildContext(target=str(written(tmp_path / "none", own))))
    assert same.answer([request]) == [before] and "2 tokens" in same.card.notes[0]
