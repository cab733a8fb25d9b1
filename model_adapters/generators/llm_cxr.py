"""LLM-CXR: a language model that writes an image as 256 tokens of a VQ-GAN's codebook.

    text -> "instruction + report" -> 256 image tokens, each drawn from the next-token distribution -> VQ-GAN -> 256 px

The published checkpoints are two archives linked from the authors' repository, not a hub repository: a GPT-NeoX model
whose vocabulary ends with the codebook, and a VQ-GAN of taming-transformers, a pickle. Neither can be loaded as it is.
What is needed here is a folder with

    llm/     the language model and its tokenizer, saved by transformers as safetensors
    vqgan/   the same VQ-GAN as a `VQModel` of diffusers, as safetensors

Convert both on a machine where you trust the archives.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.card import ModelCard
from model_adapters.generators import diffusers_checkpoint as checkpoint
from model_adapters.generators.diffusers_loading import missing_device
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import BuildContext, GenerationRequest, Image
from model_adapters.requirements import Missing

REPOSITORY = "hyn2028/llm-cxr"
PARTS = ("llm", "vqgan")

OPTIONS: dict[str, OptionValue] = {"top_p": 0.92, "allow_cpu": False}

INTRODUCTION = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request."
)
INSTRUCTION = (
    "Generate a chest X-ray image that corresponds to the entered free-text radiology reports "
    "for the chest X-ray image."
)
"""The wording that the checkpoint was trained to answer: an interface, not prose. The authors draw one of ten
instructions at random; here it is always the first, so that an image follows from its request."""

CARD = ModelCard(
    name="llm-cxr",
    kind="generator",
    source=f"archives linked from the GitHub repository {REPOSITORY}",
    licence="not declared for the weights",
    verified=False,
    parameters=12_000_000_000,
    resolution=256,
    settings={"top_p": 0.92, "image_tokens": 256, "dtype": "bfloat16"},
    training_data=("mimic-cxr",),
    needs=(
        "--model llm-cxr:FOLDER with llm/ and vqgan/, both converted to safetensors by you (see `show`)",
        "a CUDA GPU with 30 GB",
    ),
    download_gb=24.0,
    memory_gb=26.0,
    notes=(
        "The published checkpoint cannot be loaded as it is: a tar of a transformers model, one of a pickled VQ-GAN. "
        "FOLDER/llm is the model saved by transformers as safetensors, with its tokenizer; FOLDER/vqgan is the VQ-GAN "
        "as a diffusers VQModel. Only made-up checkpoints of these classes were run here.",
        "12 B is the benchmark's figure; download and memory follow from it in bfloat16. The authors' code names "
        "smaller bases.",
        "The authors sample freely, and again until exactly 256 image tokens come; here only those can be drawn.",
        "Images are drawn one by one: a token is a yes or no, which the last digits of a batch could turn.",
    ),
)


class LlmCxr:
    """Draws token by token with a CPU `torch.Generator` per image."""

    needs_prompt = True
    compute_batch = 1

    def __init__(self, context: BuildContext) -> None:
        import torch
        from diffusers import VQModel
        from transformers import AutoModelForCausalLM, AutoTokenizer

        missing = requirements(context)
        if missing:
            raise UserError("\n".join(f"{each.what} is missing: {each.how}" for each in missing))
        checkpoint.quiet()
        self._options = read_options(context.options, OPTIONS, CARD.name)
        if not 0.0 < self._options["top_p"] <= 1.0:
            raise UserError("top_p is above 0 and at most 1.")
        folder = _folder(context)
        assert folder is not None  # or it would be missing
        dtype = context.dtype or ("bfloat16" if context.device.startswith("cuda") else "float32")
        safe: dict[str, Any] = {"use_safetensors": True, "local_files_only": True, "trust_remote_code": False}
        self._tokenizer = AutoTokenizer.from_pretrained(str(folder / "llm"), local_files_only=True)
        self._llm = AutoModelForCausalLM.from_pretrained(str(folder / "llm"), dtype=getattr(torch, dtype), **safe)
        torch.nn.Module.to(self._llm, context.device).eval()
        safe.pop("trust_remote_code")
        self._vqgan = VQModel.from_pretrained(str(folder / "vqgan"), **safe).to(context.device).eval()
        config = self._vqgan.config
        self._codes = int(config.num_vq_embeddings)
        self._side = int(config.sample_size) // 2 ** (len(config.block_out_channels) - 1)
        self._first = len(self._tokenizer)
        """Token id of the codebook's first entry: the codebook follows the words."""
        if self._llm.config.vocab_size < self._first + self._codes:
            raise UserError(
                f"{folder.name}/llm knows {self._llm.config.vocab_size} tokens: too few for {self._first} words and a "
                f"codebook of {self._codes}. The two parts do not belong together."
            )
        self._room = int(self._llm.config.max_position_embeddings) - self._side**2
        self.card = CARD.model_copy(
            update={
                "source": f"local:{folder.resolve().name}",
                "parameters": sum(each.numel() for each in self._llm.parameters()),
                "resolution": int(config.sample_size),
                "weight_hashes": {
                    f"{part}/{path.name}": sha256_file(path)
                    for part in PARTS
                    for path in sorted((folder / part).glob("*.safetensors"))
                },
                "settings": {
                    "top_p": self._options["top_p"],
                    "image_tokens": self._side**2,
                    "dtype": str(self._llm.dtype),
                    "reads_tokens": self._room,
                },
            }
        )

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Image]:
        """One image per request, uint8[side, side, 3]."""
        return [self._draw(request) for request in requests]

    def annotate(self, request: GenerationRequest) -> dict[str, bool | int]:
        """tokens: of instruction and report; truncated: more than the context has room for."""
        tokens = len(self._tokenizer(wording(request.prompt)).input_ids)
        return {"tokens": tokens, "truncated": tokens > self._room}

    def _draw(self, request: GenerationRequest) -> Image:
        import torch

        generator = torch.Generator("cpu").manual_seed(request.seed)
        with torch.inference_mode():
            ids = self._prompt_ids(request.prompt)
            codes, past = [], None
            for _ in range(self._side**2):
                step = self._llm(input_ids=ids, past_key_values=past, use_cache=True)
                past = step.past_key_values
                logits = step.logits[0, -1, self._first : self._first + self._codes].float().cpu()
                codes.append(sampled(logits, self._options["top_p"], generator))
                ids = torch.tensor([[self._first + codes[-1]]], device=self._llm.device)
            grid = torch.tensor(codes, device=self._vqgan.device)
            shape = (1, self._side, self._side, self._vqgan.config.vq_embed_dim)
            latents = self._vqgan.quantize.get_codebook_entry(grid, shape)
            pixels = self._vqgan.decode(latents, force_not_quantize=True).sample[0].float().cpu().numpy()
        return np.rint((np.clip(pixels, -1.0, 1.0).transpose(1, 2, 0) + 1.0) * 127.5).astype(np.uint8)

    def _prompt_ids(self, prompt: str) -> Any:
        """Token ids, int64[1, n]; the report is cut at its end where the context has no room for all of it."""
        ids = self._tokenizer(wording(prompt)).input_ids
        if len(ids) > self._room:
            tail = self._tokenizer(wording("")).input_ids[-_answer_length(self._tokenizer) :]
            ids = ids[: self._room - len(tail)] + tail
        import torch

        return torch.tensor([ids], device=self._llm.device)


def wording(report: str) -> str:
    """The report within the instruction, up to where the answer begins."""
    return f"{INTRODUCTION}\n\n### Instruction:\n{INSTRUCTION}\n\nInput:\n{report}\n\n### Response:\n"


def _answer_length(tokenizer: Any) -> int:
    return len(tokenizer("\n\n### Response:\n", add_special_tokens=False).input_ids)


def sampled(logits: Any, top_p: float, generator: Any) -> int:
    """An index drawn from softmax(logits), restricted to the likeliest that together reach `top_p`.

    Args:
        logits: float32[n]. generator: a torch.Generator on the CPU.
    """
    import torch

    chances, order = torch.softmax(logits.double(), dim=0).sort(descending=True, stable=True)
    before = chances.cumsum(0) - chances
    kept = torch.where(before < top_p, chances, torch.zeros_like(chances))
    return int(order[torch.multinomial(kept / kept.sum(), 1, generator=generator)])


def _folder(context: BuildContext) -> Path | None:
    named = context.weights or context.target
    if named is None:
        return None
    path = Path(named).expanduser()
    if not path.is_dir():
        raise UserError(f"No folder at {path}. Use --model llm-cxr:FOLDER with llm/ and vqgan/ in it.")
    return path


def requirements(context: BuildContext) -> list[Missing]:
    """Both parts as safetensors, and a GPU."""
    options, folder = read_options(context.options, OPTIONS, CARD.name), _folder(context)
    lacking = list(PARTS)
    if folder is not None:
        lacking = [part for part in PARTS if not any((folder / part).glob("*.safetensors"))]
    how = f"archives linked from the GitHub repository {REPOSITORY}, converted; --model llm-cxr:FOLDER with {{}}/ in it"
    missing = [Missing(f"LLM-CXR's {part} as safetensors", how.format(part)) for part in lacking]
    large = folder is None or checkpoint.is_large(folder)
    return missing + missing_device(context.device, options, large, CARD.memory_gb)


def build(context: BuildContext) -> LlmCxr:
    """Load the folder of `context.target`. Option: top_p, the share of likeliest tokens that may be drawn.

    Raises:
        UserError: a part is missing, or the parts do not belong together.
    """
    return LlmCxr(context)
