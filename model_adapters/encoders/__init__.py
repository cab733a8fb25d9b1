"""Image encoders by name. Importing this imports no adapter."""

from __future__ import annotations

from model_adapters.protocols import Encoder
from model_adapters.registry import Registry

_HERE = "model_adapters.encoders"

ENCODERS: Registry[Encoder] = Registry(
    kind="encoder",
    group="model_adapters.encoders",
    entries={
        "dinov2": f"{_HERE}.dinov2:build",
        "inception": f"{_HERE}.inception:build",
        "lite0": f"{_HERE}.lite0:build",
        "rad-dino": f"{_HERE}.rad_dino:build",
        "xrv-densenet": f"{_HERE}.xrv_densenet:build",
    },
    aliases={"raddino": "rad-dino", "rad_dino": "rad-dino", "inception-v3": "inception", "xrv": "xrv-densenet"},
)
