"""The registry as rows: what `chexgenbench metrics` prints."""

from __future__ import annotations

from typing import Any

from chexgenbench import protocols
from chexgenbench.metrics.registry import MODULES, find, module_of


def rows() -> list[dict[str, Any]]:
    """One row a metric: name, family, direction, unit, estimator, protocols, needs, source, cost, summary, quirks."""
    found = []
    used = {
        name: {use.metric for preset in ("quick", "full") for use in protocols.load(name, preset).uses}
        for name in protocols.PROTOCOLS
    }
    for name in MODULES:
        metric = find(name, "v2") or find(name, "v1")
        assert metric is not None
        published = find(name, "v1")
        found.append(
            {
                "name": name,
                "display": metric.display,
                "family": metric.family,
                "direction": metric.direction,
                "unit": metric.unit,
                "estimator": metric.estimator,
                "protocols": [protocol for protocol in protocols.PROTOCOLS if name in used[protocol]],
                "needs": sorted(metric.needs),
                "source": metric.source,
                "cost": metric.cost,
                "summary": (module_of(name).__doc__ or "").strip().split("\n")[0],
                "quirks_v1": list(published.quirks) if published else [],
            }
        )
    return found
