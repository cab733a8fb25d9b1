from __future__ import annotations

import math

from model_adapters.methods.mobilequant.measure import perplexity


def test_perplexity_is_over_tokens_not_over_sequences() -> None:
    assert math.isclose(perplexity([math.log(2.0), math.log(8.0)], [3, 1]) or 0.0, 2.0 ** (6 / 4))
    assert perplexity([800.0], [4]) is None
