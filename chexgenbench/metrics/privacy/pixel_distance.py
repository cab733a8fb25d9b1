"""Root mean square difference of grey levels between a generated image and the real training image of its prompt.

At 64 x 64 px (encoder `grey64`), in grey levels of 0 to 255; the mean over the draws of a prompt, then over training
prompts. Higher is more private; 0 is a copy. A mirrored or slightly shifted copy is far away in this sense: `copy_rate`
is the metric that finds copies.

Extras: `minimum` (of the draws), `controls`, `controls_minimum` (held-out prompts, which the generator has not seen),
`above_controls`, `minimum_above_controls` with intervals; below 0 throughout, training prompts bring out their images.

The published value (v1) is no distance: images of 8 bit are subtracted as they are, so differences wrap around at 256,
two unrelated radiographs come out near 150 and a near copy with a little noise near 170.

Time O(draws n pixels).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chexgenbench.asked import by_prompt, prompt_distances
from chexgenbench.copies import SIDE
from chexgenbench.metrics.base import Measurement, Metric, MetricInput

PUBLISHED_SIDE = 512


def measure(data: MetricInput) -> Measurement:
    """Mean and smallest distance by prompt, for the `prompt_distances` estimator."""
    if data.generated.features.shape[1] != SIDE * SIDE:
        return Measurement(reason="pixels are compared: this metric is defined for the encoder grey64")
    return prompt_distances(data, scale=255.0)


def measure_published(data: MetricInput) -> Measurement:
    """The wrapped distance of each prompt's last draw."""
    probes = data.probes
    assert probes is not None
    if probes.images.images is None or probes.real.images is None:
        return Measurement(reason="the pixels of the images are not at hand")
    real: dict[int, NDArray[np.uint8]] = {}
    values = np.zeros(len(probes))
    last = by_prompt(probes, np.arange(len(probes), dtype=np.float64), "last").astype(int)
    for row in last:
        target = int(probes.target[row])
        if target not in real:
            real = {target: squashed(probes.real.images[target])}
        values[row] = wrapped_distance(real[target], squashed(probes.images.images[row]))
    return Measurement(
        {"value": np.array([values[last].mean()])},
        {"interval_reason": "nothing was published with an interval"},
        n_generated=len(last),
        n_reference=len(probes.real),
    )


def squashed(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8[512, 512] by Pillow's default filter for `resize` (bicubic)."""
    import PIL.Image

    if image.shape == (PUBLISHED_SIDE, PUBLISHED_SIDE):
        return image
    return np.asarray(PIL.Image.fromarray(image).resize((PUBLISHED_SIDE, PUBLISHED_SIDE)))


def wrapped_distance(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Root mean square of the 8-bit difference, which wraps around, rounded to four decimals."""
    difference = (one - other).astype(np.float64)
    return round(float(np.sqrt((difference**2).mean())), 4)


METRIC = Metric(
    name="pixel_distance",
    display="Pixel distance",
    family="privacy",
    direction="higher",
    measure=measure,
    estimator="prompt_distances",
    source="CheXGenBench metrics/privacy_metrics.py, arXiv 2505.10496, in floating point; control by this suite",
    cost="O(draws n) time",
    unit="grey levels",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "probes", "controls"}),
    min_images=1,
)

PUBLISHED = Metric(
    name="pixel_distance",
    display="Pixel distance (published)",
    family="privacy",
    direction="higher",
    measure=measure_published,
    estimator="scalar",
    source="CheXGenBench metrics/privacy_metrics.py, arXiv 2505.10496",
    cost="O(n) images decoded",
    unit="grey levels, modulo 256",
    per_group=False,
    floor=False,
    needs=frozenset({"probes", "images"}),
    quirks=(
        "8-bit images are subtracted without conversion, so differences wrap around at 256: it is not a distance, and "
        "higher can mean closer",
        "inside the loop over draws the last image is compared every time: mean and minimum are those of the last draw",
        "grey images stand for three equal channels; a coloured generated image is averaged over its channels first",
    ),
    min_images=1,
)
