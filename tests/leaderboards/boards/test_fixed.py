"""Every protocol has a note, and every published number is on the board with its flags."""

from __future__ import annotations

from chexgenbench.protocols import PROTOCOLS
from leaderboards.boards.fixed import protocol_rows, protocols, published_rows
from leaderboards.reference.published import tables
from mirb import protocols as mirb_protocols


def test_every_protocol_is_described() -> None:
    described = {(each.benchmark, each.protocol) for each in protocols()}
    assert described == {("chexgenbench", name) for name in PROTOCOLS} | {("mirb", n) for n in mirb_protocols.PROTOCOLS}
    kinds = {(row["benchmark"], row["protocol"], row["kind"]) for row in protocol_rows()}
    assert all((*name, "summary") in kinds for name in described)
    assert {("chexgenbench", "v2", "change"), ("mirb", "v2", "change"), ("mirb", "official", "quirk")} <= kinds


def test_every_published_number_is_there_once_with_its_warnings() -> None:
    rows = list(published_rows())
    assert len(rows) == sum(len(row.printed) for table in tables() for row in table.rows) > 500
    assert len({(row["table"], row["row"], row["column"]) for row in rows}) == len(rows)
    for row in rows:
        assert row["source"] and row["tag_meaning"] and row["tier"] == "published"
        assert len(row["flags"]) == len(row["warnings"]) and all(row["warnings"])
    unverified = [row for row in rows if row["tag"] in ("S", "2nd", "U", "I")]
    assert unverified and all("unverified" in row["flags"] for row in unverified)
