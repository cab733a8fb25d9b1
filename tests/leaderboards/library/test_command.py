"""A command names what the record names, and quotes what a stranger wrote."""

from __future__ import annotations

import shlex

from made_up_record import record

from leaderboards.library.command import command


def test_the_command_quotes_what_a_stranger_wrote() -> None:
    split = {"name": "mimic; rm -rf ~", "subset": "test", "hash": "s", "cases": 60, "options": {"view": "AP"}}
    made = record(model={"name": "sana $(id)"}, split=split, warnings=["Preset quick: at most 60."])
    words = shlex.split(command(made))
    assert words[:4] == ["chexgenbench", "eval", "--model", "sana $(id)"] and "mimic; rm -rf ~" in words
    assert words[words.index("--limit") + 1] == "60" and words[words.index("--preset") + 1] == "quick"
    assert words[words.index("--split-option") + 1] == "view=AP" and words[-2:] == ["--seed", str(made.run_seed)]
    full = shlex.split(command(record(split=split, warnings=[])))
    assert full[full.index("--preset") + 1] == "full" and "--limit" not in full
