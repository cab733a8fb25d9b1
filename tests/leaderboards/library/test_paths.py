"""No text of a record can leave its folder, and no two records share one."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from made_up_record import record

from leaderboards.library.paths import record_path, slug
from leaderboards.records.locate import blob_path

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?-[0-9a-f]{8}")


@given(st.text())
@example("../../etc/passwd")
@example("\u202egnp.exe")
@example("a\x00b")
@example("...")
@example("0..0")
def test_any_text_makes_a_harmless_folder_name(name: str) -> None:
    found = slug(name)
    assert SLUG.fullmatch(found) and len(found) <= 57 and ".." not in found


def test_names_that_look_alike_stay_apart() -> None:
    names = ["sana", "Sana", "sana ", "s\u0430na", "ＳＡＮＡ", "sana/", "sana\u200b"]
    assert len({slug(name) for name in names}) == len(names)
    assert slug("a", "b") != slug("a", "c") and slug("a", "b") == slug("a", "b")


def test_path_follows_from_content_alone() -> None:
    one = record(protocol_hash="1")
    other = record(protocol_hash="2")
    digest = "ab" * 32
    assert record_path(one, digest) == record_path(one, digest)
    assert record_path(one, digest) != record_path(other, digest)
    hostile = record(model={"name": "../../../x"}, split={"name": "/abs", "hash": 3}, protocol="v2/../..")
    assert ".." not in record_path(hostile, digest).parts and len(record_path(hostile, digest).parts) == 6


@pytest.mark.parametrize("digest", ["", "AB" * 32, "../" + "a" * 61, "ab" * 33])
def test_only_hashes_become_paths(digest: str) -> None:
    with pytest.raises(ValueError, match="sha256"):
        blob_path(digest)
    with pytest.raises(ValueError, match="sha256"):
        record_path(record(), digest)
