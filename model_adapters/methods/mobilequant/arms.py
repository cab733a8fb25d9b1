"""What `method` may be: MobileQuant and the baselines that it must beat. Read without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

STATIC = ("attn_in", "mlp_in")
"""SmoothQuant as published."""

EDGE = ("attn_in", "mlp_in", "value_out", "up_down")
"""SmoothQuant-Edge: with MobileQuant's pairs."""


@dataclass(frozen=True)
class Arm:
    """One way to quantise.

    Attributes:
        pairs: SmoothQuant's factors at the start. learns: nothing, all layers at once, or one layer after the other.
        text: what it is. transforms: which are learnt by blocks; at once, all are.
    """

    pairs: tuple[str, ...]
    learns: Literal["", "end-to-end", "block-wise"]
    text: str
    transforms: tuple[str, ...] = ()


OMNI = ("attn_in", "mlp_in", "value_out", "query_key")
"""Transforms that OmniQuant learns."""

ARMS = {
    "mobilequant": Arm(EDGE, "end-to-end", "SmoothQuant-Edge, then transforms, clipping and ranges learnt end to end"),
    "rtn": Arm((), "", "round to nearest, ranges from calibration"),
    "smoothquant-static": Arm(STATIC, "", "SmoothQuant before the two norms, static per-tensor activations"),
    "smoothquant-edge": Arm(EDGE, "", "with MobileQuant's pairs value to output and up to down"),
    "omniquant-static": Arm(STATIC, "block-wise", "SmoothQuant-Static, then transforms and clipping by blocks", OMNI),
    "omniquant-edge": Arm(
        EDGE, "block-wise", "SmoothQuant-Edge, then transforms, up to down too, and clipping by blocks",
        (*OMNI, "up_down"),
    ),
}  # fmt: skip
CONTROLS = tuple(name for name in ARMS if name != "mobilequant")
