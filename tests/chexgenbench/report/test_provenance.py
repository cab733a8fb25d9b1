from __future__ import annotations

import shlex

import made_up_record

from chexgenbench.report.provenance import command, environment, scrubbed, without_folder


def test_the_command_repeats_the_run_without_paths() -> None:
    config = made_up_record.CONFIG | {
        "model": "/data/checkpoints/mine", "metrics": ["kid", "fid64"], "limit": 50, "subset": "all",
        "split_options": {"columns": "image=/x/y.csv"}, "model_options": {"steps": "20"},
    }  # fmt: skip
    words = shlex.split(command(made_up_record.record(), config))
    assert words[:4] == ["chexgenbench", "eval", "--model", "PATH/mine"]
    for option, value in [
        ("--metrics", "kid,fid64"),
        ("--limit", "50"),
        ("--subset", "all"),
        ("--seed", "42"),
        ("--weights", "PATH"),
    ]:
        assert words[words.index(option) + 1] == value
    assert "/data" not in " ".join(words) and "/home" not in " ".join(words)


def test_hub_ids_stay_and_paths_do_not() -> None:
    assert without_folder("raman07/CheXGenBench-Models-Sana-e20") == "raman07/CheXGenBench-Models-Sana-e20"
    for path in ("/a/b/mine", "./mine", "~/x/mine", "../mine", "a/b/mine"):
        assert without_folder(path) == "PATH/mine"


def test_paths_are_cut_wherever_they_stand() -> None:
    assert without_folder("images:/home/someone/my.csv") == "images:PATH/my.csv"
    assert without_folder("images:my.csv") == "images:my.csv" and without_folder("sana:raman07/x") == "sana:raman07/x"
    assert without_folder("https://example.org/a/b") == "https://example.org/a/b"
    assert (
        scrubbed("loaded from /home/someone/w.pt, and/or 'hub owner/name'")
        == "loaded from PATH/w.pt, and/or 'hub owner/name'"
    )
    assert scrubbed("see https://example.org/a/b/c.") == "see https://example.org/a/b/c."
    assert scrubbed("path=/home/someone/w.pt; ~/x/y") == "path=PATH/w.pt; PATH/y"


def test_environment_leaves_out_the_command_and_survives_anything() -> None:
    terms = dict(environment(made_up_record.RUN))
    assert terms["Stage generate"] == "81.4 s, 1420 MB at most" and "local changes" in terms["Source"]
    assert "home" not in str(terms)
    for damaged in (
        {},
        {"environment": 3, "stages": []},
        {"stages": {"score": [{}], "x": None}, "environment": {"git": 1}},
    ):
        environment(damaged)
