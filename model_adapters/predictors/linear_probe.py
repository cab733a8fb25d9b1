"""L2 logistic regression on standardised features, all labels at once, with unknown cells left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.blas import one_thread
from model_adapters.predictors.patient_split import validation_rows

Float = NDArray[np.float64]

STRENGTHS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
"""Candidates for C, the inverse strength of the penalty (scikit-learn's: sum of losses + |w|^2 / 2C)."""

TOLERANCE = 1e-7
"""Largest scaled slope of the mean loss at which a fit is taken for converged."""


@dataclass(frozen=True)
class LinearProbe:
    """One logistic regression a label: probability = sigmoid(((x - mean) / scale) @ weight.T + bias).

    Attributes:
        mean, scale: float64[d]. weight: float64[l, d]. bias: float64[l].
        strength: the C that the validation patients chose.
    """

    mean: Float
    scale: Float
    weight: Float
    bias: Float
    strength: float

    def predict(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities, float32[n, l]."""
        with one_thread():
            logits = ((features.astype(np.float64) - self.mean) / self.scale) @ self.weight.T + self.bias
        probability: NDArray[np.float32] = _sigmoid(logits).astype(np.float32)
        return probability

    def arrays(self) -> dict[str, Float]:
        """What is stored of it."""
        return {
            "mean": self.mean,
            "scale": self.scale,
            "weight": self.weight,
            "bias": self.bias,
            "strength": np.array([self.strength]),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, Float]) -> LinearProbe:
        """The probe of stored arrays.

        Raises:
            KeyError: one is missing.
        """
        strength = float(arrays["strength"][0])
        return cls(arrays["mean"], arrays["scale"], arrays["weight"], arrays["bias"], strength)


def fit_probe(
    features: NDArray[np.float32],
    targets: NDArray[np.float32],
    patients: NDArray[np.str_],
    seed: int,
    weights: NDArray[np.float32] | None = None,
    strengths: Sequence[float] = STRENGTHS,
) -> LinearProbe:
    """Train a probe.

    A fifth of the patients is held out; every C is fitted on the others, and the one with the least log loss over the
    held-out cells is kept, as fitted: like a network's best epoch, it has never seen the validation patients, and so
    trainings with other seeds differ. A label of which the training part shows one kind only gets a constant
    probability, (positives + 1) / (images + 2).

    Args:
        features: float32[n, d]. targets: float32[n, l], 1, 0 or NaN (unknown). patients: str[n].
        seed: chooses the validation patients. weights: float32[n], how much each image counts; equal where None.

    Raises:
        ValueError: no image, or arrays that do not fit each other.
    """
    if not len(features) or not len(features) == len(targets) == len(patients):
        raise ValueError(f"{len(features)} features, {len(targets)} targets and {len(patients)} patients")
    learn, held = validation_rows(patients, seed)
    image_weight = np.ones(len(features)) if weights is None else weights.astype(np.float64)
    x = features.astype(np.float64)
    share = image_weight[learn] / image_weight[learn].sum()
    mean = share @ x[learn]
    scale = np.sqrt(share @ (x[learn] - mean) ** 2)
    scale = np.where(scale > 1e-12, scale, 1.0)
    x = (x - mean) / scale
    known = np.isfinite(targets)
    y = np.where(known, targets, 0.0).astype(np.float64)
    cell = known * image_weight[:, None]
    both = _both_kinds(y[learn], cell[learn])
    with one_thread():
        path = _path(x[learn], y[learn][:, both], cell[learn][:, both], strengths if len(held) else strengths[3:4])
        losses = [
            _loss(x[held] @ weight.T + bias, y[held][:, both], cell[held][:, both]) if len(held) else 0.0
            for weight, bias, _ in path
        ]
    chosen, bias, strength = path[int(np.argmin(losses))]
    weight = np.zeros((targets.shape[1], features.shape[1]))
    weight[both] = chosen
    positives, images = (y * cell)[learn].sum(axis=0), cell[learn].sum(axis=0)
    prior = (positives + 1.0) / (images + 2.0)
    offset = np.log(prior / (1.0 - prior))
    offset[both] = bias
    return LinearProbe(mean, scale, weight, offset, strength)


def _both_kinds(y: Float, cell: Float) -> NDArray[np.bool_]:
    return ((y * cell).sum(axis=0) > 0) & (((1.0 - y) * cell).sum(axis=0) > 0)


def _path(x: Float, y: Float, cell: Float, strengths: Sequence[float]) -> list[tuple[Float, Float, float]]:
    """(weight, bias, C) for rising C, each fit starting from the one before.

    Solved on the principal axes of the images: where there are fewer images than features the solution lies in their
    span, and on these axes the curvature is nearly diagonal, so that scaling each of them saves most iterations.
    """
    if x.shape[1] > len(x):
        values, vectors = np.linalg.eigh(x @ x.T)
        kept = values > values[-1] * 1e-12
        root = np.sqrt(values[kept])
        z, axes = vectors[:, kept] * root, x.T @ (vectors[:, kept] / root)
    else:
        values, axes = np.linalg.eigh(x.T @ x)
        kept = values > values[-1] * 1e-12
        axes = axes[:, kept]
        z = x @ axes
    images = np.maximum(cell.sum(axis=0), 1e-12)
    rate = (y * cell).sum(axis=0) / images
    # The Hessian's diagonal, were every probability the label's rate: sum of squares x rate (1 - rate) + 1 / C.
    curvature = (values[kept] / len(x))[:, None] * (images * rate * (1.0 - rate))
    slope, bias = np.zeros((z.shape[1], y.shape[1])), np.log(rate / (1.0 - rate))
    found = []
    for strength in sorted(strengths):
        slope, bias = _minimised(z, y, cell, strength, slope, bias, np.sqrt(curvature + 1.0 / strength))
        found.append((np.ascontiguousarray((axes @ slope).T), bias, strength))
    return found


def _minimised(
    z: Float, y: Float, cell: Float, strength: float, slope: Float, bias: Float, stretch: Float
) -> tuple[Float, Float]:
    """Minimise the penalised log loss by L-BFGS over (slope * stretch, bias)."""
    from scipy.optimize import minimize

    if not slope.shape[1]:
        return slope, bias
    total, images = float(cell.sum()), np.sqrt(np.maximum(cell.sum(axis=0) * 0.25, 1e-12))
    size = slope.size

    def objective(flat: Float) -> tuple[float, Float]:
        theta, offset = flat[:size].reshape(slope.shape) / stretch, flat[size:] / images
        logits = z @ theta + offset
        residual = cell * (_sigmoid(logits) - y)
        gradient = (z.T @ residual + theta / strength) / stretch
        value = _loss(logits, y, cell) + float((theta**2).sum()) / (2 * strength)
        return value / total, np.concatenate([gradient.ravel(), residual.sum(axis=0) / images]) / total

    start = np.concatenate([(slope * stretch).ravel(), bias * images])
    options = {"maxiter": 500, "gtol": TOLERANCE, "ftol": 1e-13, "maxcor": 10}
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options=options).x
    return found[:size].reshape(slope.shape) / stretch, found[size:] / images


def _loss(logits: Float, y: Float, cell: Float) -> float:
    return float((cell * (np.logaddexp(0.0, logits) - y * logits)).sum())


def _sigmoid(logits: Float) -> Float:
    return 0.5 * (1.0 + np.tanh(0.5 * logits))
