"""Hashes on demand: once each, for known keys only."""

from __future__ import annotations

import pytest

from data_splits.lazy_hashes import LazyHashes


def test_each_hash_is_computed_once_when_asked_for() -> None:
    asked: list[str] = []

    def compute(key: str) -> str:
        asked.append(key)
        return key.upper()

    hashes = LazyHashes(["b", "a", "b"], compute)
    assert list(hashes) == ["b", "a"] and len(hashes) == 2 and asked == []
    assert hashes["a"] == hashes.get("a", "") == "A"
    assert asked == ["a"]
    with pytest.raises(KeyError):
        hashes["c"]
    assert hashes.get("c", "none") == "none"
    assert dict(hashes) == {"b": "B", "a": "A"}
