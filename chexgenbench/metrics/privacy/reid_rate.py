"""Share of training prompts whose patient is recognised in a generated image; 1 % are by mistake.

The share alone, of which `reid` subtracts that of held-out prompts; similarity, threshold and extras are explained
there. 0 to 1, lower is better. A share well above 1 % means patients recognised *or* images of the same findings that
look alike: compare with `controls` in the extras, the share of held-out prompts.

Time O(draws (n + real pairs) d), memory O(n d).
"""

from __future__ import annotations

from chexgenbench.metrics.base import Metric
from chexgenbench.metrics.privacy import reid

METRIC = Metric(
    name="reid_rate",
    display="Patients recognised",
    family="privacy",
    direction="lower",
    measure=reid.measure_rate,
    estimator="recognised",
    source=reid.METRIC.source,
    cost=reid.METRIC.cost,
    unit="share",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "train", "probes"}),
    min_images=1,
)
