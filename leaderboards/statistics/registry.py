"""Estimators by name: what recomputes a record's numbers from its stored arrays, without torch."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.blas import one_thread
from leaderboards.statistics.estimate import Estimate

Arrays = Mapping[str, NDArray[Any]]
Estimator = Callable[..., Estimate]
"""Called as estimator(arrays, **parameters)."""

ESTIMATORS: dict[str, str] = {
    "frechet": "leaderboards.statistics.frechet:frechet",
    "log_frechet": "leaderboards.statistics.log_frechet:log_frechet",
    "frechet_sharded": "leaderboards.statistics.frechet_sharded:frechet_sharded",
    "mmd": "leaderboards.statistics.mmd:mmd",
    "permutation": "leaderboards.statistics.permutation:permutation",
    "clustered_mean": "leaderboards.statistics.clustered_mean:clustered_mean",
    "copy_share": "leaderboards.statistics.copy_share:copy_share",
    "vendi": "leaderboards.statistics.vendi:vendi",
    "fld": "leaderboards.statistics.fld:fld",
    "inception_score": "leaderboards.statistics.inception_score:inception_score",
    "stratified_rate": "leaderboards.statistics.stratified_rate:stratified_rate",
    "image_text": "leaderboards.statistics.image_text:image_text",
    "pair_choice": "leaderboards.statistics.pair_choice:pair_choice",
    "recall_at_k": "leaderboards.statistics.recall_at_k:recall_at_k",
    "label_consistency": "leaderboards.statistics.label_consistency:label_consistency",
    "scalar": "leaderboards.statistics.scalar:scalar",
    "against_held_out": "leaderboards.statistics.against_held_out:against_held_out",
    "mean_difference": "leaderboards.statistics.mean_difference:mean_difference",
    "calibrated_rate": "leaderboards.statistics.calibrated_rate:calibrated_rate",
    "auroc": "leaderboards.statistics.auroc:auroc",
    "ct_score": "leaderboards.statistics.ct_score:ct_score",
    "mifid": "leaderboards.statistics.mifid:mifid",
    "classification": "leaderboards.statistics.classification:classification",
    "classification_gap": "leaderboards.statistics.classification_gap:classification_gap",
    "segmentation": "leaderboards.statistics.segmentation:segmentation",
    "recognised": "leaderboards.statistics.recognised:recognised",
    "prompt_distances": "leaderboards.statistics.prompt_distances:prompt_distances",
    "report_scores": "leaderboards.statistics.report_scores:report_scores",
    "noise_gap": "leaderboards.statistics.noise_gap:noise_gap",
    "prompts_cut": "leaderboards.statistics.prompts_cut:prompts_cut",
    "paired_rate": "leaderboards.statistics.paired_rate:paired_rate",
    "position_bias": "leaderboards.statistics.position_bias:position_bias",
}
"""Name -> "module:function"; each function documents its arrays and parameters."""


def estimate(name: str, arrays: Arrays, parameters: Mapping[str, Any] | None = None) -> Estimate:
    """Run an estimator on its arrays.

    Raises:
        KeyError: no estimator of this name. ValueError: arrays of a wrong shape or with NaN or infinity.
    """
    if name not in ESTIMATORS:
        raise KeyError(f"no estimator {name!r}; known: {', '.join(sorted(ESTIMATORS))}")
    for key, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"array {key!r} of {name} holds NaN or infinity")
    module, function = ESTIMATORS[name].split(":")
    estimator: Estimator = getattr(importlib.import_module(module), function)
    with one_thread():
        return estimator(arrays, **dict(parameters or {}))
