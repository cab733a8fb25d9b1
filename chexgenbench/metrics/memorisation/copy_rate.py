"""Share of generated images that are copies of training images, however flipped, cropped, contrasted or noisy.

Every generated image (of the evaluated prompts and of the training prompts drawn as probes) is compared with every
training image by `chexgenbench.copies`: cross-correlation of fine structure, best over mirroring and windows. An image
above a threshold is *detected*. The value is the share of copies that explains what was detected,

    copies = (d - f) / (w - f)        (Rogan & Gladen 1978), cut to [0, 1],

with d the detected share, f the false-alarm rate and w the detection power. 0 to 1, lower is better.

The threshold is set by the evaluated patients' real images, which no honest generator has seen, searched against the
same training set, one image a patient: above it lies one in 200 of them (of fewer than 199 patients, the largest score
is taken). So it depends on neither the generator nor anybody's choice of a distance. The power is measured by planting
copies of training images altered in five ways (unchanged, noise, mirrored, window of 80 to 100 %, contrast) and
running the same search. The interval holds the sampling of images (by patient), of held-out images and of planted
copies, and takes the power of a kind at random, since a model does not say how it alters what it copies.

Extras: `detected` (and by part: `detected_generated`, `detected_probes`), `false_alarm_rate`, `power`, `power_least`
(of the worst kind). Somepalli et al. 2023 and Dar et al. 2025 (arXiv 2402.01054) count copies above a fixed similarity
instead, without false alarms or power. A generated image that shows no fine structure of its own (blur) can only be
matched by chance; a copy altered beyond these five ways (rotated, say) is missed.

A control that shows real images of the training set (`memoriser`, `real-holdout`) copies all of its images.

Time O(n m) products of 1024 numbers for each of 52 coarse views, then 10 ms an image; memory O(n + m).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chexgenbench import copies
from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.metrics.units import codes
from chexgenbench.planted_copies import KINDS, plant
from leaderboards.statistics.calibrated_rate import level_of
from model_adapters.inference.seeds import derive_seed

RATE = 0.005
"""The false-alarm rate that is aimed at: well below the shares of copies that matter."""

PLANTED = 40
"""Training images of which copies are planted, in each of the ways."""

MIN_HELD_OUT = 20


def measure(data: MetricInput) -> Measurement:
    """Scores of the generated images, and what the detector is worth, for the `copy_share` estimator."""
    corpus = data.corpus
    assert corpus is not None
    if data.generated.features.shape[1] != copies.SIDE**2:
        return Measurement(reason="copies are searched by pixels: this metric is defined for the encoder grey64")
    threshold = calibrated_threshold(data)
    if isinstance(threshold, str):
        return Measurement(reason=threshold)
    search = searcher(data)
    parts = [data.generated] if data.probes is None else [data.generated, data.probes.images]
    scores = [search(part.features).score for part in parts]
    sources = _some(len(corpus), data.seed)
    planted = [_found(search, corpus.features[sources], sources, kind, threshold.level, data.seed) for kind in KINDS]
    return Measurement(
        {
            "score": np.concatenate(scores),
            "cluster": codes(np.concatenate([part.patients for part in parts])),
            "group": np.repeat(np.arange(len(parts)), [len(each) for each in scores]),
            "false_alarms": np.array([threshold.rank, threshold.held_out], np.int64),
            "planted": np.array(planted, np.int64),
        },
        {
            "seed": data.seed,
            "threshold": threshold.level,
            "parts": "generated probes" if data.probes is not None else "generated",
            "kinds": " ".join(KINDS),
        },
        n_generated=sum(len(part) for part in parts),
        n_reference=len(corpus),
    )


class Threshold(NamedTuple):
    """The level above which an image counts as a copy: the `rank`-th largest of `held_out` scores."""

    level: float
    rank: int
    held_out: int


def calibrated_threshold(data: MetricInput) -> Threshold | str:
    """The threshold that the evaluated patients' real images set, or why they cannot."""
    assert data.corpus is not None
    held_out = one_a_patient(data.reference.patients, np.unique(data.corpus.patients))
    if len(held_out) < MIN_HELD_OUT:
        return f"{len(held_out)} evaluated patient(s) outside the training set; a threshold needs {MIN_HELD_OUT}"
    level, rank = level_of(searcher(data)(data.reference.features[held_out]).score, RATE)
    return Threshold(level, rank, len(held_out))


def searcher(data: MetricInput) -> Callable[[NDArray[np.float32]], copies.Matches]:
    """Search of the training set that does every image once, whoever asks."""
    corpus = data.corpus
    assert corpus is not None
    known: dict[str, tuple[float, int, bool]] = data.shared.setdefault(
        f"copies in {copies.content_key(corpus.features)}", {}
    )

    def search(features: NDArray[np.float32]) -> copies.Matches:
        digests = [copies.content_key(row) for row in features]
        fresh = {digest: row for row, digest in enumerate(digests) if digest not in known}
        if fresh:
            found = copies.matches(features[list(fresh.values())], corpus.features)
            known.update(zip(fresh, zip(*found.columns(), strict=True), strict=True))
        return copies.Matches.of([known[digest] for digest in digests])

    return search


def one_a_patient(patients: NDArray[np.str_], outside: NDArray[np.str_]) -> NDArray[np.int64]:
    """The first row of each patient who is not among `outside`."""
    names, first = np.unique(patients, return_index=True)
    return np.sort(first[~np.isin(names, outside)]).astype(np.int64)


def _found(
    search: Callable[[NDArray[np.float32]], copies.Matches],
    images: NDArray[np.float32],
    rows: NDArray[np.int64],
    kind: str,
    threshold: float,
    seed: int,
) -> tuple[int, int]:
    """(copies detected, copies planted) of a kind."""
    return int((search(plant(images, kind, seed)).score > threshold).sum()), len(rows)


def _some(n: int, seed: int) -> NDArray[np.int64]:
    rng = np.random.default_rng(derive_seed(seed, "planted", purpose="copies"))
    return np.sort(rng.permutation(n)[:PLANTED]).astype(np.int64)


METRIC = Metric(
    name="copy_rate",
    display="Copied images",
    family="memorisation",
    direction="lower",
    measure=measure,
    estimator="copy_share",
    source="this suite; after Somepalli et al. 2023, arXiv 2212.03860, and Rogan & Gladen 1978",
    cost="O(n m) time for n generated and m training images, O(n + m) memory",
    unit="share",
    per_group=False,
    floor="held_out",
    needs=frozenset({"encoder", "corpus"}),
    min_images=5,
)
