"""The two mitigations that stand beside capacity control: random token insertion and the noise-norm threshold.

Insertion: k random tokens of the tokenizer's own vocabulary at random places between a prompt's words (Somepalli et al.
2023, "random token addition"), drawn anew for each epoch. In a vocabulary of a few dozen words, such as that of the
generator that ships, many of them are findings.

Threshold: a sample whose noise norm, || e(x_t, prompt) - e(x_t, "") ||_2 at its own x_t, is above a number or above a
percentile of its batch, teaches nothing in that step (Wen et al. 2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError

if TYPE_CHECKING:
    from torch import Generator, Tensor


def vocabulary(tokenizer: Any) -> tuple[str, ...]:
    """The ordinary tokens of a tokenizer as printable text without spaces, in the order of their ids."""
    special = set(tokenizer.all_special_ids)
    ids = [index for index in range(len(tokenizer)) if index not in special]
    texts = (tokenizer.decode([index]).strip() for index in ids)
    return tuple(text for text in texts if text and text.isprintable() and not any(c.isspace() for c in text))


def insert_tokens(prompt: str, count: int, tokens: tuple[str, ...], rng: Generator) -> str:
    """The prompt with `count` random tokens between its words; its own words keep their order."""
    import torch

    words = prompt.split()
    for _ in range(count):
        token = tokens[int(torch.randint(len(tokens), (1,), generator=rng))]
        words.insert(int(torch.randint(len(words) + 1, (1,), generator=rng)), token)
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Which samples of a batch are dropped. value: a norm, or a percentile where `relative`."""

    value: float
    relative: bool

    def keeps(self, norms: Tensor) -> Tensor:
        """bool[n]: the norm is not above the threshold (of this batch: linear interpolation between its values)."""
        limit = norms.quantile(self.value / 100.0) if self.relative else self.value
        return norms <= limit


def read_threshold(value: Any) -> Threshold | None:
    """A threshold from a number or a text such as "12.5" or "p90"; None where there is none.

    Raises:
        UserError: neither.
    """
    import math

    if value is None or value == "":
        return None
    text = str(value).strip().lower()
    relative = text.startswith("p")
    try:
        number = float(text.removeprefix("p"))
    except ValueError:
        number = math.nan
    if not (0 < number < 100 if relative else 0 < number < math.inf):
        raise UserError(f'noise_threshold is {value!r}; it is a norm such as 12.5 or a percentile such as "p90".')
    return Threshold(number, relative)
