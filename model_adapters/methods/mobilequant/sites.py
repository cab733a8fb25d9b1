"""Which tensor of a Llama layer has how many bits (section 3 and the released code of MobileQuant).

Embeddings, the final norm and the head stay in float. Softmax, norm statistics, rotation and residual additions are
computed in float in the simulation and stand for 16-bit integer kernels of the device. The queries, keys, values, gate
and up projections have no input quantiser of their own: the norm before them has quantised its output.
"""

from __future__ import annotations

from dataclasses import dataclass

from data_splits.errors import UserError

NARROW = (
    "attn_norm_out", "q_out", "k_out", "v_out", "q_rot", "k_rot", "attn_out", "mlp_norm_out", "gate_out", "up_out",
    "sigmoid_out", "silu_out", "down_in",
)  # fmt: skip
"""Activations at the low bit width: norm outputs, projections, both operands of the two products of attention (values
pass from projection to product unchanged, so `v_out` is one site), its output, and what feeds the last projection."""

WIDE = ("attn_norm_in", "scores", "probs", "o_out", "mlp_norm_in", "down_out")
"""Activations at 16 bits: what enters a norm (the residual stream), softmax's input and output, what goes back into
the residual stream."""

NORM_WEIGHTS = ("attn_norm", "mlp_norm")
"""Norm gains, at 16 bits."""

LINEARS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")

SMOOTHED = ("attn_norm_out", "mlp_norm_out", "attn_out", "down_in")
"""Sites whose largest magnitude per channel decides SmoothQuant's scales."""


@dataclass(frozen=True)
class Bits:
    """Bit widths of a scheme such as W4A8.

    Attributes:
        weights: of all projections. activations: of the NARROW sites. wide: of the WIDE sites and the norm gains.
        symmetric: weights without a zero point.
    """

    weights: int = 8
    activations: int = 8
    wide: int = 16
    symmetric: bool = False

    def __post_init__(self) -> None:
        for name, low, high in (("weight_bits", 2, 8), ("activation_bits", 2, 16), ("wide_bits", 2, 16)):
            value = {"weight_bits": self.weights, "activation_bits": self.activations, "wide_bits": self.wide}[name]
            if not low <= value <= high:
                raise UserError(f"{name} is {value}; it must be {low} to {high}.")

    @property
    def label(self) -> str:
        """For example "W4A8"."""
        return f"W{self.weights}A{self.activations}"

    def of_site(self, name: str) -> int:
        """Bits of an activation site.

        Raises:
            KeyError: there is no such site.
        """
        if name in NARROW:
            return self.activations
        if name in WIDE:
            return self.wide
        raise KeyError(name)

    def per_channel(self, linear: str) -> bool:
        """Whether each output channel has its own range: below 8 bits always, at 8 bits only the last projection."""
        return self.weights < 8 or linear == "down_proj"
