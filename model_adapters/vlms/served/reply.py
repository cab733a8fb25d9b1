"""From the JSON of a chat completion to a Response; what is no answer is an error, never an empty answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from data_splits.errors import UserError
from model_adapters.protocols import AnswerRefused, AnswerRequest, Response

TOP = 20
"""Alternatives per token that services give at most."""


class BrokenReply(Exception):
    """A reply that is no chat completion (cut off, or of another shape): worth another try."""


def read_reply(body: Any, request: AnswerRequest) -> Response:
    """The answer in a chat completion.

    Raises:
        BrokenReply: the body lacks what a completion has.
        AnswerRefused: the service filtered the question or its answer.
        UserError: letters were asked for and the service gives no log-probabilities.
    """
    try:
        choice = body["choices"][0]
        message = choice["message"]
        finish = choice.get("finish_reason")
        content = message.get("content")
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise BrokenReply(f"no choices in the reply ({type(error).__name__})") from error
    if finish == "content_filter" or message.get("refusal"):
        raise AnswerRefused("the service filtered it")
    if finish is None:
        raise BrokenReply("the reply does not say why it ended")
    usage = body.get("usage") or {}
    tokens_in, tokens_out = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if request.letters:
        return Response("", _letters(choice, request.letters), False, tokens_in, tokens_out)
    if not isinstance(content, (str, list, type(None))):
        raise BrokenReply(f"content is of type {type(content).__name__}")
    return Response(_text(content).strip(), {}, finish == "length", tokens_in, tokens_out)


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return content or ""


def _letters(choice: Mapping[str, Any], letters: Sequence[str]) -> dict[str, float]:
    """Letter -> log-probability of its likeliest spelling among the alternatives of the first token.

    A letter that is not among them is left out: all that is known is that it is less likely than each of them.
    """
    try:
        alternatives = choice["logprobs"]["content"][0]["top_logprobs"]
    except (TypeError, KeyError, IndexError) as error:
        raise UserError(
            "This service gives no log-probabilities, so letters cannot be read from the next token. Add --no-letters "
            "to ask for text, or serve the model with vLLM."
        ) from error
    return best_spelling(((each["token"], each["logprob"]) for each in alternatives), letters)


def best_spelling(alternatives: Any, letters: Sequence[str]) -> dict[str, float]:
    """(token, log-probability) pairs -> letter -> the largest one of its spellings ("A", " A").

    Raises:
        AnswerRefused: no letter is among them, so the model does not answer with a letter.
    """
    found: dict[str, float] = {}
    for token, value in alternatives:
        letter = str(token).strip().lstrip("▁Ġ")
        if letter in letters:
            found[letter] = max(found.get(letter, float("-inf")), float(value))
    if not found:
        raise AnswerRefused("no option letter is among the likeliest next tokens")
    return {letter: found[letter] for letter in letters if letter in found}
