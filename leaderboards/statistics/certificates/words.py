"""A certificate as readers see it: the bound rounded up, the confidence rounded down, and what it rests on."""

from __future__ import annotations

from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.families import FAMILIES
from leaderboards.statistics.certificates.rounding import confidence, up


def sentence(certificate: Certificate, places: int = 3, cases: str = "patients") -> str:
    """One line: "error at most 0.141 with 95 % confidence from n = 100 patients (exact binomial Occam, ...)".

    Args:
        cases: what the independent cases are called; of MIRB they are questions.
    """
    title = FAMILIES[certificate.family].title
    parts = [title, predictor_words(certificate)]
    if price := price_words(certificate):
        parts.insert(1, price)
    together = f"; one of {certificate.simultaneous} that hold together" if certificate.simultaneous > 1 else ""
    return (
        f"{certificate.loss_name} at most {up(certificate.value, places)} with {confidence(certificate.delta)} "
        f"confidence from n = {certificate.n} {cases} ({', '.join(parts)}{together})"
    )


def predictor_words(certificate: Certificate) -> str:
    """Whether one fixed predictor is certified or random draws of a posterior."""
    return "deterministic" if certificate.predictor == "deterministic" else "Gibbs: holds for random draws"


def price_words(certificate: Certificate) -> str:
    """What was paid: "ln M = 6.18 nats, choices 1.39"; "" where nothing was."""
    parts = []
    if certificate.complexity is not None:
        parts.append(f"{certificate.complexity.kind} = {certificate.complexity.nats:.2f} nats")
    if certificate.choices:
        parts.append(f"choices {sum(each.nats for each in certificate.choices):.2f} nats")
    return ", ".join(parts)


def declared(certificate: Certificate) -> list[str]:
    """What the certificate rests on besides checks: the claimant's declarations, for a footnote."""
    return [f"{each.rule}: {each.note}" for each in certificate.rules if each.basis == "declared"]
