import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_sana import save_tiny_sana

from data_splits.errors import UserError
from model_adapters.generators import GENERATORS, sana
from model_adapters.generators.diffusers_pipeline import PipelineGenerator
from model_adapters.inference.generate import generate
from model_adapters.inference.sample_store import SampleStore
from model_adapters.protocols import BuildContext, GenerationRequest

PROMPTS = ["large pleural effusion", "no finding", "Cardiomegaly", "left effusion. " * 150, "small effusion"]
REQUESTS = [GenerationRequest(f"c{i}", prompt, 2**62 + i) for i, prompt in enumerate(PROMPTS)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_sana(tmp_path_factory.mktemp("sana") / "tiny")


@pytest.fixture(scope="module")
def tiny(folder: Path) -> PipelineGenerator:
    return sana.SANA(BuildContext(target=str(folder), options={"steps": "2"}))


def levels(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).max())


def test_draws_at_the_checkpoints_own_size(tiny: PipelineGenerator) -> None:
    images = tiny.generate(REQUESTS[:2])
    assert all(image.shape == (64, 64, 3) and image.dtype == np.uint8 and image.std() > 1 for image in images)


def test_an_image_does_not_depend_on_its_batch(tiny: PipelineGenerator) -> None:
    together = tiny.generate(REQUESTS)
    alone = [tiny.generate([request])[0] for request in REQUESTS]
    shuffled = tiny.generate([REQUESTS[i] for i in (3, 1, 4)])
    assert max(levels(*pair) for pair in zip(together, alone, strict=True)) <= 1
    assert max(levels(together[i], image) for i, image in zip((3, 1, 4), shuffled, strict=True)) <= 1
    assert all(
        (one == other).all() for one, other in zip(alone, [tiny.generate([r])[0] for r in REQUESTS], strict=True)
    )


def test_seed_and_prompt_both_matter(tiny: PipelineGenerator) -> None:
    base, seed, prompt = (
        tiny.generate([GenerationRequest("c", text, number)])[0]
        for text, number in (("no finding", 1), ("no finding", 2), ("large effusion", 1))
    )
    assert levels(base, seed) > 10 and levels(base, prompt) >= 1


def test_agrees_with_the_pipeline_called_by_hand(tiny: PipelineGenerator, folder: Path) -> None:
    import torch
    from diffusers import SanaPipeline

    pipe = SanaPipeline.from_pretrained(folder)
    drawn = pipe(
        "small effusion", num_inference_steps=2, guidance_scale=4.5, height=64, width=64, use_resolution_binning=False,
        generator=torch.Generator().manual_seed(5),
    ).images[0]  # fmt: skip
    assert levels(np.asarray(drawn), tiny.generate([GenerationRequest("c", "small effusion", 5)])[0]) <= 1


def test_published_settings_enlarge_a_512_px_checkpoint_to_1024(folder: Path) -> None:
    published = sana.SANA(BuildContext(target=str(folder), protocol="v1", options={"steps": 1}))
    assert published.card.settings["use_resolution_binning"] is True
    assert published.generate(REQUESTS[:1])[0].shape == (1024, 1024, 3)


def test_truncated_prompts_are_counted(tiny: PipelineGenerator, tmp_path: Path) -> None:
    store = SampleStore(tmp_path, {})
    generate(tiny, REQUESTS, store)
    assert [bool((row.info or {})["truncated"]) for row in store.rows.values()] == [False, False, False, True, False]


def test_truncation_is_what_the_encoder_cannot_see(tiny: PipelineGenerator) -> None:
    """A word added behind the limit changes nothing in the embedding; one before it does."""
    words = 298 - 1
    inside, outside = ("effusion " * (words - 3)).strip(), ("effusion " * (words + 60)).strip()
    for text, seen in ((inside, True), (outside, False)):
        one = tiny.generate([GenerationRequest("c", text, 1)])[0]
        other = tiny.generate([GenerationRequest("c", text + " cardiomegaly", 1)])[0]
        assert tiny.annotate(GenerationRequest("c", text + " cardiomegaly", 1))["truncated"] is not seen
        assert seen or (one == other).all()


def test_card_names_what_was_loaded(tiny: PipelineGenerator, folder: Path) -> None:
    assert tiny.card.source == "local:tiny" and str(folder.parent) not in tiny.card.model_dump_json()
    assert set(tiny.card.weight_hashes) == {
        "model_index.json",
        "text_encoder/model.safetensors",
        "transformer/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
    }
    assert tiny.card.resolution == 64 and tiny.card.settings["dtype"] == "torch.float32"
    assert tiny.compute_batch == 1


def test_weights_option_wins_over_the_hub_name(folder: Path) -> None:
    assert sana.SANA.requirements(BuildContext(weights=folder)) == []


@pytest.mark.parametrize("target", [None, "stock"])
def test_a_bare_machine_is_told_what_is_missing(target: str | None, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("model_adapters.generators.diffusers_checkpoint.cached_folder", lambda name: None)
    context = BuildContext(target=target)
    weights, gpu = GENERATORS.requirements("sana", context)
    assert (sana.STOCK if target else sana.FINE_TUNED) in weights.how and "hf download" in weights.how
    assert "--model sana:/path" in weights.how and weights.size_gb == pytest.approx(8.9)
    assert "--device cuda" in gpu.how
    with pytest.raises(UserError, match="hf download"):
        GENERATORS.build("sana", context)
    estimate = GENERATORS.estimate("sana", context, 1000)
    assert estimate is not None and estimate.seconds > 60 and "estimated" in estimate.basis


def test_cuda_without_a_gpu_is_told(folder: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    (missing,) = sana.SANA.requirements(BuildContext(target=str(folder), device="cuda"))
    assert "CUDA" in missing.what


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda f: (f / "vae/diffusion_pytorch_model.safetensors").unlink(), "the part vae"),
        (lambda f: (f / "model_index.json").unlink(), "model_index.json"),
        (lambda f: shutil.rmtree(f / "tokenizer"), "the part tokenizer"),
        (
            lambda f: (f / "text_encoder/model.safetensors").rename(f / "text_encoder/model.fp16.safetensors"),
            "the part text_encoder",
        ),
    ],
)
def test_a_checkpoint_with_a_hole_is_named(folder: Path, tmp_path: Path, break_it, message: str) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    break_it(copy)
    with pytest.raises(UserError, match=message):
        sana.SANA(BuildContext(target=str(copy)))


def test_another_pipeline_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    index = json.loads((copy / "model_index.json").read_text())
    (copy / "model_index.json").write_text(json.dumps(index | {"_class_name": "FluxPipeline"}))
    with pytest.raises(UserError, match="FluxPipeline"):
        sana.SANA(BuildContext(target=str(copy)))


def test_a_wrong_path_is_told() -> None:
    with pytest.raises(UserError, match="No checkpoint at"):
        sana.SANA(BuildContext(target="/no/such/folder"))


@pytest.mark.parametrize(("protocol", "text_encoder"), [("v1", "torch.float16"), ("v2", "torch.bfloat16")])
def test_half_precision_is_as_published_or_as_the_authors_advise(
    folder: Path, protocol: str, text_encoder: str
) -> None:
    options = {"steps": 1, "size": 64}
    half = sana.SANA(BuildContext(target=str(folder), dtype="float16", protocol=protocol, options=options))
    assert half.card.settings["dtype"] == "torch.float16"
    assert half.card.settings["text_encoder_dtype"] == text_encoder
    full = sana.SANA(BuildContext(target=str(folder), protocol=protocol, options=options))
    one, other = half.generate(REQUESTS[:1])[0], full.generate(REQUESTS[:1])[0]
    assert np.abs(one.astype(int) - other.astype(int)).mean() < 5
