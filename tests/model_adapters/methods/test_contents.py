"""A fit goes on with the contents that it was begun with, and with no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_splits.errors import UserError
from model_adapters.methods.contents import hold_to_contents


def test_the_same_contents_pass_and_others_are_named(tmp_path: Path) -> None:
    path = tmp_path / "out" / "work" / "data.json"
    path.parent.mkdir(parents=True)
    facts = {"split": "a" * 64, "clients": {"b": [True, "c" * 64]}, "pair": (1, 2)}
    hold_to_contents(path, facts, "The data")
    before = path.read_bytes()
    hold_to_contents(path, dict(reversed(facts.items())), "The data")
    assert path.read_bytes() == before
    for name, other in (("split", {"split": "d" * 64}), ("clients.b", {"clients": {"b": [False, ""]}})):
        with pytest.raises(UserError, match=rf"The data changed since .*out was begun \(differing: {name}\)"):
            hold_to_contents(path, facts | other, "The data")
    assert path.read_bytes() == before


def test_a_long_list_of_differences_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "work" / "clients.json"
    path.parent.mkdir()
    hold_to_contents(path, {f"client-{number}": 0 for number in range(30)}, "A client's file")
    with pytest.raises(UserError) as told:
        hold_to_contents(path, {f"client-{number}": 1 for number in range(30)}, "A client's file")
    assert str(told.value).count("client-") == 5
