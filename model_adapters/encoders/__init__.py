"""Image and text encoders by name. Importing this imports no adapter."""

from __future__ import annotations

from model_adapters.protocols import Encoder, TextEncoder
from model_adapters.registry import Registry

_HERE = "model_adapters.encoders"

ENCODERS: Registry[Encoder] = Registry(
    kind="encoder",
    group="model_adapters.encoders",
    entries={
        "biovil-t": f"{_HERE}.biovil_t:build",
        "clip": f"{_HERE}.clip:build",
        "dinov2": f"{_HERE}.dinov2:build",
        "grey64": f"{_HERE}.grey64:build",
        "inception": f"{_HERE}.inception:build",
        "open-clip": f"{_HERE}.open_clip:build",
        "lite0": f"{_HERE}.lite0:build",
        "rad-dino": f"{_HERE}.rad_dino:build",
        "radiomics": f"{_HERE}.radiomics:build",
        "siamese-reid": f"{_HERE}.siamese_reid:build",
        "xrv-densenet": f"{_HERE}.xrv_densenet:build",
    },
    aliases={
        "biovil_t": "biovil-t",
        "open_clip": "open-clip",
        "biovilt": "biovil-t",
        "raddino": "rad-dino",
        "rad_dino": "rad-dino",
        "inception-v3": "inception",
        "xrv": "xrv-densenet",
    },
)

TEXT_ENCODERS: Registry[TextEncoder] = Registry(
    kind="text encoder",
    group="model_adapters.text_encoders",
    entries={"minilm": f"{_HERE}.minilm:build"},
    aliases={"all-minilm-l6-v2": "minilm"},
)
"""Those that stand alone; the text half of a joint model comes from its image encoder's `text_encoder()`."""
