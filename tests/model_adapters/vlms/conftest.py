"""A torchvision that is installed is repaired before any builder imports transformers' classes, as adapters do."""

import importlib.util

if importlib.util.find_spec("torchvision") is not None:
    from model_adapters.torchvision_extra import require

    require("torchvision")
