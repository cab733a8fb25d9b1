"""MIFID: a Frechet distance over how far generated images keep from the training set, so that copies cannot win.

MIFID = FD / penalty (Bai et al. 2021). FD is the Frechet distance on the fixed 64-dimensional projection (`fid64`),
which has an interval at these sizes. The penalty rests on the cosine distance 1 - |cos| of each generated image to the
nearest training image, averaged. In torchmetrics it is that mean itself, or 1 if the mean is at least 0.1; but 0.1
belongs to one encoder: features of others have all cosines near 1, and then every generator is fined. Here penalty =
min(1, mean of generated / mean of held-out real images): 1 for a generator that keeps the distance that real patients
keep, 0 for copies. Lower is better, in squared units of the encoder; exact copies give huge values.

In the extras: `frechet`, `penalty`, `cosine` and `real_cosine`, and `published`, FD with the published penalty. It
equals torchmetrics' value for the same FD if the two sides are exchanged there: torchmetrics averages over the real
images, each to its nearest generated one, which a generator that copies a few of many training images escapes. Cosines
are of the features as they are, exact over all searched training images; a feature vector of length 0 has distance 1.

Of images drawn for the evaluated prompts, like `fid64`. Floor: half of the held-out real images against the other half.

Time O(n m d), memory O(1024 d) beside the features.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Measurement, Metric, MetricInput, Side
from chexgenbench.metrics.fidelity import fid64
from chexgenbench.search import search
from chexgenbench.training_neighbours import drawn, prefixed, real

Float32 = NDArray[np.float32]

ROWS = 4096
"""Corpus images normalised at a time."""


def cosine_distances(features: Float32, corpus: Float32) -> NDArray[np.float64]:
    """float64[n], 1 - |cos| to the corpus image with the largest |cos|.

    Half the squared distance of the directions, exact up to the rounding of directions to float32 (1e-7).
    """
    result = np.ones(len(features))
    some = np.flatnonzero((features != 0).any(axis=1))
    queries = _directions(features[some])
    signs = (1.0, -1.0) if _min(queries) < 0.0 or _min(corpus) < 0.0 else (1.0,)
    for sign in signs:
        found = search(np.float32(sign) * queries, _parts(corpus), 1)
        gap = np.where(np.isfinite(found.distance[:, 0]), found.distance[:, 0] ** 2 / 2.0, 1.0)
        result[some] = np.minimum(result[some], gap)
    return result


def measure(data: MetricInput) -> Measurement:
    """The arrays of `fid64` and the cosine distances, for the `mifid` estimator."""
    assert data.corpus is not None
    base = fid64.measure(data)
    if base.reason is not None:
        return base

    def cosine(side: Side) -> NDArray[np.float64]:
        assert data.corpus is not None
        return cosine_distances(side.features, data.corpus.features)

    arrays = {
        **base.arrays,
        **prefixed("cosine", drawn(data.generated, values=cosine(data.generated))),
        **prefixed("real", real(data, data.reference, values=cosine(data.reference))),
    }
    return Measurement(arrays, base.parameters)


def _directions(features: Float32) -> Float32:
    lengths = np.linalg.norm(features.astype(np.float64), axis=1, keepdims=True)
    return np.asarray(features / lengths, np.float32)


def _parts(corpus: Float32) -> Iterator[Float32]:
    for start in range(0, len(corpus), ROWS):
        part = corpus[start : start + ROWS]
        yield _directions(part[(part != 0).any(axis=1)])


def _min(features: Float32) -> float:
    return float(features.min(initial=0.0))


METRIC = Metric(
    name="mifid",
    display="MIFID, 64-d",
    family="memorisation",
    direction="lower",
    measure=measure,
    estimator="mifid",
    source="Bai et al. 2021, arXiv 2106.03062, on a fixed projection, penalty calibrated",
    cost="O(n m d) time, O(d) memory a row",
    per_group=False,
    floor="held_out",
    needs=frozenset({"encoder", "corpus", "train", "projection"}),
)
