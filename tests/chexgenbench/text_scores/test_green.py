from __future__ import annotations

from pathlib import Path

import pytest
from fake_scorers import Calls, radeval
from tiny_vlms import byte_tokenizer, text_config

from chexgenbench.text_scores import green
from chexgenbench.text_scores.base import Where
from chexgenbench.text_scores.green import GREEN_SCORE, judge
from data_splits.errors import UserError


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama, as GREEN's is a large one."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("green")
    tokenizer = byte_tokenizer("llava")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        LlamaForCausalLM(LlamaConfig(**text_config(len(tokenizer)))).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_prompt_answer_and_reading(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: Calls = []
    radeval(monkeypatch, calls)
    asked: list[str] = []

    def made_up(folder: Path, device: str) -> object:
        return lambda prompt: asked.append(prompt) or ("unreadable" if "odd" in prompt else " score 0.75 ")

    monkeypatch.setattr(green, "judge", made_up)
    found = GREEN_SCORE.terms(["edema", "", "clear"], ["no edema", "a", ""], Where(tmp_path))
    assert found.tolist() == [[0.75, 1.0], [0.0, 1.0], [0.0, 1.0]]
    assert asked == ["edema | no edema"] and calls == [{"response": "score 0.75"}]
    with pytest.raises(UserError, match="cannot be read"):
        GREEN_SCORE.terms(["odd"], ["a"], Where(tmp_path))


def test_the_checkpoint_answers_greedily_without_repeating_the_prompt(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(green, "MAX_TOKENS", 80)
    ask = judge(checkpoint, "cpu")
    assert ask("a b") == ask("a b") and "<|user|>" not in ask("a b") and ask("a b") != ask("something else")


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "pip install radeval" in str(GREEN_SCORE.lacks(Where()))
    radeval(monkeypatch, [])
    assert "GREEN-radllama2-7b" in str(GREEN_SCORE.lacks(Where()))
