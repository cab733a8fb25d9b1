"""What a check says of a submission: one line each, safe to print whatever the submission holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Level = Literal["error", "warning"]

LONGEST = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One line.

    Attributes:
        level: an error refuses the submission; a warning is for the reviewer's eye.
        rule: the check's short name, such as "path" or "recomputation".
        where: the file or result it is about. message: what is wrong, and what to do about it.
    """

    level: Level
    rule: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.level}: {shown(self.where, 200)}: {self.message} [{self.rule}]"

    def to_json(self) -> dict[str, str]:
        """Plain data, as harmless as the line."""
        return asdict(self) | {"where": shown(self.where, 200)}


def error(rule: str, where: object, message: str) -> Finding:
    """A finding that refuses the submission."""
    return Finding("error", rule, str(where), one_line(message))


def warning(rule: str, where: object, message: str) -> Finding:
    """A finding for the reviewer."""
    return Finding("warning", rule, str(where), one_line(message))


def shown(text: object, longest: int = LONGEST) -> str:
    """Text of a submission as it may be printed: ASCII on one line, so that it moves no cursor and starts no command.

    Everything else is written as an escape; what is longer than `longest` is cut.
    """
    plain = str(text)
    cut = plain[: longest + 1]
    escaped = "".join(each if " " <= each <= "~" else ascii(each)[1:-1] for each in cut)
    return escaped if len(plain) <= longest else escaped[:longest] + "..."


def one_line(message: str) -> str:
    """A message on one line; libraries whose messages are quoted may break theirs."""
    return "".join(each if each.isprintable() else " " for each in message)[:600]
