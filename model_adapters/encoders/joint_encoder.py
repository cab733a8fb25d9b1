"""An image encoder with a text half in the same space."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from model_adapters.encoders.torch_encoder import TorchEncoder
from model_adapters.protocols import TextEncoder


class JointEncoder(TorchEncoder):
    """A `TorchEncoder` whose features and those of its text encoder share a space: their cosine means something.

    Args:
        text: makes the text half; called when it is first asked for, so that runs without prompts do not load it.
        rest: as for `TorchEncoder`.
    """

    def __init__(self, *, text: Callable[[], TextEncoder], **rest: Any) -> None:
        super().__init__(**rest)
        self._make_text = text

    def text_encoder(self) -> TextEncoder:
        """The text half: same space, same d.

        Raises:
            UserError: its files are missing or damaged.
        """
        return self._text

    @cached_property
    def _text(self) -> TextEncoder:
        return self._make_text()
