"""Embeddings of prompts, by the text half of a joint model or by the text encoder that always works."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Side, Texts
from chexgenbench.plan import Plan
from chexgenbench.stages.extract import cache_of
from model_adapters.encoders import TEXT_ENCODERS
from model_adapters.inference.text_features import text_features, text_store
from model_adapters.protocols import BuildContext, Encoder, TextEncoder

DEFAULT = "minilm"


def texts_of(plan: Plan, encoder: Encoder | None) -> Texts | str:
    """How prompts are embedded beside an image encoder, or the reason why they are not."""
    if any(case.prompt is None for case in (*plan.cases, *plan.fit)):
        return "some cases have no prompt"
    make = getattr(encoder, "text_encoder", None)
    joint = make is not None
    if make is None:
        context = BuildContext(device=plan.config.device, protocol=plan.protocol.settings)
        if lacking := TEXT_ENCODERS.requirements(DEFAULT, context):
            return f"{lacking[0].what} is missing: {lacking[0].how}"
        text: TextEncoder = TEXT_ENCODERS.build(DEFAULT, context)
    else:
        text = make()
    store = text_store(text, cache_of(plan) / "features")

    def of(side: Side) -> NDArray[np.float32]:
        return text_features([case.prompt or "" for case in side.cases], text, store)

    return Texts(text.name, joint, of)
