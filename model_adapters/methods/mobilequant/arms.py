"""What `method` may be: MobileQuant and the baselines that it must beat."""

from __future__ import annotations

from dataclasses import dataclass

from model_adapters.methods.mobilequant.smooth import EDGE, STATIC


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
