"""Data-copying test C_T: are images drawn for training prompts nearer to the training set than held-out real ones?

Z of the Mann-Whitney test between distances to the nearest training image, generated against held-out real, averaged
over cells of feature space with the held-out share of each cell as weight (Meehan, Chaudhuri and Dasgupta 2020). 0 is
what real images score; well below 0 means copying, well above 0 underfitting (images off the manifold). In standard
deviations under the null hypothesis, so it grows with the number of images: compare it at equal numbers, which the
protocol fixes. `p_copying` in the extras is the one-sided p-value; `farther` is the share of pairs in which the
generated image is farther (0.5 under the null), which does not depend on numbers; `further` is C_T of the images drawn
for held-out prompts.

Cells, because a generator may copy in one region and underfit in another: k-means of 2,000 training images
(deterministic start), min(5, patients / 20) of them; a cell counts if at least 8 patients on either side fall into it
(the paper has more, larger cells; with 60 prompts there is room for three). Where a patient has several draws or images
each weighs 1 / their number, so n is patients and Z is never larger than independent images would make it; with one
image a patient it is the published statistic (without continuity correction). The interval resamples nothing: variances
of the placements by patient on both sides (DeLong).

Time O(n m d), shared; k-means O(25 k 2,000 d).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.cells import Cells
from chexgenbench.metrics.base import Measurement, Metric, MetricInput, Side
from chexgenbench.metrics.units import codes
from chexgenbench.training_neighbours import FEW, TrainingSet, near, prefixed, real, training_set
from leaderboards.statistics.ct_score import ct_score, scales
from leaderboards.statistics.placements import placements

MAX_CELLS = 5
PATIENTS_A_CELL = 20
LEAST = 8.0
FITTED_ON = 2_000
CHOICE_SEED = 0

Arrays = dict[str, NDArray[Any]]


def measure(data: MetricInput) -> Measurement:
    """Placements of generated images and contributions of held-out ones, for the `ct_score` estimator."""
    known = training_set(data)
    if known is None:
        return Measurement(reason=FEW)
    assert data.probes is not None
    arrays = _arrays(data, known, data.probes.images)
    if arrays is None:
        return Measurement(reason=f"no cell holds {LEAST:.0f} generated and {LEAST:.0f} held-out patients")
    further = _arrays(data, known, data.generated)
    if further is not None:
        arrays["further"] = np.array([ct_score(further).value])
    return Measurement(arrays, n_generated=len(data.probes))


def _arrays(data: MetricInput, known: TrainingSet, side: Side) -> Arrays | None:
    """Arrays of the estimator for the images of a side."""
    one, other = near(data, side).first, near(data, data.reference).first
    weight, held_out = _weights(side), _weights(data.reference)
    cells = _cells(data, known, int(min(weight.sum(), held_out.sum()) + 0.5))
    of_one, of_other = (cells.of(part.features) for part in (side, data.reference))
    k = len(cells.centres)
    n, m = np.bincount(of_one, weight, minlength=k), np.bincount(of_other, held_out, minlength=k)
    kept = np.flatnonzero(np.minimum(n, m) >= LEAST - 1e-9)
    if not len(kept):
        return None
    placed, influence = np.zeros(len(one)), np.zeros(len(other))
    scale = m[kept] / m[kept].sum() * scales(n[kept], m[kept])
    for cell, factor in zip(kept, scale, strict=True):
        mine, theirs = of_one == cell, of_other == cell
        placed[mine] = placements(one[mine], other[theirs], held_out[theirs])
        area = float((weight[mine] * placed[mine]).sum() / n[cell])
        below = 1.0 - placements(other[theirs], one[mine], weight[mine])
        influence[theirs] = factor * held_out[theirs] * (below - area) / m[cell]
    used = np.isin(of_one, kept)
    return {
        "placement": placed[used],
        "cell": np.searchsorted(kept, of_one[used]).astype(np.int64),
        "weight": weight[used],
        "cluster": codes(side.patients)[used],
        "cell_size": m[kept],
        **prefixed("held_out", real(data, data.reference, influence=influence)),
    }


def _weights(side: Side) -> NDArray[np.float64]:
    """1 / number of images of the patient: float64[n]."""
    of = codes(side.patients)
    return np.asarray(1.0 / np.bincount(of)[of])


def _cells(data: MetricInput, known: TrainingSet, patients: int) -> Cells:
    count = max(1, min(MAX_CELLS, patients // PATIENTS_A_CELL))
    key = f"cells/{count}".encode()
    if key not in known.found:
        assert data.corpus is not None
        rows: Any = slice(None)
        if len(data.corpus) > FITTED_ON:
            chosen = np.random.default_rng(CHOICE_SEED).choice(len(data.corpus), FITTED_ON, replace=False)
            rows = np.sort(chosen)
        known.found[key] = Cells.fit(data.corpus.features[rows], count)
    result: Cells = known.found[key]
    return result


METRIC = Metric(
    name="ct_score",
    display="C_T (data copying)",
    family="memorisation",
    direction="zero",
    measure=measure,
    estimator="ct_score",
    source="Meehan, Chaudhuri and Dasgupta 2020, arXiv 2004.05675",
    cost="O(n m d) time, shared; O(d) memory a row",
    unit="Z",
    per_group=False,
    floor=False,
    min_images=8,
    needs=frozenset({"encoder", "corpus", "probes"}),
)
