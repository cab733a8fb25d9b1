"""Permutation test: could the generated and the real images come from one distribution?

The p-value of the unbiased RBF MMD^2 under relabelling of whole patients (the `permutation` estimator says which
relabellings; Gretton et al. 2012, section 5). Small: the sets differ by more than chance. It measures evidence, not
distance: it falls with n for any imperfect generator, so compare it with its floor and never rank models by it.

The bandwidth is the median distance within the pooled images (at most 1,000, by a fixed seed), which no relabelling
changes, so the test is exact at any n. Above 5,000 images a side whole patients are drawn first.

What is tested: that a patient's generated images could change places with their real ones, independently of every
other patient. It does not matter that real images of a patient share a body and generated ones do not, as long as each
image alone is right (simulated: p at most 0.01 in 0.6 to 1.2 % of 1,000 draws, at most 0.05 in 5 %). It does
matter if generated images of different prompts depend on each other: a generator that shows the same image, or the same
patient, for several prompts is noticed for that alone (simulated, each image shown twice: p at most 0.05 in 41 % of 500
draws). P-values of two generators on the same real images are not independent either: where those images are unusual
for their population, every good generator gets a small one.

It is recomputed from the features of both sides, so it is not reported where those of real images may not be shared.

Time O((n + m)^2 (d + 999)), memory O(999 (n + m)).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.metrics.units import joint_codes, stored
from leaderboards.statistics.kernel_tiles import median_distance

PERMUTATIONS = 999
MAX_IMAGES = 5000


def measure(data: MetricInput) -> Measurement:
    """Features of both sides by reference, and their patients, for the `permutation` estimator."""
    if not data.share_reference:
        return Measurement(reason="recomputing it needs features of real images, which this split does not share")
    generated, reference = data.generated, data.reference
    if max(len(generated), len(reference)) > MAX_IMAGES:
        keep = _whole_patients(data)
        generated = generated.take(np.flatnonzero(np.isin(generated.patients, keep)))
        reference = reference.take(np.flatnonzero(np.isin(reference.patients, keep)))
    pooled = np.concatenate([generated.features, reference.features])
    # Sorted, so that a choice of 1,000 rows cannot depend on which side they came from.
    pooled = pooled[np.lexsort(pooled.T)]
    try:
        bandwidth = median_distance(pooled)
    except ValueError as error:
        return Measurement(reason=f"no bandwidth: {error}")
    of_generated, of_reference = joint_codes(MetricInput(generated, reference, data.encoder, data.seed))
    return Measurement(
        {
            "generated": stored(generated),
            "reference": stored(reference),
            "patient_generated": of_generated,
            "patient_reference": of_reference,
        },
        {"bandwidth": bandwidth, "seed": data.seed, "permutations": PERMUTATIONS},
    )


def _whole_patients(data: MetricInput) -> NDArray[np.str_]:
    """Patients in a seeded order, as many as fit the limit on both sides."""
    patients = np.unique(np.concatenate([data.generated.patients, data.reference.patients]))
    order = np.random.default_rng(data.seed).permutation(len(patients))
    names = patients[order]
    position = np.argsort(order)
    fits = np.ones(len(names), bool)
    for side in (data.generated, data.reference):
        count = np.bincount(position[np.searchsorted(patients, side.patients)], minlength=len(names))
        fits &= np.cumsum(count) <= MAX_IMAGES
    return names[fits]


METRIC = Metric(
    name="permutation_p",
    display="Permutation p",
    family="fidelity",
    direction="higher",
    measure=measure,
    estimator="permutation",
    source="Gretton et al. 2012; Phipson and Smyth 2010",
    cost="O((n + m)^2 (d + 999)) time, O(999 (n + m)) memory",
)
