"""Perturbations and descents of the three minimisers, against their definitions."""

from __future__ import annotations

import pytest
import torch

from data_splits.errors import UserError
from model_adapters.methods.satm.ascent import LEAST_SCALE, Ascent

G, X = torch.tensor([3.0, -4.0, 0.0]), torch.tensor([2.0, 0.5, 1.0])


def test_sam_steps_rho_along_the_gradient() -> None:
    assert Ascent("sam", 2.0).perturbation(G, X).tolist() == pytest.approx([1.2, -1.6, 0.0])
    assert Ascent("sam", 2.0).perturbation(torch.zeros(3), X).tolist() == [0.0] * 3


def test_asam_does_not_see_a_change_of_scale() -> None:
    ascent = Ascent("asam", 0.5)
    eps = ascent.perturbation(G, X)
    assert float((eps / (X.abs() + LEAST_SCALE)).norm()) == pytest.approx(0.5)
    # x and a gradient in other units: the loss sees the same relative change.
    wide = ascent.perturbation(G / 1000, X * 1000) / 1000
    assert torch.allclose(wide, eps, rtol=5e-2)
    assert not torch.allclose(Ascent("sam", 0.5).perturbation(G / 1000, X * 1000) / 1000, eps, rtol=0.5)


def test_gsam_descends_away_from_the_part_across() -> None:
    perturbed = torch.tensor([0.0, 1.0, 0.0])
    descent = Ascent("gsam", 1.0, share=0.5).descent(G, perturbed)
    assert descent.tolist() == pytest.approx([-1.5, 1.0, 0.0])
    assert torch.equal(Ascent("sam", 1.0).descent(G, perturbed), perturbed)
    adaptive = Ascent("gsam", 1.0, adaptive=True).perturbation(G, X)
    assert torch.equal(adaptive, Ascent("asam", 1.0).perturbation(G, X))


def test_another_kind_is_told() -> None:
    with pytest.raises(UserError, match="it is sam, asam, gsam"):
        Ascent("lbfgs", 1.0)
