"""The committed page is what the registry says, and every metric stands on it."""

from __future__ import annotations

from pathlib import Path

from chexgenbench.metrics import reference_page
from chexgenbench.metrics.registry import MODULES, find

PAGE = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"


def test_the_page_in_docs_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == reference_page.markdown(), "chexgenbench metrics --markdown > docs/metrics.md"


def test_every_metric_has_definition_source_direction_estimator_and_cost() -> None:
    page = reference_page.markdown()
    for name in MODULES:
        metric = find(name, "v2") or find(name, "v1")
        assert metric is not None
        entry = page.split(f"### {name}\n")[1].split("\n### ")[0]
        for part in (
            metric.source,
            metric.estimator,
            metric.cost,
            reference_page.DIRECTIONS[metric.direction].capitalize(),
        ):
            assert part and part in entry, (name, part)
        assert len(entry) > 300, f"{name} is not defined"
    quirk = next(quirk for name in MODULES if (m := find(name, "v1")) for quirk in m.quirks)
    assert quirk in page
