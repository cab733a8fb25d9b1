"""What a text encoder must do for metrics of alignment to mean anything, checked on a handful of prompts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model_adapters.check import FEATURE_TOLERANCE, Check, other_random_state
from model_adapters.protocols import TextEncoder

MANY_WORDS = 2000
"""Words of a prompt that no encoder reads to its end: it is cut, not refused."""


def check_text_encoder(encoder: TextEncoder, texts: Sequence[str]) -> list[Check]:
    """Shape and dtype, determinism, independence of the company, that texts are told apart, long and empty ones.

    Args:
        encoder: the adapter. texts: at least two different ones.
    """
    texts = list(dict.fromkeys(texts))
    card = encoder.card
    features = encoder.encode_text(texts)
    shape = features.shape == (len(texts), encoder.dim)
    sound = bool(shape and features.dtype == np.float32 and np.isfinite(features).all())
    checks = [
        Check("it has a model card of its kind", card.kind == "encoder", f"{card.name}: {card.kind}, {card.licence}"),
        Check("features are finite float32[n, d]", sound, f"{features.dtype}{list(features.shape)}"),
    ]
    if not sound:
        return checks
    with other_random_state():
        again = encoder.encode_text(texts)
    checks.append(Check("the same text gives the same feature", bool((again == features).all()), "encoded twice"))
    scale = float(np.abs(features).max()) or 1.0
    alone = np.concatenate([encoder.encode_text([text]) for text in texts])
    mixed = encoder.encode_text([*texts[::-1], texts[0]])
    apart = max(
        float(np.abs(alone - features).max()),
        float(np.abs(mixed[:-1][::-1] - features).max()),
        float(np.abs(mixed[-1] - features[0]).max()),
    )
    detail = "bit-identical" if apart == 0 else f"at most {apart / scale:.1e} of the largest feature apart"
    checks.append(Check("a feature does not depend on its company", apart <= FEATURE_TOLERANCE * scale, detail))
    distinct = len(np.unique(features, axis=0))
    checks.append(Check("different texts have different features", distinct == len(texts), f"{distinct} different"))
    checks.append(_odd(encoder, "a text longer than it reads has a feature", "effusion " * MANY_WORDS))
    checks.append(_odd(encoder, "an empty text has a feature", ""))
    none = encoder.encode_text([])
    checks.append(Check("no texts give no rows", none.shape == (0, encoder.dim), f"{list(none.shape)}"))
    hexadecimal = len(encoder.fingerprint) == 64 and set(encoder.fingerprint) <= set("0123456789abcdef")
    checks.append(Check("the fingerprint is a sha256", hexadecimal, encoder.fingerprint[:12]))
    return checks


def _odd(encoder: TextEncoder, name: str, text: str) -> Check:
    try:
        row = encoder.encode_text([text])
    except Exception as error:  # whatever an adapter raises here would stop a run in its middle
        return Check(name, False, type(error).__name__)
    return Check(name, bool(row.shape == (1, encoder.dim) and np.isfinite(row).all()), f"{list(row.shape)}")
