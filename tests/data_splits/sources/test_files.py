"""Finding image files."""

from __future__ import annotations

import pickle
from pathlib import Path

import made_up_splits
import numpy as np
import pytest

from data_splits.case import Case
from data_splits.errors import ImageUnreadable
from data_splits.sources.files import ImageFiles, missing_files


def test_missing_files_are_those_that_are_missing(tmp_path: Path) -> None:
    made_up_splits.write_png(tmp_path / "a" / "1.png")
    names = ["a/1.png", "a/2.png", "b/1.png", "1.png", "a/1.png/x"]
    assert missing_files(tmp_path, names) == names[1:]
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "whole.png").symlink_to(tmp_path / names[0])
    assert missing_files(tmp_path, ["folder.png", "dangling.png", "whole.png"]) == ["folder.png", "dangling.png"]


def test_reader_survives_being_sent_to_a_worker(tmp_path: Path) -> None:
    made_up_splits.write_png(tmp_path / "1.png")
    read = pickle.loads(pickle.dumps(ImageFiles(tmp_path).read))
    case = Case("1", "p", image="1.png")
    assert np.array_equal(read(case), ImageFiles(tmp_path).read(case))
    with pytest.raises(ImageUnreadable, match="has no image"):
        read(Case("2", "p"))
