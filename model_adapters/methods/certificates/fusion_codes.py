"""Certified fusion by a finite set of quantised coefficients: one merged model, exact binomial Occam bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leaderboards.statistics.certificates.claim import Source
from model_adapters.methods.certificates.code_search import search_code, search_is_exhaustive, stage_steps
from model_adapters.methods.certificates.codebook import Codebook
from model_adapters.methods.certificates.coefficients import Alpha
from model_adapters.methods.certificates.fusion_run import Fused, FusionRun
from model_adapters.methods.certificates.issue import NOTHING, finite_family, occam
from model_adapters.methods.certificates.sample import Rows
from model_adapters.methods.certificates.setup import numbers
from model_adapters.protocols import MethodInput

SETTINGS = {
    "code": MethodInput("sparse (few coefficients differ from 0) or dense (each has a level)", default="sparse"),
    "levels": MethodInput("values that a coefficient may take; of a sparse code without 0", default="0.1,0.3,0.5,1"),
    "support": MethodInput("most coefficients of a sparse code that differ from 0", default=2),
    "candidates_at_most": MethodInput("a larger set is searched greedily", default=5000),
}


def book_of(settings: Mapping[str, Any], size: int) -> Codebook:
    """The code of the settings.

    Raises:
        UserError: levels or a support that cannot be.
    """
    levels = numbers(settings["levels"], "levels")
    return Codebook(settings["code"], size, levels, min(int(settings["support"]), size))


def steps(settings: Mapping[str, Any], size: int) -> dict[str, int]:
    """Stages of the learning."""
    book = book_of(settings, size)
    count = stage_steps(book, search_is_exhaustive(book, settings["search"], settings["candidates_at_most"]))
    return {"half": count, "codes": count}


def learn(run: FusionRun) -> Fused:
    """The candidate of least bound on the sample, and, for the test-set bound, that on one half."""
    settings, sample, space = run.settings, run.sample, run.space
    book = book_of(settings, space.size)
    exhaustive = search_is_exhaustive(book, settings["search"], settings["candidates_at_most"])
    family = finite_family(sample.loss)

    def search(rows: Rows, stage: str) -> Any:
        def loss_sum(alpha: Alpha) -> float:
            return float(sample.errors(space.model(alpha), rows).sum())

        return search_code(book, exhaustive, loss_sum, len(rows), family, run.share, run.course[stage])

    first, second = sample.halves()
    half = book.alpha(search(first, "half").candidate)
    beside = run.tested(half, first, second)
    found = search(sample.all(), "codes")
    alpha = book.alpha(found.candidate)
    losses = sample.errors(space.model(alpha), sample.all())
    fixed = Source("hypotheses", f"{settings['code']} code of fixed levels", NOTHING)
    certificate = occam(
        run.name, sample, losses, book.kind, book.parameters(found.candidate), found.scored, (), (fixed, run.pool),
        run.plan.kept(run.used()), run.delta, run.simultaneous,
    )  # fmt: skip
    coefficients = {"chosen": space.named(alpha), "learnt_on_half": space.named(half)}
    facts = {
        "certified": "the weights written", "candidates": book.count, "candidates_scored": found.scored,
        "exhaustive": exhaustive, "support": len(found.candidate) if book.kind == "sparse" else None,
    }  # fmt: skip
    return Fused(alpha, certificate, beside, coefficients, facts)
