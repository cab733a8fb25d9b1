"""The model that is fine-tuned: found, loaded in float32, and how its pipeline reads text and calls its denoiser.

A base is a diffusers checkpoint folder, a cached hub id of one, or `embedded`, the generator that ships. Nothing is
downloaded. VAE and text encoders stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import content_hash
from model_adapters.generators import diffusers_checkpoint as checkpoint
from model_adapters.generators import diffusers_loading as loading

if TYPE_CHECKING:
    from torch import Tensor

EMBEDDED = "embedded"

DENOISERS = {
    "StableDiffusionPipeline": "unet",
    "StableDiffusion3Pipeline": "transformer",
    "PixArtAlphaPipeline": "transformer",
    "PixArtSigmaPipeline": "transformer",
    "SanaPipeline": "transformer",
}
"""Pipeline class -> the folder of the network that is trained."""

Condition = Mapping[str, "Tensor"]
"""What the denoiser is told of the prompts, each tensor [n, ...]."""


@dataclass(frozen=True)
class Located:
    """A base on disk.

    Attributes:
        source: what a record calls it. folder: of the checkpoint. pipeline: its class. part: folder of its denoiser.
        embedded: whether it has the layout of the generator that ships, which `embedded:PATH` draws with.
    """

    source: str
    folder: Path
    pipeline: str
    part: str
    embedded: bool

    def weights_hash(self) -> str:
        """sha256 over the hashes of all weight files."""
        return content_hash(checkpoint.weight_hashes(self.folder))


def locate_base(named: str) -> Located:
    """Find a base.

    Raises:
        UserError: nothing there, no diffusers checkpoint, a part missing, or a pipeline that is not known here.
    """
    from model_adapters.generators import embedded

    if named in (EMBEDDED, f"{EMBEDDED}:"):
        return Located(EMBEDDED, embedded.FOLDER, "StableDiffusionPipeline", "unet", True)
    source, folder = loading.locate(named.removeprefix(f"{EMBEDDED}:").removeprefix("diffusers:"), "")
    if folder is None:
        raise UserError(f"The base {source} is not on this machine: hf download {source}")
    pipeline = _class(folder)
    if pipeline not in DENOISERS:
        raise UserError(f"{source} is a {pipeline}; capacity-control fine-tunes {', '.join(sorted(DENOISERS))}.")
    lacking = checkpoint.incomplete(folder, pipeline, source)
    if lacking:
        raise UserError(f"{lacking[0].what} is missing: {lacking[0].how}.")
    own = all((folder / name).is_file() for name in embedded.WEIGHT_HASHES) and _grey(folder)
    return Located(source, folder, pipeline, DENOISERS[pipeline], own)


def _class(folder: Path) -> str:
    import json

    try:
        return str(json.loads((folder / "model_index.json").read_text("utf-8"))["_class_name"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{folder} is no diffusion model: no readable model_index.json of diffusers.") from None


def _grey(folder: Path) -> bool:
    """Whether the autoencoder is that of the generator that ships: it has one channel, those of others three."""
    import json

    config = json.loads((folder / "vae/config.json").read_text("utf-8"))
    return bool(config.get("_class_name") == "AutoencoderTiny" and config.get("in_channels") == 1)


class Base:
    """A loaded pipeline, all of it frozen and in float32.

    Attributes:
        located: where it lies. pipe: the pipeline. network: its denoiser. size: pixels a side of an image.
    """

    def __init__(self, located: Located, device: str, size: int = 0) -> None:
        from model_adapters.generators.diffusers_pipeline import native_size

        options = {"offload": "none", "compile": False}
        self.located = located
        self.pipe = loading.load(located.pipeline, located.folder, "float32", device, options, None)
        self.network: Any = getattr(self.pipe, located.part)
        self.device = device
        for part in self.pipe.components.values():
            if hasattr(part, "requires_grad_"):
                part.requires_grad_(False).eval()  # eval: dropout would draw from the global random state
        self.size = size or native_size(self.pipe)

    def condition(self, prompt: str) -> dict[str, Tensor]:
        """What the denoiser is told of one prompt, each tensor [1, ...], as the pipeline itself would tell it."""
        import torch

        with torch.no_grad():
            return {"StableDiffusionPipeline": self._clip, "StableDiffusion3Pipeline": self._triple}.get(
                self.located.pipeline, self._masked
            )(prompt)

    def _clip(self, prompt: str) -> dict[str, Tensor]:
        states, _ = self.pipe.encode_prompt([prompt], self.device, 1, False)
        return {"encoder_hidden_states": states}

    def _triple(self, prompt: str) -> dict[str, Tensor]:
        states, _, pooled, _ = self.pipe.encode_prompt(
            [prompt], None, None, self.device, 1, False, max_sequence_length=self._length()
        )
        return {"encoder_hidden_states": states, "pooled_projections": pooled}

    def _masked(self, prompt: str) -> dict[str, Tensor]:
        more: dict[str, Any] = {}
        if self.located.pipeline == "SanaPipeline" and prompt:
            from model_adapters.generators.sana import instruction_lines

            more["complex_human_instruction"] = instruction_lines(self.pipe)
        states, mask, *_ = self.pipe.encode_prompt(
            [prompt], do_classifier_free_guidance=False, device=self.device, max_sequence_length=self._length(), **more
        )
        return {"encoder_hidden_states": states, "encoder_attention_mask": mask}

    def _length(self) -> int:
        """Tokens that the last text encoder reads: as the family's published settings have it."""
        return 512 if self.located.pipeline == "StableDiffusion3Pipeline" else 300

    def predict(self, noisy: Tensor, time: Tensor, condition: Condition) -> Tensor:
        """The denoiser's prediction, [n, c, h, w] (a learnt variance is cut off).

        Args:
            noisy: [n, c, h, w]. time: [n], as the scheduler counts. condition: stacked over n.
        """
        more: dict[str, Any] = {}
        if self.located.part == "transformer" and self.located.pipeline.startswith("PixArt"):
            more["added_cond_kwargs"] = {"resolution": None, "aspect_ratio": None}
        scale = getattr(self.network.config, "timestep_scale", None) or 1.0
        out: Tensor = self.network(noisy, timestep=time * scale, return_dict=False, **condition, **more)[0]
        return out.chunk(2, dim=1)[0] if out.shape[1] == 2 * noisy.shape[1] else out

    def encode(self, pixels: Tensor) -> Tensor:
        """Images [n, channels, size, size] in [-1, 1] -> latents [n, c, h, w], scaled as the denoiser sees them.

        The mode of the encoder's distribution, where it has one: a cached latent is drawn once for all steps.
        """
        import torch

        vae = self.pipe.vae
        with torch.no_grad():
            out = vae.encode(pixels.to(self.device))
        known = ("latent", "latents")
        raw = out.latent_dist.mode() if hasattr(out, "latent_dist") else next(out[k] for k in known if k in out)
        shift = vae.config.get("shift_factor") or 0.0
        latents: Tensor = (raw - shift) * vae.config.scaling_factor
        return latents

    @property
    def channels(self) -> int:
        """Channels of an image: 1 (grey) or 3."""
        return int(self.pipe.vae.config.in_channels)
