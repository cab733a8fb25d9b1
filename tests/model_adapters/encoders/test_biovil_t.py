"""BioViL-T from a folder of random weights in the published layout, by the path a user takes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from data_splits.errors import UserError
from model_adapters.check import check_encoder
from model_adapters.encoders import ENCODERS, biovil_t, minilm
from model_adapters.protocols import BuildContext, Encoder, TextEncoder
from tests.model_adapters.encoders.tiny import fill, random_image

SMALL = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Image half at full size, text half small, both with the published names, unused weights included."""
    from safetensors.torch import save_file
    from transformers import BertConfig, BertForMaskedLM

    from model_adapters.encoders.biovil_t_network import BioViLTImage, BioViLTText

    path = tmp_path_factory.mktemp("biovil") / "BioViL-T"
    path.mkdir()
    save_file(fill(BioViLTImage()).state_dict(), path / "biovil_t_image_model_proj_size_128.safetensors")
    config = BertConfig(**SMALL)
    text = fill(BioViLTText(config), seed=1).state_dict()
    heads = {f"cls.{name}": value.clone() for name, value in BertForMaskedLM(config).cls.state_dict().items()}
    pooler = {"bert.pooler.dense.bias": text["cls_projection_head.LayerNorm.bias"].clone()}
    save_file({**text, **heads, **pooler}, path / "model.safetensors")
    published = {"model_type": "cxr-bert", "projection_size": 128, "auto_map": {"AutoModel": "modeling_cxrbert.X"}}
    (path / "config.json").write_text(json.dumps({**SMALL, **published, "vocab_size": 30522}))
    (path / "vocab.txt").write_bytes((minilm._packaged() / "vocab.txt").read_bytes())
    return path


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return ENCODERS.build("biovil-t", BuildContext(weights=folder))


def test_the_encoder_keeps_the_protocol(encoder: Encoder) -> None:
    assert (encoder.name, encoder.dim, encoder.card.parameters) == ("biovil-t", 128, 27_349_928)
    assert list(encoder.card.weight_hashes) == ["biovil_t_image_model_proj_size_128.safetensors"]
    inputs = np.stack([encoder.preprocess(random_image(1))] + [encoder.preprocess(random_image(2))] * 7)
    features = encoder.encode(inputs)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, atol=1e-5)
    assert np.abs(features[0] - features[1]).max() > 1e-4
    np.testing.assert_array_equal(features[1], features[7])


@pytest.mark.slow
def test_the_encoder_passes_the_adapter_check(encoder: Encoder) -> None:
    failed = [check for check in check_encoder(encoder, [random_image(1), random_image(2)]) if check.passed is False]
    assert not failed


def test_text_half_shares_the_space_and_depends_on_the_text_alone(encoder: Encoder) -> None:
    text = encoder.text_encoder()  # type: ignore[attr-defined]
    assert isinstance(text, TextEncoder)
    assert (text.name, text.dim) == ("biovil-t", encoder.dim)
    assert text.fingerprint != encoder.fingerprint
    assert encoder.text_encoder() is text  # type: ignore[attr-defined]
    texts = ["No finding.", "Large left pleural effusion with a long description."]
    together = text.encode_text(texts)
    np.testing.assert_array_equal(text.encode_text(texts[::-1]), together[::-1])
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    assert np.abs(together[0] - together[1]).max() > 1e-3


def test_text_half_reads_the_file(encoder: Encoder, folder: Path) -> None:
    """The published call with padding: [CLS] projected; ours pads nothing, so they agree up to rounding."""
    import torch
    from transformers import BertConfig, BertTokenizerFast

    from model_adapters.encoders.biovil_t_network import BioViLTText

    network = fill(BioViLTText(BertConfig(**SMALL)), seed=1)
    texts = ["no finding", "edema and cardiomegaly in a supine patient"]
    tokens = BertTokenizerFast(vocab=str(folder / "vocab.txt"))(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        expected = network(tokens["input_ids"], tokens["attention_mask"]).numpy()
    found = encoder.text_encoder().encode_text(texts)  # type: ignore[attr-defined]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def copy_without(folder: Path, target: Path, *absent: str) -> Path:
    target.mkdir()
    for path in folder.iterdir():
        if path.name not in absent:
            (target / path.name).symlink_to(path)
    return target


def test_drift_of_layout_is_refused(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    name = "biovil_t_image_model_proj_size_128.safetensors"
    state = load_file(folder / name)
    other = copy_without(folder, tmp_path / "a", name)
    save_file({key: value for key, value in state.items() if key != "encoder.missing_previous_emb"}, other / name)
    with pytest.raises(UserError, match=r"not the image half of BioViL-T: it lacks 'encoder\.missing_previous_emb'"):
        biovil_t.build(BuildContext(weights=other))
    text = load_file(folder / "model.safetensors")
    other = copy_without(folder, tmp_path / "b", "model.safetensors")
    save_file({**text, "bert.extra": text["cls_projection_head.LayerNorm.bias"].clone()}, other / "model.safetensors")
    with pytest.raises(UserError, match=r"text half of BioViL-T: it has in excess 'bert\.extra'"):
        biovil_t.build(BuildContext(weights=other)).text_encoder()  # type: ignore[attr-defined]


def test_a_torch_file_that_is_not_the_pinned_one_is_not_opened(folder: Path, tmp_path: Path) -> None:
    other = copy_without(folder, tmp_path / "c", "biovil_t_image_model_proj_size_128.safetensors")
    (other / biovil_t.IMAGE).write_bytes(b"pickle")
    with pytest.raises(UserError, match="not a known file: not opened"):
        biovil_t.build(BuildContext(weights=other))


def test_what_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    lacking = biovil_t.requirements(BuildContext(weights=copy_without(folder, tmp_path / "d", "vocab.txt")))
    assert [each.size_gb for each in lacking] == [0.441]
    assert "vocab.txt" in lacking[0].what
    lacking = biovil_t.requirements(BuildContext())
    assert len(lacking) == 2, "this machine has a hub cache of BioViL-T; the test expects none"
    assert "hf download microsoft/BiomedVLP-BioViL-T biovil_t_image_model_proj_size_128.pt" in lacking[0].how
    with pytest.raises(UserError, match="biovil-t=/path/to/folder"):
        biovil_t.build(BuildContext())
    with pytest.raises(UserError, match="is not a folder"):
        biovil_t.build(BuildContext(weights=folder / "config.json"))


def test_pins_are_hashes_of_named_files() -> None:
    assert all(len(digest) == 64 and set(digest) <= set("0123456789abcdef") for digest in biovil_t.PINNED)
    assert biovil_t.IMAGE in biovil_t.PINNED.values()
