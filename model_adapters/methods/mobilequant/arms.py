"""What `method` may be: MobileQuant and the baselines that it must beat. Read without torch."""

from __future__ import annotations

from dataclasses import dataclass

STATIC = ("attn_in", "mlp_in")
"""SmoothQuant as published."""

EDGE = ("attn_in", "mlp_in", "value_out", "up_down")
"""SmoothQuant-Edge: with MobileQuant's pairs."""


@dataclass(frozen=True)
class Arm:
    """One way to quantise.

    Attributes:
        pairs: SmoothQuant's factors at the start. learns: transforms, clipping and ranges are learnt. text: what it is.
    """

    pairs: tuple[str, ...]
    learns: bool
    text: str


ARMS = {
    "mobilequant": Arm(EDGE, True, "SmoothQuant-Edge, then transforms, clipping and ranges learnt end to end"),
    "rtn": Arm((), False, "round to nearest, ranges from calibration"),
    "smoothquant-static": Arm(STATIC, False, "SmoothQuant before the two norms, static per-tensor activations"),
    "smoothquant-edge": Arm(EDGE, False, "with MobileQuant's pairs value to output and up to down"),
}
CONTROLS = ("rtn", "smoothquant-static", "smoothquant-edge")
