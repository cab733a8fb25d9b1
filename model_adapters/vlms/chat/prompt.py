"""From the parts of a request to the model's own prompt: chat template, image placeholders, harmless text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from data_splits.errors import UserError
from model_adapters.protocols import Image

Layout = Literal["parts", "text", "template"]


@dataclass(frozen=True)
class Prompter:
    """Renders prompts for one checkpoint.

    Attributes:
        processor: with a chat template.
        placeholder: text that the processor replaces by an image's tokens.
        layout: "parts": the chat template keeps text and images in order, and does the whole work. "text": it does not
            (that of LLaVA 1.5 moves all images to the front), so the placeholders are written into one text.
            "template": it does not, and that was asked for.
        specials: strings that the tokenizer would take for control tokens.
    """

    processor: Any
    placeholder: str
    layout: Layout
    specials: tuple[str, ...]

    def render(self, parts: Sequence[str | Image]) -> str:
        """The prompt up to where the answer begins. A control token inside the text is broken up by a space."""
        safe = [self.harmless(part) if isinstance(part, str) else part for part in parts]
        if self.layout == "text":
            text = "".join(part if isinstance(part, str) else self.placeholder for part in safe)
            content: list[dict[str, str]] = [{"type": "text", "text": text}]
        else:
            content = [{"type": "text", "text": part} if isinstance(part, str) else {"type": "image"} for part in safe]
        return _apply(self.processor, content)

    def harmless(self, text: str) -> str:
        """ "<image>" becomes "< image>": a question must not smuggle in an image or end the turn."""
        for token in self.specials:
            if token in text:
                text = text.replace(token, f"{token[0]} {token[1:]}")
        return text


def prompter_of(processor: Any, wanted: str, placeholder: str = "") -> Prompter:
    """Try the checkpoint's template on two images between three words, and choose the layout.

    Args:
        wanted: "interleaved" or "template".

    Raises:
        UserError: there is no chat template, or it loses text or images.
    """
    tokenizer = processor.tokenizer
    placeholder = placeholder or processor.image_token
    if not getattr(processor, "chat_template", None):  # some checkpoints carry it in the tokenizer only
        processor.chat_template = getattr(tokenizer, "chat_template", None)
    if not processor.chat_template:
        raise UserError("This checkpoint has no chat template. Use an instruction-tuned one, or serve it yourself.")
    specials = {str(token) for token in tokenizer.added_tokens_decoder.values() if getattr(token, "special", True)}
    specials |= {placeholder, processor.image_token}
    control = tuple(sorted((each for each in specials if len(each) > 1), key=lambda each: (-len(each), each)))
    words = ["alpha", "beta", "gamma"]
    probe = [words[0], None, words[1], None, words[2]]
    content = [{"type": "text", "text": word} if word else {"type": "image"} for word in probe]
    rendered = _apply(processor, content)
    first, second, third = (rendered.find(word) for word in words)
    whole = -1 < first < second < third
    ordered = whole and all(
        processor.image_token in rendered[start:end] for start, end in ((first, second), (second, third))
    )
    if ordered:
        return Prompter(processor, placeholder, "parts", control)
    if wanted == "template":
        if not whole or rendered.count(processor.image_token) != 2:
            raise UserError(
                "This checkpoint's chat template loses text or images. Use --model-option layout=interleaved."
            )
        return Prompter(processor, placeholder, "template", control)
    return Prompter(processor, placeholder, "text", control)


def _apply(processor: Any, content: list[dict[str, str]]) -> str:
    conversation = [{"role": "user", "content": content}]
    return str(processor.apply_chat_template(conversation, tokenize=False, add_generation_prompt=True))
