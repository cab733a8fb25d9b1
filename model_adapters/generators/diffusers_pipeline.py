"""A generator over any text-to-image pipeline of diffusers; a family of checkpoints is a few lines over it.

An image depends on its prompt and seed alone: noise is drawn on the CPU by one `torch.Generator` per image, so that it
is the same on every device, and prompts are padded to a fixed length. The batch size moves the last digits, and the
engine holds it constant (`compute_batch`).
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.generators import diffusers_checkpoint as checkpoint
from model_adapters.generators.diffusers_loading import denoiser, load
from model_adapters.options import OptionValue
from model_adapters.protocols import GenerationRequest, Image

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Family:
    """What checkpoints of one pipeline class share.

    Attributes:
        pipeline: class name in diffusers.
        steps, guidance: published sampling settings; 0 steps or negative guidance for the pipeline's own default.
        call: further arguments of the pipeline's call. v1, v2: those of one protocol.
        load: further arguments of its `from_pretrained`.
        dtype: on a GPU; on a CPU it is float32 unless the user says otherwise.
        readers: (tokenizer, limit): "own" for the tokenizer's own limit, "call" for `max_sequence_length` of the call,
            where the pipeline has it.
            The last one reads the most.
        operations: floating-point operations of one denoising step of one image at the native resolution.
    """

    pipeline: str
    steps: int = 0
    guidance: float = -1.0
    call: Arguments = field(default_factory=dict)
    v1: Arguments = field(default_factory=dict)
    v2: Arguments = field(default_factory=dict)
    load: Arguments = field(default_factory=dict)
    dtype: str = "float16"
    readers: tuple[tuple[str, Literal["own", "call"]], ...] = (("tokenizer", "own"),)
    operations: float | None = None

    @property
    def options(self) -> dict[str, OptionValue]:
        """Sampling options with their published defaults. size: pixels a side, 0 for what the protocol says."""
        return {"steps": self.steps, "guidance": self.guidance, "size": 0}


@dataclass(frozen=True)
class Loaded:
    """Where a pipeline comes from.

    Attributes:
        source, folder: of the checkpoint. lora_source, lora: of LoRA weights, or None.
        device, dtype, protocol, options: as asked for.
    """

    source: str
    folder: Path
    lora_source: str | None
    lora: Path | None
    device: str
    dtype: str | None
    protocol: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def torch_dtype(self, family: Family) -> str:
        """The dtype name: what was asked for, else the family's on a GPU and float32 elsewhere."""
        return self.dtype or (family.dtype if self.device.startswith("cuda") else "float32")


class PipelineGenerator:
    """Draws through a pipeline of diffusers.

    Args:
        card: static; completed with what was loaded. family: its pipeline and settings.

    Raises:
        UserError: weights that do not fit, or an option that cannot be met.
    """

    needs_prompt = True

    def __init__(self, card: ModelCard, family: Family, loaded: Loaded) -> None:
        self.family = family
        self._options = loaded.options
        self._device = loaded.device
        self._pipe = self._load(loaded)
        self._accepted = frozenset(inspect.signature(type(self._pipe).__call__).parameters)
        on_gpu = loaded.device.startswith("cuda")
        self.compute_batch: int = loaded.options["compute_batch"] or (8 if on_gpu else 1)
        self._call = self._settings(loaded.protocol, card.resolution)
        self._readers = self._limits()
        self.card = self._completed(card, loaded)

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Image]:
        """One image per request, uint8[height, width, 3].

        Raises:
            UserError: pixels that are not numbers.
        """
        import torch

        drawn = self._pipe(
            prompt=[request.prompt for request in requests],
            generator=[torch.Generator("cpu").manual_seed(request.seed) for request in requests],
            output_type="np",
            **self._call,
        ).images
        if not np.isfinite(drawn).all():
            raise UserError(
                f"{self.card.name} drew pixels that are not numbers (an overflow of its dtype). Use --dtype bfloat16."
            )
        pixels = np.rint(np.clip(drawn, 0.0, 1.0) * 255.0).astype(np.uint8)
        return list(pixels)

    def annotate(self, request: GenerationRequest) -> dict[str, bool | int]:
        """tokens: length of the prompt for the encoder that reads the most; truncated: more than it reads.

        With several encoders also how many tokens the shortest reader would need: `tokens_short`, `truncated_short`.
        Nothing for a pipeline of which no tokenizer is known.
        """
        counts = [(len(self._encoded(name, request.prompt)), limit) for name, limit in self._readers]
        facts: dict[str, bool | int] = {}
        if not counts:
            return facts
        if len(counts) > 1:
            facts |= {"tokens_short": counts[0][0], "truncated_short": counts[0][0] > counts[0][1]}
        tokens, limit = counts[-1]
        return {"tokens": tokens, "truncated": tokens > limit, **facts}

    def _load(self, loaded: Loaded) -> Any:
        family = self.family
        return load(
            family.pipeline, loaded.folder, loaded.torch_dtype(family), loaded.device, loaded.options, loaded.lora,
            **family.load,
        )  # fmt: skip

    def _settings(self, protocol: str, resolution: int | None) -> dict[str, Any]:
        """Arguments of the pipeline's call. v1 draws at the pipeline's own size, as published; v2 at the card's."""
        native = native_size(self._pipe)
        size = self._options["size"] or (native if protocol == "v1" else min(native, resolution or native))
        wanted = {"height": size, "width": size, **self.family.call}
        wanted |= self.family.v1 if protocol == "v1" else self.family.v2
        steps, guidance = self._options["steps"] or self.family.steps, self._options["guidance"]
        guidance = guidance if guidance >= 0 else self.family.guidance
        wanted |= {"num_inference_steps": steps} if steps > 0 else {}
        wanted |= {"guidance_scale": guidance} if guidance >= 0 else {}
        return {name: value for name, value in wanted.items() if name in self._accepted}

    def _limits(self) -> list[tuple[str, int]]:
        """(tokenizer, tokens that are read) of every encoder that is there."""
        parameters = inspect.signature(type(self._pipe).__call__).parameters
        limits = []
        for name, limit in self.family.readers:
            tokenizer = getattr(self._pipe, name, None)
            if tokenizer is None:
                continue
            told = 0
            if limit == "call" and "max_sequence_length" in parameters:
                told = self._call.get("max_sequence_length") or parameters["max_sequence_length"].default
            limits.append((name, int(told or tokenizer.model_max_length)))
        return limits

    def _encoded(self, tokenizer: str, prompt: str) -> list[int]:
        ids: list[int] = getattr(self._pipe, tokenizer)(prompt).input_ids
        return ids

    def _more_settings(self) -> dict[str, str]:
        """What else the card of a family must tell of how it draws."""
        return {}

    def _hashes(self, loaded: Loaded) -> dict[str, str]:
        return checkpoint.weight_hashes(loaded.folder)

    def _completed(self, card: ModelCard, loaded: Loaded) -> ModelCard:
        network = denoiser(self._pipe)
        shown = {name: value for name, value in self._call.items() if isinstance(value, str | int | float | bool)}
        settings: dict[str, str | int | float | bool] = {
            **shown,
            "scheduler": type(self._pipe.scheduler).__name__,
            "dtype": str(network.dtype),
            "compute_batch": self.compute_batch,
            "reads_tokens": self._readers[-1][1] if self._readers else 0,
            **self._more_settings(),
        }
        hashes = self._hashes(loaded)
        if loaded.lora is not None:
            settings |= {"lora": str(loaded.lora_source), "lora_scale": loaded.options["lora_scale"]}
            hashes |= {f"lora/{loaded.lora.name}": checkpoint.sha256_file(loaded.lora)}
        settings |= {
            name: loaded.options[name] for name in ("offload", "compile") if loaded.options[name] not in ("none", False)
        }
        return card.model_copy(
            update={
                "source": loaded.source,
                "revision": checkpoint.revision(loaded.folder),
                "parameters": sum(each.numel() for each in network.parameters()),
                "resolution": self._call.get("height"),
                "settings": settings,
                "weight_hashes": hashes,
            }
        )


def native_size(pipe: Any) -> int:
    """Pixels a side that a pipeline draws if it is not told."""
    size = getattr(pipe, "default_sample_size", None) or getattr(denoiser(pipe).config, "sample_size", None)
    if not isinstance(size, int):
        raise UserError(f"{type(pipe).__name__} names no square size of its own. Say it: --model-option size=512.")
    return size * int(pipe.vae_scale_factor)
