"""A question to a model before its images are loaded: what the engine keys, sorts and keeps by the thousand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from data_splits.integrity import content_hash
from model_adapters.inference.hashing import image_hash
from model_adapters.protocols import AnswerRequest, Image


@dataclass(frozen=True, slots=True)
class ImageRef:
    """An image that is loaded when its turn comes.

    Attributes:
        sha256: hash of what it shows (of the encoded file, the rendered pixels, or of the recipe that changes them):
            equal hashes mean equal images.
        load: gives the pixels.
    """

    sha256: str
    load: Callable[[], Image]

    @classmethod
    def of(cls, pixels: Image) -> ImageRef:
        """A reference to pixels that are there already."""
        return cls(image_hash(pixels), lambda: pixels)


@dataclass(frozen=True, slots=True)
class Ask:
    """One question put to a model; `AnswerRequest` with the images still on disk.

    Attributes:
        case_id, task, letters, max_new_tokens: as in AnswerRequest.
        parts: text and image references in the order in which the model reads them.
    """

    case_id: str
    task: str
    parts: tuple[str | ImageRef, ...]
    letters: tuple[str, ...] = ()
    max_new_tokens: int = 256

    @classmethod
    def of(cls, request: AnswerRequest) -> Ask:
        """From a request with its pixels."""
        parts = tuple(part if isinstance(part, str) else ImageRef.of(part) for part in request.parts)
        return cls(request.case_id, request.task, parts, request.letters, request.max_new_tokens)

    @property
    def elicitation(self) -> dict[str, Any]:
        """Everything of the question that an answer may depend on, as plain values; images by their hashes."""
        return {
            "case": self.case_id,
            "task": self.task,
            "parts": [part if isinstance(part, str) else {"image": part.sha256} for part in self.parts],
            "letters": list(self.letters),
            "max_new_tokens": self.max_new_tokens,
        }

    def key(self, identity: str) -> str:
        """The key of the answer: sha256 over the elicitation and the model's identity.

        The case's name is part of it because controls look things up by it.
        """
        return content_hash(["answer", 1, identity, self.elicitation])

    @property
    def images(self) -> int:
        """Number of images."""
        return sum(not isinstance(part, str) for part in self.parts)

    @property
    def size(self) -> tuple[int, int, str]:
        """Sorts questions by what they cost: images, then characters of text, then the name."""
        return self.images, sum(len(part) for part in self.parts if isinstance(part, str)), self.case_id

    def request(self) -> AnswerRequest:
        """Load the images.

        Raises:
            ImageUnreadable: one of them cannot be read.
        """
        parts = tuple(part if isinstance(part, str) else part.load() for part in self.parts)
        return AnswerRequest(self.case_id, self.task, parts, self.letters, self.max_new_tokens)


def asks_of(requests: Iterable[AnswerRequest]) -> list[Ask]:
    """Requests with pixels as asks."""
    return [Ask.of(request) for request in requests]
