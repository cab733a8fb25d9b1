"""From features to results: every metric, overall and per group, raw, at matched n, and real against real."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chexgenbench import groups
from chexgenbench.encoder_scorer import Context, EncoderScorer, Observe, Store
from chexgenbench.metrics.base import Draws
from chexgenbench.parts import Cases, EncodedSplit, Rows
from chexgenbench.protocols import Protocol
from leaderboards.records.schema import MetricResult


def score(
    protocol: Protocol,
    cases: Cases,
    encoded: Mapping[str, EncodedSplit],
    draws: Draws | None,
    *,
    credentialed: bool,
    store: Store,
    options: Mapping[str, float] | None = None,
    scratch: Path | None = None,
    shared: dict[str, Any] | None = None,
    observe: Observe = lambda *_: None,
    progress: Callable[[Sequence[tuple[str, str]]], Iterable[tuple[str, str]]] = iter,
) -> list[MetricResult]:
    """Every result of a protocol, ordered by metric, then group, then variant.

    Args:
        encoded: encoder name -> features; metrics of an encoder that is not here are undefined.
        credentialed: keep everything that is a real image's feature, or tells who is in a group, out of the store.
        options: what the user alone can say, by name. scratch: where metrics may keep costly results of this run.
        shared: where they keep them in memory; the same for runs of the same cases may save what they have in common.
        observe: sees each encoder's overall raw input (what else is to be made of it, such as a gallery).
        progress: wraps the list of (encoder, group) that is worked through.
    """
    rows = membership(cases, protocol)
    sizes = [each.smaller for name, each in rows.items() if name != "overall" and each.smaller >= protocol.min_group]
    order = {(use.metric, use.encoder): index for index, use in enumerate(protocol.uses)}
    position = {name: index for index, name in enumerate(rows)}
    encoders = list(dict.fromkeys(use.encoder for use in protocol.uses))
    context = Context(
        protocol,
        cases,
        draws,
        credentialed,
        store,
        min(sizes, default=None),
        dict(options or {}),
        scratch,
        observe=observe,
        shared={} if shared is None else shared,
    )
    found: list[tuple[int, int, MetricResult]] = []
    scorer: EncoderScorer | None = None
    for encoder, group in progress([(encoder, group) for encoder in encoders for group in rows]):
        if scorer is None or scorer.encoder != encoder:
            scorer = EncoderScorer(context, encoder, encoded.get(encoder))
        for metric, result in scorer.results(group, rows[group]):
            found.append((order[metric.name, encoder], position[group], result))
    found.sort(key=lambda each: each[:2])
    return [result for _, _, result in found]


def membership(cases: Cases, protocol: Protocol) -> dict[str, Rows]:
    """Group -> rows on every side; "overall" alone where the protocol has no groups."""
    sides = [groups.members(part) for part in (cases.generated, cases.reference, cases.floor)]
    empty = np.zeros(0, np.intp)
    names = list(sides[1]) if protocol.groups else ["overall"]
    return {name: Rows(*(side.get(name, empty) for side in sides)) for name in names}
