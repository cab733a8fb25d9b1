"""The record is strict: no unknown field, no number that is not finite, no text for a number, one canonical text."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from made_claims import occam
from pydantic import ValidationError

from leaderboards.statistics.certificates.certificate import Certificate, certificate_hash, certificate_text
from leaderboards.statistics.certificates.certify import certify


def test_text_and_back() -> None:
    certificate = certify(occam())
    text = certificate_text(certificate)
    assert Certificate.model_validate(json.loads(text)) == certificate
    assert certificate_hash(certificate) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [{"note": "x"}, {"value": float("nan")}, {"value": "0.1"}, {"value": 1.2}, {"n": 0}, {"delta": 1.0}, {"n": 10.5},
     {"certificate_version": 2}, {"predictor": "random"}, {"loss_sum": -1.0}, {"sample": {"cases": ["x"]}}],
)  # fmt: skip
def test_what_is_no_certificate(change: dict[str, Any]) -> None:
    data = json.loads(certificate_text(certify(occam()))) | change
    with pytest.raises(ValidationError):
        Certificate.model_validate(data)


def test_ids_of_cases_and_patients_do_not_enter() -> None:
    text = certificate_text(certify(occam()))
    assert "case-7" not in text and "patient-" not in text and "train-1" not in text
