"""Share of training prompts whose image the generator gives back again and again: the extraction attack.

Carlini et al. 2023 (arXiv 2301.13188): draws of one prompt that are near-copies of each other betray a memorised
image. Two images are near if the largest of the Euclidean distances of their 4 x 4 tiles is below a threshold. A
prompt is *extracted* if its draws hold a clique of at least three images, all near to each other, one of them near to
the prompt's training image. 0 to 1, lower is better.

At 64 x 64 px (encoder `grey64`), grey levels in 0..1. The threshold is not a constant: it is the smallest at which
held-out prompts, drawn as often, would count as extracted of *their* real images, which the generator has never seen,
for 1 % of them (of fewer than 199, the closest one). So a prompt that is not memorised is called extracted with the
probability `false_alarm` of the extras, for any generator, also one that always draws the same image. `copies` is the
share corrected for it. The more draws a prompt has (4 in preset quick, 50 as published), the more is found; a mirrored
or cropped copy is not (`copy_rate` finds those).

The variant of protocol v1 is that of the code of Capacity Control (arXiv 2410.22149): a threshold of 20 on tiles of
56 x 56 x 3 numbers at 224 px, a root mean square of 53 grey levels, which most radiographs of strangers are within.

Time O(prompts draws^3 + prompts draws^2 pixels).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chexgenbench.asked import draws_of, prompt_clusters
from chexgenbench.copies import SIDE
from chexgenbench.held_out_level import against_held_out
from chexgenbench.metrics.base import Asked, Measurement, Metric, MetricInput
from chexgenbench.tile_distances import SMALLEST_CLIQUE, draw_distances, extraction_distance, tile_distance

MIN_CONTROLS = 20
PUBLISHED_SIDE, PUBLISHED_THRESHOLD, CHANNELS = 224, 20.0, 3


def measure(data: MetricInput) -> Measurement:
    """Minus the distance at which each prompt is extracted, for the `calibrated_rate` estimator."""
    probes, controls = data.probes, data.controls
    assert probes is not None
    assert controls is not None
    if data.generated.features.shape[1] != SIDE * SIDE:
        return Measurement(reason="tiles of pixels are compared: this metric is defined for the encoder grey64")
    draws = draws_of(probes)
    if draws < SMALLEST_CLIQUE or draws_of(controls) != draws:
        return Measurement(reason=f"{draws} draws a prompt; the attack needs {SMALLEST_CLIQUE} or more of each")
    held_out = -distances(controls)
    if len(held_out) < MIN_CONTROLS:
        return Measurement(reason=f"{len(held_out)} held-out prompts; a threshold needs {MIN_CONTROLS}")
    return against_held_out(
        -distances(probes),
        prompt_clusters(probes),
        held_out,
        data.seed,
        n_generated=len(probes),
        n_reference=len(probes.real),
    )


def distances(asked: Asked) -> NDArray[np.float64]:
    """The distance at which each prompt is extracted: float64[prompts]."""
    found = []
    for target in np.unique(asked.target):
        rows = np.flatnonzero(asked.target == target)
        draws = asked.images.features[rows].reshape(-1, SIDE, SIDE).astype(np.float64)
        own = tile_distance(draws, asked.real.features[target].reshape(SIDE, SIDE).astype(np.float64))
        found.append(extraction_distance(draw_distances(draws), own))
    return np.array(found)


def measure_published(data: MetricInput) -> Measurement:
    """The published share: a connected group of three, whose first image is near to the training image."""
    probes = data.probes
    assert probes is not None
    if probes.images.images is None or probes.real.images is None:
        return Measurement(reason="the pixels of the images are not at hand")
    hits = []
    for target in np.unique(probes.target):
        rows = np.flatnonzero(probes.target == target)
        rows = rows[np.argsort(probes.draw[rows], kind="stable")]
        draws = np.stack([_published(probes.images.images[int(row)]) for row in rows])
        near = draw_distances(draws) * math.sqrt(CHANNELS) < PUBLISHED_THRESHOLD
        first = first_of_largest_group(near)
        if first is None:
            hits.append(0.0)
            continue
        own = tile_distance(draws[first], _published(probes.real.images[int(target)])) * math.sqrt(CHANNELS)
        hits.append(float(own < PUBLISHED_THRESHOLD))
    return Measurement(
        {"value": np.array([np.mean(hits)])},
        {"interval_reason": "nothing was published with an interval"},
        n_generated=len(probes),
        n_reference=len(probes.real),
    )


def first_of_largest_group(near: NDArray[np.bool_]) -> int | None:
    """The first image of the largest connected group of at least three; the earliest of equally large ones."""
    import networkx

    groups = list(networkx.connected_components(networkx.from_numpy_array(near & ~np.eye(len(near), dtype=bool))))
    largest = max(groups, key=lambda group: (len(group), -min(group)))
    return min(largest) if len(largest) >= SMALLEST_CLIQUE else None


def _published(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """float64[224, 224] in 0..1: the shorter side to 224 px, central square."""
    import PIL.Image

    height, width = image.shape
    scale = PUBLISHED_SIDE / min(height, width)
    size = (max(PUBLISHED_SIDE, int(width * scale)), max(PUBLISHED_SIDE, int(height * scale)))
    small = np.asarray(PIL.Image.fromarray(image).resize(size, PIL.Image.Resampling.BILINEAR))
    top, left = (small.shape[0] - PUBLISHED_SIDE) // 2, (small.shape[1] - PUBLISHED_SIDE) // 2
    return small[top : top + PUBLISHED_SIDE, left : left + PUBLISHED_SIDE] / 255.0


METRIC = Metric(
    name="extraction",
    display="Extracted prompts",
    family="memorisation",
    direction="lower",
    measure=measure,
    estimator="calibrated_rate",
    source="Carlini et al. 2023, arXiv 2301.13188; threshold by this suite",
    cost="O(prompts draws^3 + prompts draws^2 pixels) time",
    unit="share",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "probes", "controls"}),
    min_images=1,
)

PUBLISHED = Metric(
    name="extraction",
    display="Extracted prompts (published)",
    family="memorisation",
    direction="lower",
    measure=measure_published,
    estimator="scalar",
    source="Capacity Control, arXiv 2410.22149, extraction_attack.py and evaluate_extraction_attack.py",
    cost="O(prompts draws^2) distances, all draws decoded",
    unit="share",
    per_group=False,
    floor=False,
    needs=frozenset({"probes", "images"}),
    quirks=(
        "its cliques are connected groups: two images that are far apart may be in one",
        "a threshold of 20 on tiles of 56 x 56 x 3 numbers is a root mean square of 53 grey levels, within which most "
        "radiographs of strangers are",
        "50 draws of each of the first 1,000 training captions are replaced by the draws of this protocol",
        "the option to read stored draws reads the real image in their place; that is not repeated here",
        "grey images stand for three equal channels",
    ),
    min_images=1,
)
