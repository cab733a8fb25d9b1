"""Whatever is changed in a certificate is found, by name; nothing is found in an honest one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from made_claims import errors_of, fixed, gibbs, occam

from leaderboards.statistics.certificates.certificate import Certificate, certificate_text
from leaderboards.statistics.certificates.certify import certify
from leaderboards.statistics.certificates.claim import Choice, Claim
from leaderboards.statistics.certificates.verify import verify


def honest(make: Callable[..., Claim], **changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(certificate_text(certify(make(**changes))))
    return data


def found(data: dict[str, Any]) -> set[str]:
    return {each.field for each in verify(Certificate.model_validate(data))}


@pytest.mark.parametrize("make", [occam, gibbs, fixed])
def test_an_honest_certificate_holds_after_a_trip_through_json(make: Callable[..., Claim]) -> None:
    assert found(honest(make)) == set()
    assert found(honest(make, choices=(Choice("grid", options=3), Choice("scale", index=4)))) == set()


CHANGES: list[tuple[dict[str, Any], set[str]]] = [
    ({"value": 0.10}, {"value"}),
    ({"risk": 0.04}, {"risk"}),
    ({"loss_sum": 4.0}, {"risk", "value"}),
    ({"loss_sum": 4.5}, {"loss_sum", "risk", "value"}),
    ({"loss_sum": 101.0}, {"risk", "value"}),
    ({"delta": 0.2}, {"value"}),
    ({"simultaneous": 2}, {"value"}),
    ({"n": 1000}, {"sample.cases", "sample.patients", "risk", "value"}),
    ({"looked_at": 482}, {"looked_at"}),
    ({"family": "chernoff-occam"}, {"value"}),
    ({"family": "nosuch"}, {"family"}),
    ({"family": "pac-bayes-kl"}, {"predictor", "complexity.kind", "sources", "value"}),
    ({"family": "held-out"}, {"complexity.kind", "sources"}),
    ({"predictor": "gibbs"}, {"predictor"}),
    ({"loss": "bounded"}, {"loss"}),
    ({"complexity": None}, {"complexity.kind", "looked_at", "value"}),
    ({"parameters": {"lam": 1.0}}, {"parameters"}),
    ({"monte_carlo": {"draws": 10, "delta": 0.01}}, {"monte_carlo", "risk"}),
    ({"looks": [{"n": 50, "loss_sum": 0.0}, {"n": 100, "loss_sum": 5.0}]}, {"looks"}),
    ({"commitment": None}, {"commitment"}),
    ({"rules": []}, {"rules"}),
    ({"sources": []}, {"sources"}),
]


@pytest.mark.parametrize(("change", "fields"), CHANGES)
def test_a_change_is_found(change: dict[str, Any], fields: set[str]) -> None:
    assert fields <= found(honest(occam) | change)


def test_changes_below_the_surface_are_found() -> None:
    data = honest(occam, choices=(Choice("grid", options=3),))
    data["complexity"]["parameters"]["hypotheses"] = 480
    assert {"complexity.nats", "value"} <= found(data)
    data = honest(occam)
    data["complexity"] |= {"code": "divergence", "parameters": {"nats": 0.0}, "nats": 0.0}
    assert {"complexity.kind", "value"} <= found(data)
    data = honest(occam, choices=(Choice("grid", options=3),))
    data["choices"][0]["nats"] = 0.5
    assert found(data) == {"choices.grid"}
    data["choices"][0]["options"] = None
    assert "choices.grid" in found(data)
    data = honest(occam)
    data["sample"]["cases"][0] = "0" * 64
    assert found(data) == {"sample.digest"}
    data["sample"]["cases"][0] = data["sample"]["cases"][1]
    assert found(data) == {"sample.cases", "sample.digest"}
    data = honest(occam)
    data["sources"][1]["digest"] = data["sample"]["digest"]
    assert found(data) == {"sources.experts"}
    data["sources"][1] |= {"digest": None, "statement": " "}
    assert found(data) == {"sources.experts", "rules"}


def test_what_cannot_have_been_checked_must_not_say_so() -> None:
    data = honest(fixed)
    assert [each["rule"] for each in data["rules"] if each["basis"] == "declared"] == ["fixed_before", "inductive"]
    data["rules"][5]["basis"] = "checked"
    assert found(data) == {"rules"}
    data = honest(occam)
    data["sources"][1] |= {"digest": None, "cases": None, "statement": "trained long ago"}
    assert found(data) == {"rules"}
    data = honest(gibbs, losses=np.full(100, 0.05), monte_carlo_delta=None)
    data["rules"][4]["basis"] = "checked"
    assert found(data) == {"rules"}


def test_looks_must_be_a_course_of_losses() -> None:
    data = honest(fixed, family="anytime", losses=errors_of(100, 3)[::-1], looks=(50,))
    assert found(data) == set()
    data["looks"][0]["loss_sum"] = 4.0
    assert found(data) == {"looks", "value"}
    data["looks"] = [{"n": 90, "loss_sum": 0.0}]
    assert "looks" in found(data)


def test_draws_are_recomputed() -> None:
    data = honest(gibbs)
    data["monte_carlo"]["draws"] = 100
    assert {"risk", "value"} <= found(data)
    data = honest(gibbs, losses=np.full(100, 0.031), monte_carlo_delta=None)
    assert found(data) == set()


def test_a_discrepancy_reads_as_a_line() -> None:
    line = str(verify(Certificate.model_validate(honest(occam) | {"value": 0.1}))[0])
    assert line.startswith("value: recorded 0.1, recomputed 0.1") and "\n" not in line
