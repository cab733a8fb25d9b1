"""Is a new record far from what related models reach? A reason to look, not to refuse."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leaderboards.library.entry import Entry
from leaderboards.library.paths import text_of
from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.submissions.findings import Finding, shown, warning
from leaderboards.submissions.form import Submitted

FAR = 5.0
"""Standard errors of the difference, and ..."""

SHARE = 0.5
"""... share of the larger of the two values, beyond which a difference is called large."""

MOST = 5


def family(record: ResultRecord) -> str:
    """The first word of a model's name: "sana" of "sana-1.6b", "qwen" of "qwen2.5-vl:7b"."""
    words = re.findall(r"[a-z]+", text_of(record.model, "name").lower())
    return words[0] if words else ""


def check_family(submitted: Submitted, peers: Sequence[Entry]) -> list[Finding]:
    """Name the metrics in which the record is far from a model of its family on the same questions.

    Args:
        peers: public records of the same questions and protocol.
    """
    mine = {each.metric: each for each in submitted.record.results if _plain(each)}
    found = []
    for peer in peers:
        if family(peer.record) != family(submitted.record):
            continue
        theirs = {each.metric: each for each in peer.record.results if _plain(each)}
        far = [name for name in mine if name in theirs and _far(mine[name], theirs[name])]
        if far:
            name = shown(text_of(peer.record.model, "name"), 60)
            listed = "; ".join(
                f"{shown(each, 40)} {mine[each].value:.4g} against {theirs[each].value:.4g}" for each in far[:MOST]
            )
            more = f" and {len(far) - MOST} more" if len(far) > MOST else ""
            found.append(warning("family", submitted.where, f"is far from {name} ({peer.hash[:16]}) in {listed}{more}"))
    return found


def _plain(result: MetricResult) -> bool:
    return result.group == "overall" and result.variant == "raw" and result.value is not None


def _far(one: MetricResult, other: MetricResult) -> bool:
    if one.value is None or other.value is None:
        return False
    gap = abs(one.value - other.value)
    if gap <= SHARE * max(abs(one.value), abs(other.value)):
        return False
    errors = [each.se if each.se is not None else _half(each) for each in (one, other)]
    if errors[0] is None or errors[1] is None:
        return True
    return bool(gap > FAR * (errors[0] ** 2 + errors[1] ** 2) ** 0.5)


def _half(result: MetricResult) -> float | None:
    """A standard error from a 95 % interval, roughly."""
    return None if result.low is None or result.high is None else (result.high - result.low) / 3.92
