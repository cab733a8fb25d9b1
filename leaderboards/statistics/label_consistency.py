"""Do images show the findings that their prompts name, as a classifier sees them?"""

from __future__ import annotations

from dataclasses import replace

from leaderboards.statistics.classification import classification, classification_blocks
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.registry import Arrays


def label_consistency(
    arrays: Arrays,
    *,
    labels: str,
    arms: str,
    seed: int,
    baseline: str = "",
    replicates: int = 1000,
    level: float = 0.95,
    **_recorded: float | str,
) -> Estimate:
    """Macro AUROC of the classifier on generated images, by label too, beside that on the real images of the cases.

    Args:
        arrays: those of `classification` (single images) or of `classification_blocks` (splits whose images stay at
            home), with arm "generated" first; f1_macro: float64[1] (optional), at a probability of one half.
        labels, arms, seed, baseline, replicates, level: as for those.

    Returns:
        The estimate of `classification` or `classification_blocks`; extra also "f1_macro".
    """
    rest = {name: array for name, array in arrays.items() if name != "f1_macro"}
    if "share" in arrays:
        found = classification_blocks(
            rest, statistic="auroc", labels=labels, arms=arms, baseline=baseline, by_label=True, level=level, seed=seed
        )
    else:
        found = classification(
            rest,
            statistic="auroc",
            labels=labels,
            arms=arms,
            seed=seed,
            baseline=baseline,
            by_label=True,
            replicates=replicates,
            level=level,
        )
    if "f1_macro" not in arrays or found.value is None:
        return found
    return replace(found, extra={**found.extra, "f1_macro": float(arrays["f1_macro"].reshape(()))})
