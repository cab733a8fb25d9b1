from __future__ import annotations

import pytest
import torch
from made_features import both, score

from chexgenbench.metrics.fidelity.vendi import METRIC
from chexgenbench.torchmetrics.vendi_score import VendiScore


def test_batches_give_the_number_of_the_metric() -> None:
    generator = torch.Generator().manual_seed(0)
    generated, real = torch.randn(50, 9, generator=generator), torch.randn(60, 9, generator=generator)
    expected = score(METRIC, both(generated.numpy(), real.numpy()))
    centred, plain = VendiScore(9, centre=real.double().mean(0)), VendiScore(9)
    for batch in generated.split(7):
        centred.update(batch)
        plain.update(batch)
    assert float(centred.compute()) == pytest.approx(expected.value, rel=1e-9)
    assert float(plain.compute()) == pytest.approx(expected.extra["uncentred"], rel=1e-9)


def test_nothing_yet_is_nan_and_a_wrong_centre_is_named() -> None:
    assert torch.isnan(VendiScore(3).compute())
    with pytest.raises(ValueError, match="centre"):
        VendiScore(3, centre=torch.zeros(4))
