"""CLIP and SigLIP from tiny random checkpoints of the real classes, by the path a user takes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from data_splits.errors import UserError
from model_adapters.check import check_encoder
from model_adapters.encoders import ENCODERS, clip, minilm
from model_adapters.encoders.clip_processor import ClipProcessor
from model_adapters.protocols import BuildContext, Encoder, TextEncoder
from tests.model_adapters.encoders.tiny import encode_all, random_image

TEXTS = ["no finding", "a large pleural effusion on the left side of the chest", "edema"]
SIDE = 32


def tiny(folder: Path, kind: str) -> Path:
    """A `save_pretrained` folder: model, image processor, tokenizer (MiniLM's vocabulary)."""
    import torch
    from transformers import BertTokenizerFast, CLIPConfig, CLIPModel, SiglipConfig, SiglipModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    part = {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {**part, "vocab_size": 30522, "max_position_embeddings": 16, "eos_token_id": 102, "bos_token_id": 101}
    vision = {**part, "image_size": SIDE, "patch_size": 8}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if kind == "clip":
            CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=20)).save_pretrained(folder)
            size = {"size": {"shortest_edge": SIDE}, "crop_size": {"height": SIDE, "width": SIDE}}
            CLIPImageProcessorPil(**size).save_pretrained(folder)
        else:
            SiglipModel(SiglipConfig(text_config=text, vision_config=vision)).save_pretrained(folder)
            SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    BertTokenizerFast(vocab=str(minilm._packaged() / "vocab.txt"), model_max_length=16).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=["clip", "siglip"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("clip") / request.param, request.param)


@pytest.fixture(scope="module")
def encoder(checkpoint: Path) -> Encoder:
    return ENCODERS.build("clip", BuildContext(weights=checkpoint))


def test_it_keeps_the_protocol(encoder: Encoder) -> None:
    assert not [check for check in check_encoder(encoder, [random_image(1), random_image(2)]) if check.passed is False]
    text = encoder.text_encoder()  # type: ignore[attr-defined]
    assert isinstance(text, TextEncoder)
    assert text.dim == encoder.dim == (20 if encoder.card.settings["model_type"] == "clip" else 24)


def test_agrees_with_the_model_and_its_own_processor(encoder: Encoder, checkpoint: Path) -> None:
    """transformers' own image processor, tokenizer and similarity: the logits up to scale and bias."""
    import torch
    from transformers import AutoModel, AutoTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    kind = checkpoint.name
    images = [random_image(seed, 40 + seed, 61) for seed in range(3)]
    processor = (CLIPImageProcessorPil if kind == "clip" else SiglipImageProcessorPil).from_pretrained(checkpoint)
    pixels = processor([PIL.Image.fromarray(image).convert("RGB") for image in images], return_tensors="pt")
    padding = "max_length" if kind == "siglip" else True
    tokens = AutoTokenizer.from_pretrained(checkpoint)(
        TEXTS, padding=padding, truncation=True, max_length=16, return_tensors="pt"
    )
    model = AutoModel.from_pretrained(checkpoint).eval()
    with torch.no_grad():
        out = model(pixel_values=pixels["pixel_values"], **tokens)
    bias = model.logit_bias.item() if kind == "siglip" else 0.0
    expected = (out.logits_per_image.numpy() - bias) / model.logit_scale.exp().item()
    text = encoder.text_encoder()  # type: ignore[attr-defined]
    found = encode_all(encoder, images) @ text.encode_text(TEXTS).T
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert np.ptp(found) > 1e-3


def test_a_text_depends_on_itself_alone_and_is_cut(encoder: Encoder) -> None:
    text = encoder.text_encoder()  # type: ignore[attr-defined]
    together = text.encode_text(TEXTS)
    np.testing.assert_array_equal(text.encode_text(TEXTS[::-1])[::-1], together)
    long = text.encode_text(["lung " * 40, "lung " * 60])
    np.testing.assert_array_equal(long[0], long[1])


def test_fingerprints_tell_checkpoints_apart(encoder: Encoder, checkpoint: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for path in checkpoint.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    same = ENCODERS.build("clip", BuildContext(weights=other))
    assert same.fingerprint == encoder.fingerprint
    settings = next(other.glob("*processor_config.json"))
    settings.write_text(settings.read_text().replace("0.5", "0.51").replace("0.48145466", "0.4"))
    assert ENCODERS.build("clip", BuildContext(weights=other)).fingerprint != encoder.fingerprint


def test_what_is_not_such_a_checkpoint_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Name a checkpoint"):
        clip.build(BuildContext())
    assert "hf download owner/model" in clip.requirements(BuildContext(target="owner/model"))[0].how
    with pytest.raises(UserError, match="is not a checkpoint folder"):
        clip.build(BuildContext(weights=tmp_path))
    with pytest.raises(UserError, match="no joint image and text features"):
        clip.build(BuildContext(weights=minilm._packaged()))
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("config.json", "model.safetensors"):
        (bare / name).write_bytes((checkpoint / name).read_bytes())
    with pytest.raises(UserError, match=r"has no preprocessor_config\.json"):
        clip.build(BuildContext(weights=bare))


def test_an_unknown_step_is_refused(tmp_path: Path) -> None:
    settings = {"size": {"shortest_edge": 8}, "do_equalize": True}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(settings))
    with pytest.raises(UserError, match="step 'do_equalize'"):
        ClipProcessor.read(tmp_path)


def test_no_code_from_a_checkpoint_is_run(checkpoint: Path, tmp_path: Path) -> None:
    """A config that asks for its own class by `auto_map`, with a module that would leave a trace."""
    trap = tmp_path / "trap"
    trap.mkdir()
    for path in checkpoint.iterdir():
        (trap / path.name).write_bytes(path.read_bytes())
    config = json.loads((trap / "config.json").read_text())
    config |= {"model_type": "trap", "auto_map": {"AutoConfig": "trap.Config", "AutoModel": "trap.Model"}}
    (trap / "config.json").write_text(json.dumps(config))
    (trap / "trap.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    with pytest.raises(UserError, match="does not load as image-text model"):
        clip.build(BuildContext(weights=trap))
    assert not (tmp_path / "ran").exists()
