from __future__ import annotations

import contextlib
import io

import pytest
import torch

from chexgenbench.torchmetrics.precision_recall import PrecisionRecallDensityCoverage


def test_batches_give_the_numbers_of_prdc() -> None:
    from prdc import compute_prdc

    generator = torch.Generator().manual_seed(0)
    real, generated = torch.randn(90, 8, generator=generator), torch.randn(70, 8, generator=generator) * 0.8
    metric = PrecisionRecallDensityCoverage()
    for batch in real.split(40):
        metric.update(batch, real=True)
    for batch in generated.split(11):
        metric.update(batch, real=False)
    with contextlib.redirect_stdout(io.StringIO()):
        expected = compute_prdc(real.double().numpy(), generated.double().numpy(), 5)
    assert {name: float(value) for name, value in metric.compute().items()} == pytest.approx(expected)
