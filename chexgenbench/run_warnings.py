"""What a reader of a record must know before believing it, in words."""

from __future__ import annotations

from collections.abc import Sequence

from chexgenbench.plan import Plan
from leaderboards.records.schema import MetricResult
from model_adapters.inference.prompt_lengths import prompt_lengths, sentence
from model_adapters.inference.sample_store import SampleStore


def warnings_of(plan: Plan, results: Sequence[MetricResult], store: SampleStore) -> list[str]:
    """Warnings in a fixed order: split, samples, sizes, contamination, protocol."""
    found = list(plan.split.warnings)
    found += _samples(plan, store)
    found += _sizes(results)
    found += _contamination(plan, store)
    if plan.protocol.preset == "quick":
        found.append(
            f"Preset quick: at most {plan.protocol.max_cases} cases and the offline encoders. "
            "Not comparable with the full benchmark."
        )
    if plan.protocol.name == "v1":
        found.append("Protocol v1 repeats the published choices, quirks included: compare with published numbers only.")
    return found


def _contamination(plan: Plan, store: SampleStore) -> list[str]:
    """Training data is named "split", or "split/subset" where the card knows which part."""
    seen = {name.lower() for name in store.key["model"].get("training_data", ())}
    name, subset = plan.split.name.lower(), plan.subset.lower()
    held_out = any(word in subset for word in ("test", "val"))
    if f"{name}/{subset}" in seen or (name in seen and not held_out):
        return [f"The model was trained on {plan.split.name}, and {plan.subset!r} may hold images it has seen."]
    return []


def _samples(plan: Plan, store: SampleStore) -> list[str]:
    asked = {case.id for case in plan.cases}
    rows = [row for row in store.rows.values() if row.draw == 0 and row.case_id in asked]
    found = []
    for status in ("refused", "failed", "corrupt"):
        count = sum(row.status == status for row in rows)
        if count:
            found.append(f"{count} of {len(plan.cases)} requests were {status}: they have no image and enter no score.")
    absent = len(plan.cases) - len(rows)
    if 0 < len(plan.corpus) < plan.seen:
        found.append(f"{len(plan.corpus):,} of {plan.seen:,} training images were searched for copies.")
    if absent:
        found.append(f"{absent} of {len(plan.cases)} cases have no generated image.")
    lengths, truncated = prompt_lengths(rows), sum(bool((row.info or {}).get("truncated")) for row in rows)
    if lengths is not None and (truncated or lengths.get("cut_short")):
        found.append(sentence(lengths))
    elif truncated:
        found.append(f"{truncated} of {len(rows)} prompts were longer than the model reads, and were cut.")
    return found


def _sizes(results: Sequence[MetricResult]) -> list[str]:
    found = []
    overall = [result for result in results if result.group == "overall" and result.variant == "raw"]
    for result in overall:
        if result.value is not None and result.low is None and result.estimator == "frechet":
            found.append(f"n too small for {result.metric}: {result.interval_reason}")
    small = sorted({result.group for result in results if result.value is None and result.group != "overall"})
    if small:
        found.append(f"Too few cases for some metrics in {len(small)} group(s): {', '.join(small)}.")
    return found
