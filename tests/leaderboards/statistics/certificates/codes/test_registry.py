"""Codes by name give the nats of their functions, and say what they do not take."""

from __future__ import annotations

import math

import pytest

from leaderboards.statistics.certificates.codes.registry import CODES, code_nats
from leaderboards.statistics.certificates.codes.sparse import sparse


def test_names_give_the_functions() -> None:
    assert code_nats("sparse", {"models": 8, "support": 2, "levels": 4, "most": 2}) == sparse(8, 2, 4, 2)
    assert code_nats("uniform", {"hypotheses": 20}) == math.log(20)
    assert code_nats("gaussian", {"dimensions": 2, "squared_distance": 1.0, "scale": 0.5, "prior_scale": 0.5}) == 2.0
    assert code_nats("divergence", {"nats": 3.5}) == 3.5
    assert {name for name, code in CODES.items() if code.kind == "KL"} == {"gaussian", "divergence"}


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("nosuch", {}, "no code 'nosuch'; known: dense"),
        ("uniform", {"models": 3}, "does not take these parameters"),
        ("divergence", {"nats": -1.0}, "divergence of"),
        ("divergence", {"nats": float("nan")}, "divergence of"),
        ("divergence", {"nats": float("inf")}, "gives inf nats"),
        ("universal", {"bits": 10, "published": True}, "leaves out a constant"),
    ],
)
def test_what_is_no_code_is_refused(name: str, parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        code_nats(name, parameters)
