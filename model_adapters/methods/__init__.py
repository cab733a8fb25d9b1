"""Training methods by name. Importing this imports no adapter.

A method is a file, or a folder, with `CARD` and `build(context) -> TrainingMethod`; `model_adapters.methods.run` runs
it.
"""

from __future__ import annotations

from model_adapters.protocols import TrainingMethod
from model_adapters.registry import Registry

_HERE = "model_adapters.methods"

METHODS: Registry[TrainingMethod] = Registry(
    kind="training method",
    group="model_adapters.methods",
    entries={
        "bads": f"{_HERE}.bads.method:build",
        "capacity-control": f"{_HERE}.capacity_control.method:build",
        "certified-fusion": f"{_HERE}.certificates.fusion:build",
        "certified-fw": f"{_HERE}.certificates.frank_wolfe:build",
        "fedp2eft": f"{_HERE}.fedp2eft.method:build",
        "merging": f"{_HERE}.merging.method:build",
        "mobilequant": f"{_HERE}.mobilequant.method:build",
        "satm": f"{_HERE}.satm.method:build",
        "steel": f"{_HERE}.steel.method:build",
    },
)
