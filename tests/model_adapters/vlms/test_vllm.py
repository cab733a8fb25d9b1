"""Against a stand-in with vLLM's names; the real package needs a GPU and has never been run here."""

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from toy_questions import requests_of, toy_questions

from data_splits.errors import UserError
from model_adapters.protocols import AnswerRefused, BuildContext
from model_adapters.vlms import VLMS


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    seen = SimpleNamespace(arguments={}, sampling=[], conversations=[], folder=tmp_path)

    class LLM:
        def __init__(self, **arguments: object) -> None:
            seen.arguments = arguments

        def chat(self, messages: list, sampling_params: list, use_tqdm: bool = True) -> list:
            seen.conversations, seen.sampling = messages, sampling_params
            return [self._one(*pair) for pair in zip(messages, sampling_params, strict=True)]

        def _one(self, conversation: list, sampling: SimpleNamespace) -> SimpleNamespace:
            text = conversation[0]["content"][-1]["text"]
            logprobs = None
            if sampling.logprobs:
                choices = {7: (" B", -0.5), 8: ("A", -1.5), 9: ("The", -2.0)}
                logprobs = [{k: SimpleNamespace(decoded_token=t, logprob=v) for k, (t, v) in choices.items()}]
            answer = SimpleNamespace(
                text=f" about {text.strip()}", token_ids=[1, 2], finish_reason="length", logprobs=logprobs
            )
            return SimpleNamespace(prompt_token_ids=list(range(11)), outputs=[answer])

    module = ModuleType("vllm")
    module.__spec__ = ModuleSpec("vllm", None)
    module.__version__ = "0.0-fake"  # type: ignore[attr-defined]
    module.LLM, module.SamplingParams = LLM, lambda **each: SimpleNamespace(**each)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vllm", module)
    (tmp_path / "config.json").write_text("{}")
    return seen


def test_answers_keep_their_order_and_say_what_was_cut(engine: SimpleNamespace) -> None:
    model = VLMS.build("vllm", BuildContext(target=str(engine.folder), options={"max_images": 3}))
    split = toy_questions({"count": ["1", "2", "3"]})
    responses = model.answer(requests_of(split))
    assert [each.text for each in responses] == [f"about {each.question}" for each in split.questions]
    assert all(each.truncated and each.tokens_in == 11 and each.tokens_out == 2 for each in responses)
    assert engine.arguments["limit_mm_per_prompt"] == {"image": 3} and engine.arguments["trust_remote_code"] is False
    assert {each.temperature for each in engine.sampling} == {0.0} and engine.sampling[0].max_tokens == 8
    kinds = [part["type"] for part in engine.conversations[0][0]["content"]]
    assert kinds == ["text", "image_url", "text", "image_url", "text"]
    assert model.card.settings["vllm"] == "0.0-fake"


def test_letters(engine: SimpleNamespace) -> None:
    model = VLMS.build("vllm", BuildContext(target=str(engine.folder)))
    (response,) = model.answer(requests_of(toy_questions({"food": ["A"]}), letters=("A", "B", "C")))
    assert response.letter_logits == {"A": -1.5, "B": -0.5} and response.text == ""


def test_too_many_images_are_refused(engine: SimpleNamespace) -> None:
    model = VLMS.build("vllm", BuildContext(target=str(engine.folder), options={"max_images": 1}))
    with pytest.raises(AnswerRefused, match="2 images, and max_images is 1"):
        model.answer(requests_of(toy_questions({"count": ["1"]})))


def test_what_is_missing_is_told() -> None:
    import importlib.util

    if importlib.util.find_spec("vllm") is not None:
        pytest.skip("vllm is installed here")
    with pytest.raises(UserError, match="package vllm is missing"):
        VLMS.build("vllm", BuildContext(target="OWNER/NAME"))
    told = " ".join(each.what for each in VLMS.requirements("vllm", BuildContext()))
    assert "vllm" in told and "name of a checkpoint" in told
