"""FLD gap: are training images likelier than unseen ones under the density of the images drawn for training prompts?

100 (mean log p(test) - mean log p(train)) / d, p a Gaussian around each generated image with widths fitted to real
images (Jiralerspong et al. 2023, section 3, as in `fld`). In hundredths of a nat per dimension. 0 but for chance for a
generator that generalises, far below 0 for one that copies (the authors warn below -1000 for their whole set): around a
copied training image the Gaussian collapses, which makes that image very likely and nothing else.

Here the widths are fitted to the training and the test images together. Published, they are fitted to the training
images alone, which are then likelier under any generator: for a perfect generator of phantoms the gap was -8 and -24
in two cohorts, where fitting to both gives 0.5 and -4, both with 0 in the interval. Fitted to both, the two kinds of
images are treated alike, so for images that follow neither the gap is 0 on average, at any number of images.

`fld` reports a gap too, the published one, of the held-out prompts' images against the images it fits projections on.
Here p is of images drawn for training prompts, where copying shows first, and `train` is the searched training set, the
patients of the prompts first; at most 5,000 images of it, and as many test images, since the fit holds all distances.
Features are standardised by all images of the fit.

Estimator: difference of two means, variances by patient of test and of training images; the density is held fixed.

Time O(200 n t + (n + m) t d) at worst; memory 4 n t bytes, t <= 10,000.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Measurement, Metric, MetricInput, Side
from chexgenbench.metrics.units import is_open, per_image, units
from chexgenbench.mixture import Mixture
from chexgenbench.training_neighbours import FEW, prefixed, training_set

MAX_TRAIN = 5_000
"""Images of either kind."""

MAX_GENERATED = 4_000
CHOICE_SEED = 0
CONSTANT = 1e-6
"""A dimension that varies less than this share of the most variable one is left out."""


def measure(data: MetricInput) -> Measurement:
    """Log-densities of test and training images, for the `mean_difference` estimator."""
    if training_set(data) is None:
        return Measurement(reason=FEW)
    assert data.probes is not None and data.corpus is not None
    train, unseen = _chosen(data.corpus, data.probes.real.ids), _chosen(data.reference, data.reference.ids[:0])
    if not is_open(data, train) and units(data, train).max() == 0:
        return Measurement(reason="too few credentialed training patients to store anything about them")
    both = np.concatenate([train.features, unseen.features])
    mean, deviation = both.mean(axis=0, dtype=np.float64), both.std(axis=0, dtype=np.float64)
    used = deviation > CONSTANT * deviation.max()
    if not used.any():
        return Measurement(reason="all real images have the same features")

    def standardised(features: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.asarray((features[:, used].astype(np.float64) - mean[used]) / deviation[used])

    drawn = standardised(data.probes.images.features[:MAX_GENERATED])
    # Not to the training images alone: they would be the likelier ones without any copying.
    density = Mixture.fit(drawn, standardised(both))
    arrays = {
        **per_image(data, unseen, values=density.log_density(standardised(unseen.features))),
        **prefixed("other", per_image(data, train, values=density.log_density(standardised(train.features)))),
    }
    parameters = {"scale": 100.0 / int(used.sum())}
    return Measurement(arrays, parameters, n_generated=len(drawn), n_reference=len(unseen))


def _chosen(corpus: Side, first: NDArray[np.str_]) -> Side:
    """The images of some cases, and others up to the limit."""
    if len(corpus) <= MAX_TRAIN:
        return corpus
    order = np.random.default_rng(CHOICE_SEED).permutation(len(corpus))
    wanted = np.isin(corpus.ids[order], first)
    return corpus.take(np.sort(np.concatenate([order[wanted], order[~wanted]])[:MAX_TRAIN]))


METRIC = Metric(
    name="fld_gap",
    display="FLD gap",
    family="memorisation",
    direction="zero",
    measure=measure,
    estimator="mean_difference",
    source="Jiralerspong et al. 2023, arXiv 2302.04440",
    cost="O(200 n t + (n + m) t d) time, O(n t) memory up to 160 MB",
    unit="0.01 nat/dim",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "corpus", "probes"}),
)
