"""Named, versioned choices of split, preprocessing, encoders, metrics and estimators.

Numbers of different protocols never share a table.
"""

from __future__ import annotations

from chexgenbench.protocols.base import MetricUse, Preset, Protocol
from data_splits.errors import UserError

__all__ = ["PROTOCOLS", "MetricUse", "Preset", "Protocol", "load"]

PROTOCOLS = ("v2", "v1")


def load(name: str, preset: Preset = "quick") -> Protocol:
    """The protocol of this name at a preset size.

    Raises:
        UserError: unknown protocol or preset.
    """
    if preset not in ("quick", "full"):
        raise UserError(f"Unknown preset {preset!r}: choose quick (offline, minutes) or full (the published sizes).")
    if name == "v2":
        from chexgenbench.protocols.v2 import protocol
    elif name == "v1":
        from chexgenbench.protocols.v1 import protocol
    else:
        raise UserError(f"Unknown protocol {name!r}: choose v2 (corrected, the default) or v1 (as published).")
    return protocol(preset)
