"""vLLM in this process (the `vllm` extra): fast batches on one machine's GPUs, with vLLM's own model code.

mirb eval --vlm vllm:Qwen/Qwen2.5-VL-7B-Instruct --model-option max_images=42
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import AnswerRefused, AnswerRequest, BuildContext, Response
from model_adapters.requirements import Missing
from model_adapters.vlms.chat.checkpoint import locate
from model_adapters.vlms.served.payload import IMAGE_OPTIONS, check_image_options, messages
from model_adapters.vlms.served.reply import TOP, best_spelling

OPTIONS: dict[str, OptionValue] = {
    **IMAGE_OPTIONS,
    "max_images": 42,
    "max_model_len": 0,
    "gpu_memory": 0.9,
    "tensor_parallel": 1,
    "seed": 0,
}

CARD = ModelCard(
    name="vllm",
    kind="vlm",
    source="a checkpoint that vLLM can run",
    licence="that of the checkpoint",
    verified=False,
    needs=('pip install "chexgenbench-suite[vllm]"', "a CUDA GPU", "--vlm vllm:OWNER/NAME or vllm:/path/to/folder"),
    notes=(
        "Never run against a real vLLM: written from its documented chat interface (LLM.chat, SamplingParams) and "
        "tested on a stand-in of the same names. Check a few answers against the transformers adapter first.",
        "vLLM schedules batches itself; answers may differ in rare cases with the batch (its kernels are not "
        "batch-invariant by default).",
    ),
)


class VLLM:
    """Answers through `vllm.LLM.chat`, greedily."""

    def __init__(self, context: BuildContext) -> None:
        self._options = read_options(context.options, OPTIONS, CARD.name)
        check_image_options(self._options)
        lacks = requirements(context)
        if lacks:
            raise UserError("\n".join(f"{each.what} is missing: {each.how}" for each in lacks))
        source, folder = locate(context, CARD.name, str(context.target))
        import vllm

        self._vllm: Any = vllm
        more = {"max_model_len": self._options["max_model_len"]} if self._options["max_model_len"] else {}
        self._llm = vllm.LLM(
            model=str(folder),
            dtype=context.dtype or "auto",
            seed=self._options["seed"],
            gpu_memory_utilization=self._options["gpu_memory"],
            tensor_parallel_size=self._options["tensor_parallel"],
            limit_mm_per_prompt={"image": self._options["max_images"]},
            trust_remote_code=False,
            **more,
        )
        self.concurrency = 256
        settings = {**self._options, "temperature": 0, "vllm": str(getattr(vllm, "__version__", "unknown"))}
        self.card = CARD.model_copy(update={"source": source, "settings": settings})

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Response]:
        """All answers, in order; vLLM makes its own batches.

        Raises:
            AnswerRefused: a request has more images than `max_images`, or its letters are not among the likeliest.
        """
        for request in requests:
            reason = self.refusal(request)
            if reason:
                raise AnswerRefused(reason)
        sampling = [
            self._vllm.SamplingParams(
                temperature=0.0,
                max_tokens=1 if request.letters else request.max_new_tokens,
                logprobs=TOP if request.letters else None,
                seed=self._options["seed"],
            )
            for request in requests
        ]
        conversations = [messages(request.parts, self._options) for request in requests]
        outputs = self._llm.chat(conversations, sampling, use_tqdm=False)
        return [_response(output, request) for output, request in zip(outputs, requests, strict=True)]

    def refusal(self, request: AnswerRequest) -> str | None:
        """More images than the engine was set up for."""
        images = sum(not isinstance(part, str) for part in request.parts)
        most = int(self._options["max_images"])
        return f"{images} images, and max_images is {most}" if images > most else None


def _response(output: Any, request: AnswerRequest) -> Response:
    (answer,) = output.outputs
    tokens_in, tokens_out = len(output.prompt_token_ids), len(answer.token_ids)
    if request.letters:
        alternatives = [(each.decoded_token, each.logprob) for each in answer.logprobs[0].values()]
        return Response("", best_spelling(alternatives, request.letters), False, tokens_in, tokens_out)
    return Response(answer.text.strip(), {}, answer.finish_reason == "length", tokens_in, tokens_out)


def requirements(context: BuildContext) -> list[Missing]:
    """The package, a GPU and a checkpoint."""
    lacks = []
    if importlib.util.find_spec("vllm") is None:
        lacks.append(Missing("the package vllm", 'pip install "chexgenbench-suite[vllm]" in an environment of its own'))
    if context.target is None and context.weights is None:
        lacks.append(Missing("the name of a checkpoint", "--vlm vllm:OWNER/NAME or vllm:/path/to/folder"))
        return lacks
    source, folder = locate(context, CARD.name, str(context.target))
    if folder is None:
        lacks.append(Missing(f"the checkpoint {source}", f"hf download {source}, or --vlm vllm:/path/to/folder"))
    elif not Path(folder / "config.json").exists():
        lacks.append(Missing(f"config.json in {folder}", "copy the whole checkpoint"))
    return lacks


def build(context: BuildContext) -> VLLM:
    """`vllm:OWNER/NAME` (in the hub's cache) or `vllm:/path/to/folder`.

    Options: max_images per question, max_model_len (0: the checkpoint's), gpu_memory (share), tensor_parallel (GPUs),
    seed, image_format, quality, max_side.

    Raises:
        UserError: package, checkpoint or name is missing.
    """
    return VLLM(context)
