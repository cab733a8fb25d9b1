"""Names, paths, options and the message that says what is missing."""

from __future__ import annotations

from pathlib import Path

import made_up_splits
import pytest

from data_splits.errors import UserError
from data_splits.sources import describe, load_split, names
from data_splits.sources.registry import options_of, parse_option


def test_every_source_has_a_loader_with_named_options() -> None:
    assert {"phantom", "folder", "mimic-cxr", "nih-chestxray14", "iu-xray"} <= set(names())
    for name in names():
        assert isinstance(options_of(name), dict)
        assert describe(name).name == name


@pytest.mark.parametrize(("typed", "meant"), [("phantm", "phantom"), ("mimic", "mimic-cxr"), ("nih-chestxray", "nih")])
def test_unknown_name_suggests_the_nearest(typed: str, meant: str) -> None:
    with pytest.raises(UserError, match=f"Did you mean {meant}"):
        load_split(typed)


def test_a_bare_path_is_pointed_to_folder(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").touch()
    with pytest.raises(UserError, match=r"write folder:/"):
        load_split(str(tmp_path / "cases.csv"))


@pytest.mark.parametrize("name", ["mimic-cxr", "nih-chestxray14", "iu-xray", "folder"])
def test_missing_data_says_what_where_and_what_works_now(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(describe(name).variable, raising=False)
    for spec in (name, f"{name}:/nowhere/at/all"):
        with pytest.raises(UserError) as caught:
            load_split(spec)
        message = str(caught.value)
        assert len(message.splitlines()) <= 6
        for part in ("needs:", "get it:", f"--split {name}:", describe(name).variable, "--split phantom"):
            assert part in message


def test_environment_variable_names_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_SPLITS_NIH_CHESTXRAY14", str(made_up_splits.nih(tmp_path)))
    assert load_split("nih-chestxray14").manifest.counts["test"]["images"] == 3


def test_options_are_checked_and_converted() -> None:
    with pytest.raises(UserError, match=r"no option 'sed'\. Did you mean seed"):
        load_split("phantom", sed=1)
    with pytest.raises(UserError, match="Option seed of split phantom must be int"):
        load_split("phantom", seed="one")
    with pytest.raises(UserError, match="takes no path"):
        load_split("phantom:/somewhere")
    text = load_split("phantom", seed="3", train="2", test="none")
    assert text.manifest.hash == load_split("phantom", seed=3, train=2).manifest.hash


def test_option_text() -> None:
    assert parse_option("test-share=0.3") == ("test_share", "0.3")
    assert parse_option("columns=image=path") == ("columns", "image=path")
    with pytest.raises(UserError, match="KEY=VALUE"):
        parse_option("seed")
