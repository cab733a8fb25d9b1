"""Feature likelihood divergence (FLD): how likely unseen real images are under the generated ones.

A Gaussian is put around each generated image; the widths are fitted to the likelihood of real training images; the
score is 100 (NLL of the test images - baseline) / d, where the baseline is the NLL of the same test images under the
same model built from one half of the training images and fitted to the other (Jiralerspong et al. 2023, section 3).
In hundredths of a nat per dimension; lower is better; 0 is as good as real training images. One number sees poor
images, missing modes and copying: around a copied training image the Gaussian collapses, and test images become very
unlikely. `gap` in the extras, 100 (NLL of train - NLL of test) / d, is near 0 for a generator that generalises and
far below 0 for one that copies; the authors warn below -1000.

Choices, where the paper's code differs: features are standardised by the training and the test images together. (By
the training images alone, a dimension that hardly any of them activates turns a test image into an outlier that decides
the value: real phantoms scored -11,364, -395, -104 and -86 in four of eleven cohorts, and now keep within -3 and 2.)
Halves are cut by patient; widths are fitted by expectation-maximisation (deterministic) instead of 50 steps of Adam. At
most 10,000 generated (as published) and 5,000 training images are used. Not reported per group: fitted on the training
images of a group, halves of the baseline collapse (tried on the phantom: floors of -455 at 84 images, -1,803 at 250,
standardised by the training images).

Time O(50 n m + (n + t) m d), memory 4 bytes x m x 5,000.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Measurement, Metric, MetricInput, Side
from chexgenbench.metrics.units import per_image
from chexgenbench.mixture import Mixture
from leaderboards.statistics.kernel_tiles import Float

MAX_GENERATED = 10_000
MAX_TRAIN = 5_000
CHOICE_SEED = 0
"""Fixed, so that the baseline is the same for every model."""


def measure(data: MetricInput) -> Measurement:
    """Log-densities of the test images under the generated density and the baseline, for the `fld` estimator."""
    if data.train is None:
        return Measurement(reason="it needs real training images")
    train = _thinned(data.train, MAX_TRAIN)
    centres, fitted = halves(train)
    if min(len(centres), len(fitted)) < 2:
        return Measurement(reason=f"{len(train)} training images cannot be halved by patient")
    # Both: a dimension that hardly any training image activates would make a test image that does a giant outlier.
    both = np.concatenate([train.features, data.reference.features])
    mean, deviation = both.mean(axis=0, dtype=np.float64), both.std(axis=0, dtype=np.float64)
    used = deviation > 1e-6 * deviation.max()
    if not used.any():
        return Measurement(reason="all real images have the same features")

    def standardised(features: NDArray[np.float32]) -> Float:
        return (features[:, used].astype(np.float64) - mean[used]) / deviation[used]

    generated = standardised(_thinned(data.generated, MAX_GENERATED).features)
    real, test = standardised(train.features), standardised(data.reference.features)
    density = Mixture.fit(generated, real)
    baseline = Mixture.fit(real[centres[: len(generated)]], real[fitted])
    arrays = per_image(
        data, data.reference, log_likelihood=density.log_density(test), baseline=baseline.log_density(test)
    )
    mean_train = np.array([float(density.log_density(real).mean())])
    return Measurement({**arrays, "train": mean_train}, {"seed": data.seed, "dim": int(used.sum())})


def halves(side: Side) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of two patient-disjoint halves, in a shuffled order of patients."""
    names, patient = np.unique(side.patients, return_inverse=True)
    position = np.random.default_rng(CHOICE_SEED).permutation(len(names))[patient.reshape(-1)]
    order = np.argsort(position, kind="stable")
    sizes = np.bincount(position[order])
    first = int(np.searchsorted(np.cumsum(sizes), len(side) / 2, side="right"))
    cut = int(sizes[:first].sum())
    return order[:cut], order[cut:]


def _thinned(side: Side, limit: int) -> Side:
    if len(side) <= limit:
        return side
    rows = np.random.default_rng(CHOICE_SEED).choice(len(side), limit, replace=False)
    return side.take(np.sort(rows))


METRIC = Metric(
    name="fld",
    display="FLD",
    family="fidelity",
    direction="lower",
    measure=measure,
    estimator="fld",
    source="Jiralerspong et al. 2023, arXiv 2302.04440",
    cost="O(50 n m + (n + t) m d) time, O(n m) memory up to 200 MB",
    unit="0.01 nat/dim",
    per_group=False,
    needs=frozenset({"encoder", "train"}),
)
