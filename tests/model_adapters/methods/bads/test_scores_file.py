from pathlib import Path

import pytest

from data_splits.errors import UserError
from model_adapters.methods.bads.scores_file import read_scores


def test_scores_come_in_the_order_of_the_ids(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("score,id\n0.5,b\n-1e3,a\n7,other\n")
    assert read_scores(path, ["a", "b"]).tolist() == [-1000.0, 0.5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,score\na,1\n", "columns id and score"),
        ("id,score\na,high\n", "row 1: the score is no number"),
        ("id,score\na,nan\n", "not finite"),
        ("id,score\nb,1\n", r"no score for 1 example\(s\), such as a"),
        ("", "no score for 1"),
    ],
)
def test_bad_files_are_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "s.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_scores(path, ["a"])
    path.write_bytes(b"id,score\n\xff,1\n")
    with pytest.raises(UserError, match="no CSV in UTF-8"):
        read_scores(path, ["a"])
    with pytest.raises(UserError, match="Cannot read"):
        read_scores(tmp_path / "absent.csv", ["a"])
