"""The families of parameters of the capacity-control study, each with its published learning rate. No torch here."""

from __future__ import annotations

from dataclasses import dataclass

from data_splits.errors import UserError


@dataclass(frozen=True, slots=True)
class Family:
    """A choice of trainable parameters.

    Attributes:
        rate: default learning rate. published: whether that rate is the published one, or ours for want of one.
        help: what is trained.
    """

    rate: float
    published: bool
    help: str


FAMILIES: dict[str, Family] = {
    "full": Family(5e-5, True, "every parameter of the denoiser"),
    "full-without-attention": Family(5e-5, False, "every parameter outside of attention layers"),
    "attention": Family(1e-4, True, "attention layers"),
    "attention-down-blocks": Family(1e-4, False, "attention layers of a U-Net's way down"),
    "attention-up-blocks": Family(1e-4, False, "attention layers of a U-Net's way up"),
    "bias": Family(5e-4, True, "biases"),
    "norm": Family(5e-4, False, "weights and biases of norm layers"),
    "norm-bias": Family(5e-4, False, "norm layers and all biases"),
    "norm-bias-attention": Family(1e-4, True, "norm layers, all biases and attention layers"),
    "lora": Family(1e-4, False, "low-rank updates of attention's linear layers (peft)"),
    "loha": Family(1e-4, False, "Hadamard products of low-rank updates (peft)"),
    "lokr": Family(1e-4, False, "Kronecker products (peft)"),
    "oft": Family(1e-4, False, "rotations in blocks (peft)"),
    "svdiff": Family(1e-4, True, "singular values of all weights"),
    "difffit": Family(1e-4, True, "biases, norms, and a scale on what each part of a block adds"),
    "ssf": Family(1e-4, False, "a scale and a shift by channel behind every layer"),
    "freeze": Family(0.0, False, "nothing: the base itself, as a control"),
}


def require_family(name: str) -> None:
    """Raise UserError for a family that does not exist, with the nearest one."""
    if name in FAMILIES:
        return
    import difflib

    near = difflib.get_close_matches(str(name).replace("_", "-").lower(), FAMILIES, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else f"It is one of {', '.join(FAMILIES)}."
    raise UserError(f"No family of parameters is called {name!r}. {hint}")
