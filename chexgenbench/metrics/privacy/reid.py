"""Patients recognised beyond chance: do training prompts bring out their own patients more than held-out prompts do?

A prompt counts as *recognised* if the largest similarity between its draws and the real image it was written for is
above a threshold. The value is the share of recognised training prompts (probes) less that of held-out prompts
(controls), drawn equally often: images of the same findings look alike whoever they show, and a recognition network
makes mistakes; both happen to held-out patients as well, whom the generator has never seen. 0 for a generator that
reveals nobody, 1 if it reveals every training patient and no other; lower is better.

Similarity is the probability that a Siamese network gives (`siamese-reid`, Packhaeuser et al. 2022), or for any other
encoder the cosine of features standardised by training images (`lite0`: AUROC 0.87 for the same patient on real pairs).
A network sees what it was trained to see: `lite0` knows a copy that is mirrored, cropped or contrasted, and loses it
under noise of 15 grey levels, which `copy_rate` sees through.

The threshold comes from real training images: the largest of k similarities of an image to images of k other patients,
k the number of draws, exceeds it for 1 % of patients. A threshold for single pairs would be passed k times as often.
Its interval (bootstrap by patient) is in the extras and enters that of the value.

Extras: `rate` and `controls`, the two shares, with intervals; `threshold`; `false_positives`, the rate aimed at;
`auroc` and `tpr`, what the similarity is worth on real pairs (same-patient pairs above the level that 1 % of
different-patient pairs pass); `average` and `maximum` of the largest similarities, as published; `count`, the prompts
above the published threshold where `--delta` names it (it is in no code or paper that we could read).

The published numbers (CheXGenBench) are `reid_avg`, `reid_max` and `reid_count` under protocol v1: no control, no
calibration, and a network fed with images it was not trained for.

Time O(draws (n + real pairs) d), memory O(n d).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chexgenbench.asked import by_prompt, draws_of, prompt_clusters
from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.reidentification import FALSE_POSITIVES, Similarity, calibration_of, own_similarity


def measure(data: MetricInput) -> Measurement:
    """Both shares from one threshold, for the `recognised` estimator."""
    return _measured(data, "excess")


def measure_rate(data: MetricInput) -> Measurement:
    """The share of training prompts alone; that of held-out prompts is beside it where there are any."""
    return _measured(data, "rate")


def _measured(data: MetricInput, value: str) -> Measurement:
    probes, controls = data.probes, data.controls
    assert probes is not None
    draws = draws_of(probes)
    if controls is not None and draws_of(controls) != draws:
        return Measurement(reason="training and held-out prompts were not drawn equally often")
    similarity = Similarity(data.train, data.pair_head)
    calibration = calibration_of(data, similarity, draws)
    if isinstance(calibration, str):
        return Measurement(reason=calibration)
    scores = by_prompt(probes, own_similarity(probes, similarity), "max")
    arrays = {
        "scores": scores,
        "cluster": prompt_clusters(probes),
        "threshold": _one(calibration.threshold),
        "thresholds": calibration.thresholds,
    }
    if controls is not None:
        arrays["controls_scores"] = by_prompt(controls, own_similarity(controls, similarity), "max")
        arrays["controls_cluster"] = prompt_clusters(controls)
    worth = {"auroc": calibration.auroc, "tpr": calibration.tpr, "false_positives": FALSE_POSITIVES}
    if "delta" in data.options:
        worth["count"] = float((scores > data.options["delta"]).sum())
        worth["delta"] = float(data.options["delta"])
    return Measurement(
        arrays,
        {
            "seed": data.seed,
            "value": value,
            "draws": draws,
            "similarity": "cosine of standardised features" if data.pair_head is None else "pair head",
            **{name: each for name, each in worth.items() if each is not None},
        },
        n_generated=len(probes),
        n_reference=len(probes.real),
    )


def _one(value: float) -> NDArray[np.float64]:
    return np.array([value])


METRIC = Metric(
    name="reid",
    display="Patients recognised (excess)",
    family="privacy",
    direction="lower",
    measure=measure,
    estimator="recognised",
    source="this suite; after Packhaeuser et al. 2022, arXiv 2103.08562, and CheXGenBench metrics/privacy_metrics.py",
    cost="O(draws n d) time",
    unit="share",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "train", "probes", "controls"}),
    min_images=1,
)
