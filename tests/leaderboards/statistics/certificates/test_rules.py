"""Every rule refuses what breaks it, in one line, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from made_claims import ELSEWHERE, errors_of, fixed, gibbs, occam, sample_of

from leaderboards.statistics.certificates.case_set import CaseSet
from leaderboards.statistics.certificates.claim import Choice, Claim, Commitment, Refused, Source
from leaderboards.statistics.certificates.rules import RULES, check

Maker = Callable[..., Claim]
FREE = Source("hypotheses", "levels", CaseSet((), ()))


@pytest.mark.parametrize("make", [occam, gibbs, fixed])
def test_claims_that_keep_the_rules_have_evidence_for_each(make: Maker) -> None:
    evidence = check(make())
    assert [each.rule for each in evidence] == list(RULES)
    declared = {each.rule for each in evidence if each.basis == "declared"}
    assert declared == ({"inductive", "fixed_before"} if make is fixed else {"inductive"})


def leaky(role: str, data: CaseSet) -> tuple[Source, ...]:
    return (FREE, Source("pool", "experts", ELSEWHERE), Source(role, "leak", data))  # type: ignore[arg-type]


TWICE = CaseSet(("a", "b"), ("p", "p"))

BROKEN: list[tuple[str, Maker, dict[str, Any], str]] = [
    ("family", occam, {"family": "nosuch"}, "There is no bound 'nosuch'; known: hoeffding-occam"),
    ("family", occam, {"parameters": {"lam": 1.0}}, "takes no parameter lam"),
    ("family", occam, {"code": "nosuch"}, "no code 'nosuch'"),
    ("family", occam, {"code": "gaussian"}, "takes a code that gives ln M; the claim gives gaussian"),
    ("family", fixed, {"code": "uniform", "code_parameters": {"hypotheses": 2}}, "takes no code"),
    ("family", gibbs, {"code": None}, "takes a code that gives KL; the claim gives none"),
    ("family", fixed, {"looks": (50, 100)}, "holds for one look"),
    ("predictor", occam, {"predictor": "gibbs"}, "certifies a deterministic predictor, not a gibbs one"),
    ("predictor", gibbs, {"predictor": "deterministic"}, "certifies a gibbs predictor, not a deterministic one"),
    ("sample", occam, {"sample": CaseSet((), ()), "losses": np.zeros(0)}, "no case"),
    ("sample", occam, {"sample": CaseSet(("a", "a"), ("p", "q")), "losses": np.zeros(2)}, "occur more than once"),
    ("sample", occam, {"sample": TWICE, "losses": np.zeros(2)}, "2 cases of 1 patients are not independent"),
    ("sample", occam, {"sample": CaseSet(("a", "b"), ("p", "q"), ("x", "x")), "losses": np.zeros(2)}, "same image"),
    ("sample", occam, {"losses": errors_of(99, 5)}, r"100 cases, but losses of shape \(99,\)"),
    ("loss", occam, {"loss": "bounded", "loss_name": "cross-entropy"}, "zero-one loss only, not for cross-entropy"),
    ("loss", gibbs, {"loss": "bounded", "losses": np.full((9, 100), 1.5)}, r"lies outside \[0, 1\]"),
    ("loss", occam, {"losses": np.full(100, np.nan)}, r"lies outside \[0, 1\]"),
    ("loss", occam, {"losses": np.full(100, 0.5)}, "neither 0 nor 1"),
    ("delta", occam, {"delta": 0.0}, "between 0 and 1"),
    ("delta", occam, {"simultaneous": 0}, "0 simultaneous"),
    ("delta", gibbs, {"monte_carlo_delta": None}, "give monte_carlo_delta below 0.05"),
    ("delta", gibbs, {"monte_carlo_delta": 0.02, "simultaneous": 3}, "below 0.0166667"),
    ("delta", occam, {"monte_carlo_delta": 0.01}, "none were drawn"),
    ("delta", occam, {"losses": np.zeros((3, 100))}, "one loss a case"),
    ("fixed_before", occam, {"commitment": None}, "No commitment to the hypothesis set"),
    ("fixed_before", gibbs, {"commitment": None}, "No commitment to the prior"),
    ("fixed_before", occam, {"commitment": Commitment("a", "b")}, "is not the one that was fixed before"),
    ("fixed_before", fixed, {"commitment": Commitment("", "")}, "The predictor that was used"),
    ("disjoint", occam, {"sources": ()}, "does not say what data shaped its hypotheses"),
    ("disjoint", fixed, {"sources": (FREE,)}, "does not say what data shaped its training"),
    ("disjoint", occam, {"sources": (FREE,), "code": "dense", "code_parameters": {"coefficients": 9, "levels": 2}},
     "does not say what data shaped its pool"),
    ("disjoint", occam, {"sources": (Source("hypotheses", "unknown pool"),)}, "Nothing is known about the data"),
    ("disjoint", occam, {"sources": leaky("pool", sample_of(3))}, r"pool \(leak\) and the sample share 3 cases and 3"),
    ("disjoint", occam, {"sources": leaky("prior", CaseSet(("new",), ("patient-7",)))}, "share 1 patient:"),
    ("inductive", occam, {"transductive": True}, "transductive"),
    ("paid", occam, {"choices": (Choice("learning rate"),)}, "choice of learning rate cannot be paid for"),
    ("paid", occam, {"choices": (Choice("grid", options=0),)}, "choice of grid cannot be paid for"),
    ("paid", occam, {"code_parameters": {"hypotheses": 0}}, "price of the hypotheses cannot be computed"),
    ("paid", occam, {"looked_at": 0}, "at least 1"),
    ("paid", occam, {"looked_at": 482}, "has scored 482 predictors, but the claim pays for 481"),
    ("paid", fixed, {"looked_at": 2}, "has scored 2 predictors, but the claim pays for 1"),
    ("paid", occam, {"code": "sparse", "code_parameters": {"models": 8, "support": 1, "levels": 4, "most": 2},
                     "looked_at": 482}, "pays for 481"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "make", "change", "message"), BROKEN)
def test_a_broken_rule_refuses_in_one_line(rule: str, make: Maker, change: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message) as refused:
        check(make(**change))
    assert refused.value.rule == rule and "\n" not in str(refused.value) and len(str(refused.value)) < 200


def test_every_rule_has_something_that_breaks_it() -> None:
    assert {rule for rule, *_ in BROKEN} == set(RULES)


def test_a_paid_choice_makes_room_and_a_declared_source_is_said_to_be_declared() -> None:
    check(fixed(looked_at=12, choices=(Choice("threshold", options=12),)))
    check(fixed(looked_at=99, choices=(Choice("prior scale", index=3),)))
    evidence = check(fixed(sources=(Source("training", "hub weights", statement="trained on photographs"),)))
    found = {each.rule: each for each in evidence}
    assert found["disjoint"].basis == "declared" and "hub weights" in found["disjoint"].note


def test_expected_losses_of_a_posterior_need_no_draws_but_are_declared() -> None:
    evidence = check(gibbs(losses=np.full(100, 0.05), monte_carlo_delta=None))
    assert {each.rule: each.basis for each in evidence}["delta"] == "declared"
