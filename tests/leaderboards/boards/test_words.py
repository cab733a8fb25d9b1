"""The board's words are those of the registry, and every metric of a record has some."""

from __future__ import annotations

from chexgenbench.metrics.listing import rows
from leaderboards.boards.words import HEADLINE, known, question, rank_in_headline, rows_of, split_name, title


def test_words_are_those_of_the_registry() -> None:
    for row in rows_of(rows()):
        assert known()[row["base"]]._asdict() == row, "run the command in leaderboards/boards/words.py"
    assert all(name in known() for names in HEADLINE.values() for name in names)


def test_names_are_split_at_the_longest_known_one() -> None:
    assert split_name("kid_lite0") == ("kid", "lite0") and split_name("fid64_rad-dino") == ("fid64", "rad-dino")
    assert split_name("reid_rate_lite0") == ("reid_rate", "lite0") and split_name("accuracy_micro")[1] == ""
    assert split_name("unheard_of") == ("unheard_of", "")
    assert title("kid_lite0") == "KID (lite0)" and question("kid_lite0") and question("unheard_of") == ""
    assert rank_in_headline("chexgenbench", "kid_x") == 0 < rank_in_headline("chexgenbench", "vendi_x")
