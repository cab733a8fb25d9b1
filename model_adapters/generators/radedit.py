"""RadEdit, used by CheXGenBench as released: assembled from its published parts, without remote code.

The parts are a U-Net (microsoft/radedit), the autoencoder of SDXL and the text encoder of BioViL-T, in a
`StableDiffusionPipeline` with a DDIM scheduler of linear betas and trailing time steps. The text encoder's own classes
would have to be downloaded and run; of them the diffusion model reads the last hidden states alone, which a plain
`BertModel` over the same weights computes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.card import ModelCard
from model_adapters.generators import diffusers_checkpoint as checkpoint
from model_adapters.generators import diffusers_loading as loading
from model_adapters.generators.diffusers_pipeline import Family, Loaded
from model_adapters.generators.diffusers_published import Published
from model_adapters.generators.unet_pipeline import UNetGenerator
from model_adapters.requirements import Missing

UNET, VAE, TEXT = "microsoft/radedit", "stabilityai/sdxl-vae", "microsoft/BiomedVLP-BioViL-T"
PARTS = {"unet": UNET, "vae": VAE, "text_encoder": TEXT}
"""Folder of a local copy -> the hub repository that it is a copy of. `text_encoder` holds the tokenizer too."""

TEXT_LIMIT = 128

FAMILY = Family(pipeline="StableDiffusionPipeline", steps=100, guidance=7.5, dtype="float32", operations=8e11)

CARD = ModelCard(
    name="radedit",
    kind="generator",
    source=UNET,
    licence="MIT (BioViL-T and, not looked up, SDXL's autoencoder); that of the U-Net was not looked up",
    verified=False,
    parameters=860_000_000,
    resolution=512,
    settings={"steps": 100, "guidance": 7.5, "scheduler": "DDIM, linear betas, trailing", "max_length": TEXT_LIMIT},
    training_data=("mimic-cxr", "chest-xray8", "chexpert"),
    needs=(f"hf download {UNET}, {VAE} and {TEXT}, or --model radedit:FOLDER with all three", "a CUDA GPU with 10 GB"),
    download_gb=4.3,
    memory_gb=9.0,
    notes=(
        "Used as released, not fine-tuned for the benchmark. Its training data are second hand, from its paper.",
        "The size of the download is computed from parameter counts in float32.",
        "float32 by default: the published dtype is not known, and SDXL's autoencoder overflows in float16.",
        "A local copy is a folder with unet/, vae/ and text_encoder/ (with its vocab.txt); weights as .safetensors.",
        "The text encoder reads 128 tokens, padding included, as the pipeline passes no attention mask.",
    ),
)


class RadEdit(UNetGenerator):
    """The assembled pipeline; `Loaded.folder` is that of the U-Net, or the folder of a local copy."""

    def _load(self, loaded: Loaded) -> Any:
        import torch
        from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel

        checkpoint.quiet()
        folders = part_folders(loaded.folder)
        how: dict[str, Any] = {
            "torch_dtype": getattr(torch, loaded.torch_dtype(self.family)),
            "use_safetensors": True,
            "local_files_only": True,
        }
        pipe = StableDiffusionPipeline(
            vae=AutoencoderKL.from_pretrained(str(folders["vae"]), **how),
            text_encoder=text_encoder(folders["text_encoder"]).to(how["torch_dtype"]),
            tokenizer=tokenizer(folders["text_encoder"]),
            unet=UNet2DConditionModel.from_pretrained(str(folders["unet"]), **how),
            scheduler=DDIMScheduler(
                beta_schedule="linear",
                clip_sample=False,
                prediction_type="epsilon",
                timestep_spacing="trailing",
                steps_offset=1,
            ),
            safety_checker=None,
            requires_safety_checker=False,
            feature_extractor=None,
        )
        return loading.finished(pipe, loaded.device, loaded.options, loaded.lora)

    def _hashes(self, loaded: Loaded) -> dict[str, str]:
        folders = part_folders(loaded.folder)
        files = [(part, path) for part, folder in folders.items() for path in sorted(folder.glob("*.safetensors"))]
        return {f"{part}/{path.name}": sha256_file(path) for part, path in files}


class RadEditPublished(Published):
    """Its parts come from three repositories, or from one local folder."""

    def _parts(self, folder: Path, source: str) -> list[Missing]:
        lacking = []
        for part, repository in PARTS.items():
            found = _part(folder, part)
            if found is None or not any(found.glob("*.safetensors")) or not (found / "config.json").is_file():
                what = f"the part {part} of RadEdit, {repository}"
                how = f"hf download {repository}, or {part}/ in the folder of --model radedit:FOLDER"
                lacking.append(Missing(what, how))
        return lacking


def part_folders(folder: Path) -> dict[str, Path]:
    """The folder of each part, by its name in `PARTS`.

    Args:
        folder: a local copy of all parts, or the hub's snapshot of the U-Net.

    Raises:
        UserError: a part is nowhere.
    """
    found = {part: _part(folder, part) for part in PARTS}
    lost = [part for part, path in found.items() if path is None]
    if lost:
        raise UserError(f"RadEdit lacks {', '.join(lost)}: {', '.join(PARTS[part] for part in lost)}.")
    return {part: path for part, path in found.items() if path is not None}


def _part(folder: Path, part: str) -> Path | None:
    if (folder / part / "config.json").is_file():
        return folder / part
    if part == "unet" and (folder / "config.json").is_file():
        return folder
    return checkpoint.cached_folder(PARTS[part]) if checkpoint.revision(folder) else None


def text_encoder(folder: Path) -> Any:
    """The BERT of BioViL-T: what its own class adds (word prediction, projection) the diffusion model does not read.

    Raises:
        UserError: weights of another model.
    """
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    try:
        told = json.loads((folder / "config.json").read_text("utf-8"))
        known = set(BertConfig().to_dict()) - {"model_type", "architectures", "transformers_version", "dtype"}
        network = BertModel(
            BertConfig(**{key: value for key, value in told.items() if key in known}), add_pooling_layer=False
        )
        state = load_file(folder / "model.safetensors")
        weights = {name.removeprefix("bert."): each for name, each in state.items() if name.startswith("bert.")}
        spare = [name for name in weights if name.startswith("pooler.") or name == "embeddings.position_ids"]
        network.load_state_dict({name: each for name, each in weights.items() if name not in spare})
    except (OSError, ValueError, RuntimeError) as error:
        what = (str(error).splitlines() or ["unreadable"])[0]
        raise UserError(f"{folder} does not hold the text encoder of BioViL-T ({what}).") from error
    return network.eval()


def tokenizer(folder: Path) -> Any:
    """BERT's tokenizer over the checkpoint's vocabulary, told to read 128 tokens."""
    from transformers import BertTokenizer

    return BertTokenizer.from_pretrained(str(folder), local_files_only=True, model_max_length=TEXT_LIMIT)


RADEDIT = RadEditPublished(CARD, FAMILY, generator=RadEdit)
