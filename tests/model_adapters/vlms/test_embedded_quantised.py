"""The embedded VLM on quantised language models: the right folder is needed; W8A16 hardly changes an answer."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from data_splits.errors import UserError
from data_splits.sources import load_questions
from model_adapters.inference.prompts import v2_parts
from model_adapters.methods.mobilequant.made_up import write_llama
from model_adapters.methods.mobilequant.method import MobileQuant
from model_adapters.methods.run import run_method
from model_adapters.protocols import AnswerRequest, BuildContext
from model_adapters.vlms import VLMS, embedded_quantised


def test_without_a_folder_it_says_how_to_make_one() -> None:
    missing = VLMS.requirements("embedded-quantised", BuildContext())
    assert "model=embedded" in missing[-1].how
    with pytest.raises(UserError, match="a quantised language model"):
        VLMS.build("embedded-quantised", BuildContext())


def test_a_folder_of_another_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no quantised\.safetensors"):
        embedded_quantised.build(BuildContext(target=str(write_llama(tmp_path / "llama"))))
    inputs = MobileQuant().made_up_inputs(tmp_path / "in") | {"method": "rtn"}
    artifact = run_method(MobileQuant(), inputs, tmp_path / "out")
    with pytest.raises(UserError, match="no language model of the embedded VLM"):
        embedded_quantised.build(BuildContext(target=str(artifact.folder)))


@pytest.mark.slow
def test_with_activations_of_16_bits_it_answers_as_the_float_model(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    inputs = {
        "model": "embedded", "method": "smoothquant-edge", "weight_bits": 8, "activation_bits": 16, "samples": 5,
        "held_out": 5,
    }  # fmt: skip
    artifact = run_method(MobileQuant(), inputs, tmp_path / "out")
    measured = artifact.record["measured"]
    assert measured["perplexity"] == pytest.approx(measured["perplexity_float"], rel=0.1)
    quantised = VLMS.build("embedded-quantised", BuildContext(target=str(artifact.folder)))
    plain = VLMS.build("embedded", BuildContext())
    split = load_questions("mirb-procedural", seed=11, per_task=2)
    requests = []
    for task in ("count", "attribute", "analogy"):
        for question in split.of(task):
            parts = v2_parts(question, [split.read_image(key) for key in question.images])
            requests.append(AnswerRequest(question.id, task, parts, max_new_tokens=8))
    ours, theirs = quantised.answer(requests), plain.answer(requests)
    assert sum(a.text == b.text for a, b in zip(ours, theirs, strict=True)) >= 5
    assert quantised.answer(requests[2:3]) == ours[2:3]
    assert "W8A16" in quantised.card.notes[0]
    assert quantised.card.name == "embedded-smoothquant-edge-W8A16"
