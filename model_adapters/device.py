"""Whether a torch device that somebody asked for is there."""

from __future__ import annotations

from data_splits.errors import UserError


def require_device(name: str) -> None:
    """Look whether this machine has the device; "cpu" asks nobody, "auto" (all GPUs) asks for one of them.

    Raises:
        UserError: torch knows no such device, or has none of it here.
    """
    if name == "cpu":
        return
    import torch

    try:
        torch.empty(0, device="cuda" if name == "auto" else name)
    except (RuntimeError, AssertionError, NotImplementedError, ImportError) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"The device {name!r} cannot be used here ({said[:120]}). Leave --device out, or say cpu."
        ) from error
