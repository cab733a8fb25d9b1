"""What readers are told."""

from __future__ import annotations

from made_claims import fixed, gibbs, occam

from leaderboards.statistics.certificates.certify import certify
from leaderboards.statistics.certificates.claim import Choice
from leaderboards.statistics.certificates.words import declared, sentence


def test_sentences() -> None:
    assert sentence(certify(fixed())) == (
        "error at most 0.103 with 95 % confidence from n = 100 patients (test-set, deterministic)"
    )
    certificate = certify(occam(simultaneous=3, choices=(Choice("grid", options=4),)))
    text = sentence(certificate)
    assert "(exact binomial Occam, ln M = 6.18 nats, choices 1.39 nats, deterministic; one of 3 that hold" in text
    shown = float(text.split("at most ")[1].split()[0])
    assert certificate.value <= shown < certificate.value + 0.001
    assert "KL = 2.00 nats, Gibbs: holds for random draws" in sentence(certify(gibbs()))


def test_what_was_declared() -> None:
    assert [each.split(":")[0] for each in declared(certify(fixed()))] == ["fixed_before", "inductive"]
