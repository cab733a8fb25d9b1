"""What is taken off an answer before it is read: thinking, special tokens, markup. Every step is kept for the trace."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

FRONT, BACK = 2000, 4000
"""Characters read of an answer that is longer than both together (256 tokens are about a thousand)."""

_THINKING = re.compile(r"<(think|thinking|thought|reasoning|reflection)>.*?</\1>|◁think▷.*?◁/think▷", re.S | re.I)
_THINKING_END = re.compile(r"</(?:think|thinking|thought|reasoning|reflection)>|◁/think▷", re.I)
_THINKING_START = re.compile(r"(?:<(?:think|thinking|thought|reasoning|reflection)>|◁think▷).*", re.S | re.I)
_ANSWER_TAG = re.compile(r"<(answer|final_answer|final)>(.*?)(?:</\1>|$)", re.S | re.I)
_BOX_TOKENS = re.compile(r"<\|begin_of_box\|>(.*?)<\|end_of_box\|>", re.S)
_TOKENS = re.compile(
    r"<\|[^|<>]{1,40}\|>|</?s>|<(?:eos|bos|pad|end_of_utterance|end_of_turn|start_of_turn|im_end|im_start)>"
)
_BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_LATEX_TEXT = re.compile(r"\\(?:text|textbf|mathrm|mathbf|textit|mbox)\s*\{([^{}]*)\}")
_ROLE = re.compile(r"^\s*(?:assistant|model|gpt)\s*:\s*", re.I)
_MINUS = str.maketrans({"−": "-", "–": "-", "‐": "-", "‑": "-", "’": "'", "‘": "'", "“": '"', "”": '"'})


@dataclass(frozen=True, slots=True)
class Cleaned:
    """An answer ready to be read.

    Attributes:
        text: what is left; of an answer in which the model marked a piece as final (a tag or a box), that piece alone.
        steps: what was done, in words.
    """

    text: str
    steps: tuple[str, ...]


def clean(answer: str) -> Cleaned:
    """Take thinking, tokens and markup off an answer."""
    steps: list[str] = []
    text = unicodedata.normalize("NFKC", answer).translate(_MINUS)

    def take(pattern: re.Pattern[str], replacement: str, step: str) -> None:
        nonlocal text
        changed = pattern.sub(replacement, text)
        if changed != text:
            steps.append(step)
            text = changed

    take(_THINKING, " ", "thinking block removed")
    if ends := list(_THINKING_END.finditer(text)):
        text = text[ends[-1].end() :]
        steps.append("thinking before its end mark removed")
    take(_THINKING_START, "", "thinking that never ended removed")
    for pattern, group, step in ((_ANSWER_TAG, 2, "answer tag"), (_BOX_TOKENS, 1, "answer box"), (_BOXED, 1, "boxed")):
        if found := pattern.findall(text):
            last = found[-1][group - 1] if isinstance(found[-1], tuple) else found[-1]
            if last.strip():
                text = last
                steps.append(f"{step} taken as the answer")
                break
    take(_TOKENS, " ", "special tokens removed")
    take(_LATEX_TEXT, r"\1", "LaTeX text unwrapped")
    take(re.compile(r"[*`]|(?<![A-Za-z0-9])_+|_+(?![A-Za-z0-9])|^\s*#+\s*|\$", re.M), "", "markup removed")
    take(_ROLE, "", "role name removed")
    text = text.strip()
    if len(text) > FRONT + BACK:
        steps.append(f"only the first {FRONT} and the last {BACK} characters read")
        text = f"{text[:FRONT]}\n{text[-BACK:]}"
    return Cleaned(text, tuple(steps))
