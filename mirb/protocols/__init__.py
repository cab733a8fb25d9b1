"""Named choices of prompt, token cap, scorer and average. Numbers of different protocols never share a table."""

from __future__ import annotations

from data_splits.errors import UserError
from mirb.protocols import lmms_eval, official, v2
from mirb.protocols.base import Average, Protocol

__all__ = ["PROTOCOLS", "Average", "Protocol", "load"]

PROTOCOLS: dict[str, Protocol] = {each.name: each for each in (v2.PROTOCOL, official.PROTOCOL, lmms_eval.PROTOCOL)}


def load(name: str) -> Protocol:
    """The protocol of this name.

    Raises:
        UserError: there is none.
    """
    if name not in PROTOCOLS:
        raise UserError(f"MIRB has no protocol {name!r}: choose {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]
