"""Studies of a made-up training method: one that measured itself, with certificates, and one that rests on records."""

from __future__ import annotations

from typing import Any

from made_claims import ELSEWHERE, occam

from leaderboards.records.method_check import benchmark_score
from leaderboards.records.method_record import Arm, DataUsed, MethodRecord, own_score
from leaderboards.records.schema import ResultRecord
from leaderboards.statistics.certificates.certify import certify
from leaderboards.statistics.certificates.claim import Source

DATA = DataUsed(name="made-up", version="1", subset="test", hash="5b" * 32, licence="CC0", credentialed=False)


def study(arms: list[Arm], **changes: Any) -> MethodRecord:
    """A record around some arms."""
    facts: dict[str, Any] = {
        "method": "merging",
        "title": "Three merges",
        "question": "Does the one beat the others?",
        "base": "made-up base",
        "data": [DATA],
        "arms": arms,
        "reconstructed": ["The order of its steps."],
        "command": "python -m benchmarks.made_up",
        "revision": "0" * 40,
        "machine": "2 CPU threads",
    }
    return MethodRecord(**(facts | changes))


def own_study(**changes: Any) -> MethodRecord:
    """A method with an Occam certificate and the test-set bound beside it, and a control without."""
    sources = (Source("training", "half of the cases", ELSEWHERE),)
    half = certify(
        occam(50, 3, family="held-out", looked_at=1, code=None, code_parameters={}, sources=sources, commitment=None)
    )
    scores = own_score(
        "twelve clients", "accuracy", "higher", "client", [0.6 + 0.01 * k for k in range(12)],
        certificate=certify(occam(100, 5)), test_set=half,
    )  # fmt: skip
    control = own_score("twelve clients", "accuracy", "higher", "client", [0.5 + 0.012 * k for k in range(12)])
    arms = [
        Arm(name="fw-hard", role="method", settings={"steps": 3}, seeds=[0, 1, 2], budget={"labelled_at_most": 100},
            labelled=100, trainable=8, seconds=12.5, peak_memory_mb=300, scores=[scores]),
        Arm(name="average", role="control", seeds=[0, 1, 2], seconds=0.2, scores=[control]),
    ]  # fmt: skip
    return study(arms, **changes)


def record_study(method: tuple[str, ResultRecord], control: tuple[str, ResultRecord], metric: str) -> MethodRecord:
    """A study whose scores are those of benchmark records."""
    arms = [
        Arm(name="method", role="method", scores=[benchmark_score("made-up", [method], metric)]),
        Arm(name="control", role="control", scores=[benchmark_score("made-up", [control], metric)]),
    ]
    return study(arms)
