"""A chat model of `transformers` as an adapter: plan the images, render, pad left, answer greedily, decode the rest."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model_adapters.card import ModelCard
from model_adapters.protocols import AnswerRefused, AnswerRequest, Response
from model_adapters.vlms.chat.family import Family, ImagePlan
from model_adapters.vlms.chat.letters import letter_logits, letter_tokens
from model_adapters.vlms.chat.prompt import Prompter, prompter_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A request ready for the processor: prompt, images, plan, and tokens of the whole prompt."""

    request: AnswerRequest
    prompt: str
    images: tuple[Any, ...]
    plan: ImagePlan
    tokens: int

    @property
    def group(self) -> tuple[Any, ...]:
        """Requests with the same key may share a forward pass: same processor call, same cap, same kind of answer.

        A single image is processed unlike several by some families, and text unlike images by all.
        """
        call = tuple(sorted((key, repr(value)) for key, value in self.plan.call.items()))
        return call, min(len(self.images), 2), self.request.max_new_tokens, self.request.letters


class ChatModel:
    """Answers through one checkpoint of one family.

    Args:
        family: what it is. card: the filled card. processor, model: loaded, the model in evaluation mode.
        options: checked options. device: where inputs go. one_by_one: never share a forward pass.
        minimum: tokens an answer has at least (the published harness asks for 1).
    """

    def __init__(
        self,
        family: Family,
        card: ModelCard,
        processor: Any,
        model: Any,
        options: Mapping[str, Any],
        device: str,
        one_by_one: bool,
        minimum: int = 0,
    ) -> None:
        self.card = card
        self._family = family
        self._processor = processor
        self._model = model
        self._options = options
        self._device = device
        self._one_by_one = one_by_one
        self._minimum = minimum
        self._tokenizer = processor.tokenizer
        self._tokenizer.padding_side = "left"
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self.prompter: Prompter = prompter_of(processor, options["layout"], family.placeholder)
        self.context = int(options["context"]) or context_length(model.config)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Response]:
        """Greedy answers, or letter logits where `request.letters` asks for them.

        Raises:
            AnswerRefused: a request does not fit the context, told before anything is computed.
        """
        prepared = [self._prepare(request) for request in requests]
        for each in prepared:
            reason = self._reason(each)
            if reason:
                raise AnswerRefused(reason)
        groups: dict[tuple[Any, ...], list[int]] = {}
        for index, each in enumerate(prepared):
            groups.setdefault(each.group, []).append(index)
        responses: dict[int, Response] = {}
        for indices in groups.values():
            size = 1 if self._one_by_one else len(indices)
            for start in range(0, len(indices), size):
                chunk = indices[start : start + size]
                responses.update(zip(chunk, self._run([prepared[index] for index in chunk]), strict=True))
        return [responses[index] for index in range(len(requests))]

    def refusal(self, request: AnswerRequest) -> str | None:
        """Why the request will be refused, or None."""
        return self._reason(self._prepare(request))

    def prompt_tokens(self, request: AnswerRequest) -> int:
        """Tokens of the prompt, images included."""
        return self._prepare(request).tokens

    def inputs(self, requests: Sequence[AnswerRequest]) -> Any:
        """The tensors the model sees for requests of one group, on the CPU (checks look at them)."""
        return self._inputs([self._prepare(request) for request in requests])

    @property
    def network(self) -> Any:
        """The loaded model, for methods that train it."""
        return self._model

    @property
    def tokenizer(self) -> Any:
        """Its tokenizer."""
        return self._tokenizer

    def _prepare(self, request: AnswerRequest) -> _Prepared:
        from PIL import Image

        pictures = [part for part in request.parts if not isinstance(part, str)]
        if self._family.square and self._options["pad"]:
            pictures = [pad_to_square(each, self._mean) for each in pictures]
        images = tuple(Image.fromarray(np.ascontiguousarray(each)).convert("RGB") for each in pictures)
        prompt = self.prompter.render(request.parts)
        text = len(self._tokenizer(prompt, add_special_tokens=not self._starts_with_bos(prompt))["input_ids"])
        text -= len(images) * self._placeholder_tokens
        room = self.context - request.max_new_tokens - text
        limit = int(self._options["image_tokens"])
        sizes = [(image.height, image.width) for image in images]
        budget = min(room, limit) if limit else room
        plan = self._family.plan(self._processor, sizes, budget, self._options) if images else ImagePlan(())
        return _Prepared(request, prompt, images, plan, text + sum(plan.tokens))

    def _reason(self, prepared: _Prepared) -> str | None:
        if prepared.tokens + prepared.request.max_new_tokens <= self.context:
            return None
        count, tokens = len(prepared.images), sum(prepared.plan.tokens)
        return (
            f"{self.card.name} holds {self.context} tokens; {count} images take at least {tokens}, text "
            f"{prepared.tokens - tokens} and the answer up to {prepared.request.max_new_tokens}"
        )

    def _inputs(self, prepared: Sequence[_Prepared]) -> Any:
        call: dict[str, Any] = dict(prepared[0].plan.call)
        if prepared[0].images:
            call["images"] = [list(each.images) for each in prepared]
        return self._processor(
            text=[each.prompt for each in prepared],
            padding=True,
            return_tensors="pt",
            add_special_tokens=not self._starts_with_bos(prepared[0].prompt),
            **call,
        )

    def _run(self, prepared: Sequence[_Prepared]) -> list[Response]:
        import torch

        letters = prepared[0].request.letters
        cap = 1 if letters else prepared[0].request.max_new_tokens
        inputs = self._inputs(prepared).to(self._device, self._model.dtype)
        length = inputs["input_ids"].shape[1]
        mask = inputs["attention_mask"].sum(1).tolist()
        with torch.inference_mode():
            out = self._model.generate(
                **inputs,
                generation_config=self._generation(cap, bool(letters)),
            )
        if letters:
            tokens = letter_tokens(self._tokenizer, letters)
            logits = out.logits[0].float().cpu()
            return [
                Response("", letter_logits(row, tokens), tokens_in=int(count))
                for row, count in zip(logits, mask, strict=True)
            ]
        answers = out.sequences[:, length:].tolist()
        return [self._response(ids, int(count), cap) for ids, count in zip(answers, mask, strict=True)]

    def _response(self, ids: list[int], tokens_in: int, cap: int) -> Response:
        ends = [index for index, token in enumerate(ids) if token in self._ends]
        kept = ids[: ends[0]] if ends else ids
        text = self._tokenizer.decode(kept, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return Response(text.strip(), truncated=not ends and len(ids) >= cap, tokens_in=tokens_in, tokens_out=len(kept))

    def _generation(self, cap: int, logits: bool) -> Any:
        """The checkpoint's own configuration without sampling and without penalties: plain greedy search."""
        import copy

        config = copy.deepcopy(self._model.generation_config)
        config.update(
            do_sample=False, num_beams=1, temperature=None, top_p=None, top_k=None, repetition_penalty=None,
            no_repeat_ngram_size=None, max_length=None, max_new_tokens=cap, min_new_tokens=min(self._minimum, cap),
            eos_token_id=sorted(self._ends), pad_token_id=self._tokenizer.pad_token_id,
            output_logits=logits, return_dict_in_generate=True,
        )  # fmt: skip
        return config

    @property
    def _ends(self) -> set[int]:
        ends = self._model.generation_config.eos_token_id
        if ends is None:
            ends = self._tokenizer.eos_token_id
        return {int(each) for each in (ends if isinstance(ends, list) else [ends])}

    @property
    def _mean(self) -> tuple[int, ...]:
        return tuple(int(255 * each) for each in self._processor.image_processor.image_mean)

    @property
    def _placeholder_tokens(self) -> int:
        return len(self._tokenizer(self._processor.image_token, add_special_tokens=False)["input_ids"])

    def _starts_with_bos(self, prompt: str) -> bool:
        start = self._tokenizer.bos_token
        return bool(start) and prompt.startswith(start)


def context_length(config: Any) -> int:
    """Positions of the language model in a checkpoint's configuration."""
    text = config.get_text_config()
    return int(getattr(text, "max_position_embeddings", 0) or 4096)


def pad_to_square(image: np.ndarray, colour: Sequence[int]) -> np.ndarray:
    """uint8[H, W] or uint8[H, W, 3] -> uint8[S, S, 3], S = max(H, W), the image centred on `colour`.

    What the authors of LLaVA 1.5 do (their image_aspect_ratio=pad), so that a centre crop loses nothing.
    """
    pixels = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    height, width = pixels.shape[:2]
    side = max(height, width)
    square = np.empty((side, side, 3), np.uint8)
    square[...] = np.asarray(colour, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = pixels
    return square
