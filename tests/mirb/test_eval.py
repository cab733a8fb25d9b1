"""`mirb eval` from the outside: what it writes, that it repeats itself, and that nothing changes a number."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import made_up_mirb
import pytest
from mirb_runs import SMALL, run

from leaderboards.records.io import read_record
from leaderboards.records.recompute import check_run, recompute

WORDY = ("--vlm", "guesser", "--model-option", "wordy=true", *SMALL)


def test_writes_a_self_describing_run(small_run: Path) -> None:
    for name in ("config.json", "run.json", "record.json", "record.sha256", "report.html", "results.csv", "asked.json"):
        assert (small_run / name).exists(), name
    record = read_record(small_run)
    assert record.benchmark == "mirb" and record.protocol == "v2" and record.model["name"] == "guesser"
    assert record.split["counts"] == {"food": 4, "analogy": 4, "count": 4, "visual_chain": 4}
    found = {(each.metric, each.group, each.variant) for each in record.results}
    for group in ("overall", "category=knowledge", "task=count"):
        assert {("accuracy", group, variant) for variant in ("raw", "chance", "constant")} <= found
        assert ("accuracy_above_chance", group, "raw") in found and ("unparsed", group, "raw") in found
    assert ("accuracy_micro", "overall", "raw") in found
    assert any("4 of MIRB's 11 tasks" in warning for warning in record.warnings)
    assert any("never compare these numbers with published" in warning for warning in record.warnings)


def test_the_batch_check_is_said_and_recorded(small_run: Path, tmp_path: Path) -> None:
    done = run("answer", *WORDY, "--output", tmp_path / "run")
    assert "4 questions answered alike in a batch and one by one" in done.stderr
    stages = json.loads((small_run / "run.json").read_text())["stages"]
    assert stages["answer"][0]["batch_check"] == {
        "compared": 4,
        "differing": 0,
        "largest_logit_gap": None,
        "agree": True,
    }


def test_every_number_is_recomputed_without_torch(small_run: Path) -> None:
    check = check_run(small_run)
    assert check.recomputed == len(read_record(small_run).results) > 50
    assert not check.without_statistics and not check.discrepancies
    code = (
        "import sys; from pathlib import Path; from leaderboards.records.recompute import recompute\n"
        f"found = recompute(Path({str(small_run)!r}))\n"
        "assert not {'torch', 'mirb', 'PIL'} & set(sys.modules); sys.exit(len(found))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_changed_digit_is_caught(small_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(small_run, copy)
    record = json.loads((copy / "record.json").read_text())
    target = next(each for each in record["results"] if each["group"] == "overall" and each["variant"] == "raw")
    target["value"] += 0.01
    (copy / "record.json").write_text(json.dumps(record))
    assert any(each.metric == target["metric"] and each.field == "value" for each in recompute(copy))


def test_repeating_is_a_no_op_with_the_same_record(small_run: Path) -> None:
    before = (small_run / "record.json").read_bytes()
    done = run("eval", *WORDY, "--output", small_run)
    assert "answer: 0 answered, 16 were there already" in done.stderr
    assert (small_run / "record.json").read_bytes() == before


def test_batch_size_changes_nothing(small_run: Path, tmp_path: Path) -> None:
    for size in ("1", "5"):
        output = tmp_path / size
        run("eval", *WORDY, "--batch-size", size, "--output", output)
        assert (output / "record.json").read_bytes() == (small_run / "record.json").read_bytes()
        assert (output / "outcomes.jsonl").read_bytes() == (small_run / "outcomes.jsonl").read_bytes()


def test_the_order_of_answers_changes_nothing(small_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(small_run, copy)
    log = copy / "responses" / "responses.jsonl"
    log.write_text("".join(reversed(log.read_text().splitlines(keepends=True))))
    run("score", copy)
    assert (copy / "record.json").read_bytes() == (small_run / "record.json").read_bytes()


def test_stages_one_by_one_give_the_same_record(small_run: Path, tmp_path: Path) -> None:
    output = tmp_path / "staged"
    run("answer", *WORDY, "--output", output)
    assert "holds no record.json" in run("report", output, expect=2).stderr
    run("score", output)
    run("report", output)
    assert (output / "record.json").read_bytes() == (small_run / "record.json").read_bytes()
    assert "no run folder" in run("score", tmp_path / "nothing", expect=2).stderr


def test_json_holds_the_record_and_nothing_else(small_run: Path) -> None:
    answer = json.loads(run("report", small_run, "--json").stdout)
    assert answer["record"] == json.loads((small_run / "record.json").read_text())


def test_protocols_ask_differently_and_are_named_in_the_record(tmp_path: Path) -> None:
    hashes = set()
    for protocol, cap in (("official", 15), ("lmms-eval", 64)):
        output = tmp_path / protocol
        run("eval", "--vlm", "guesser", *SMALL, "--protocol", protocol, "--output", output)
        rows = [json.loads(line) for line in (output / "responses" / "responses.jsonl").read_text().splitlines()]
        letters = {row["task"] for row in rows if row.get("letters")}
        assert letters == ({"food"} if protocol == "official" else set())
        assert {row["max_new_tokens"] for row in rows} == {cap}
        record = read_record(output)
        assert record.protocol == protocol
        hashes.add(record.protocol_hash)
        average = {each.parameters.get("average") for each in record.results if each.metric == "accuracy"} - {None}
        assert average == {"micro" if protocol == "lmms-eval" else "macro"}
    assert len(hashes) == 2
    no_letters = tmp_path / "text"
    run("eval", "--vlm", "guesser", *SMALL, "--protocol", "official", "--no-letters", "--output", no_letters)
    assert '"letters":[' not in (no_letters / "responses" / "responses.jsonl").read_text()


def test_changed_questions_are_not_scored_with_old_answers(small_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(small_run, copy)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"seed": 8}))
    assert "are not those that" in run("score", copy, expect=2).stderr


def test_damaged_notes_of_a_run_are_told_in_a_line(small_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(small_run, copy)
    for text in ("", "[]", '{"keys": {}}'):
        (copy / "asked.json").write_text(text)
        assert "asked.json is damaged" in run("score", copy, expect=2).stderr
    run("eval", *WORDY, "--output", copy)
    assert (copy / "record.json").read_bytes() == (small_run / "record.json").read_bytes()
    (copy / "config.json").write_text('{"vlm"')
    assert "config.json is damaged" in run("score", copy, expect=2).stderr


def test_another_question_does_not_go_into_the_same_folder(small_run: Path) -> None:
    done = run("eval", *WORDY, "--limit", "2", "--output", small_run, expect=2)
    assert "holds another run (different limit)" in done.stderr


def test_a_run_that_never_began_leaves_its_folder_free(tmp_path: Path) -> None:
    asked = ("eval", *SMALL, "--limit", "1", "--output", tmp_path / "run", "--vlm")
    run(*asked, "guesser", "--model-option", "wordi=true", expect=2)
    run(*asked, "guesser", "--model-option", "wordy=true")
    assert "different model_options" in run(*asked, "guesser", expect=2).stderr


def test_where_no_folder_can_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    for output in (tmp_path / "file", tmp_path / "file" / "run"):
        done = run("eval", "--vlm", "guesser", *SMALL, "--output", output, expect=2)
        assert "Choose a folder with --output" in done.stderr
    assert (tmp_path / "file").read_text() == "precious"


def test_a_seed_that_no_record_can_hold_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    run("eval", "--vlm", "guesser", *SMALL, "--seed", str(2**63), "--output", tmp_path / "run", expect=2)
    assert not (tmp_path / "run").exists()


def test_a_run_finds_its_data_from_any_folder_and_says_where_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up_mirb.folder(tmp_path / "MIR")
    (tmp_path / "elsewhere").mkdir()
    output = tmp_path / "run"
    monkeypatch.chdir(tmp_path)
    run("eval", "--vlm", "guesser", "--split", "mirb:MIR", "--tasks", "count,food", "--output", output)
    record = (output / "record.json").read_bytes()
    monkeypatch.chdir(tmp_path / "elsewhere")
    run("report", output)
    run("ablate", output, "--ablations", "text-only")
    (tmp_path / "MIR").rename(tmp_path / "moved")
    for command in ("score", "report", "export", "ablate"):
        told = run(command, output, expect=2).stderr
        assert "MIR, which is not there" in told and "nothing is asked twice" in told
    moved = f"mirb:{tmp_path / 'moved'}"
    done = run("eval", "--vlm", "guesser", "--split", moved, "--tasks", "count,food", "--output", output)
    assert "answer: 0 answered" in done.stderr and (output / "record.json").read_bytes() == record
    run("report", output)


def test_leaderboards_shows_the_record_in_every_format(small_run: Path) -> None:
    from typer.testing import CliRunner

    from leaderboards.cli import app

    for style, mark in (("text", "Overall (macro)"), ("markdown", "| ---: |"), ("latex", "toprule"), ("csv", "metric")):
        result = CliRunner().invoke(app, ["show", str(small_run), "--format", style])
        assert result.exit_code == 0 and mark in result.stdout, result.stdout
    one = CliRunner().invoke(app, ["show", str(small_run), "--group", "task=count"]).stdout
    assert "count" in one and "food" not in one


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--vlm", "gueser"), "guesser"),
        (("--protocol", "v3"), "v2, official, lmms-eval"),
        (("--tasks", "fod"), "Did you mean food"),
        (("--split", "mirb-procedurl"), "Did you mean mirb-procedural"),
        (("--split", "phantom"), "holds no questions"),
        (("--split-option", "sed=3"), "Did you mean seed"),
        (("--model-option", "wordi=true"), "Did you mean wordy"),
        (("--model-option", "x"), "KEY=VALUE"),
    ],
)
def test_wrong_names_end_with_the_nearest_right_one(arguments: tuple[str, ...], expected: str, tmp_path: Path) -> None:
    words = dict(zip(("--vlm", "--split", "--tasks"), ("guesser", "mirb-procedural", "count"), strict=True))
    words |= {arguments[0]: arguments[1]}
    flat = [part for pair in words.items() for part in pair]
    done = run("eval", *flat, "--output", tmp_path / "run", expect=2)
    assert expected in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 5, done.stderr


def test_help_is_quick_and_light() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from mirb.cli import app\n"
        "for words in (['--help'], ['eval', '--help'], ['report', '--help']):\n"
        "    assert CliRunner().invoke(app, words).exit_code == 0\n"
        "heavy = {'torch', 'numpy', 'transformers', 'pandas', 'scipy', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_unreadable_image_is_listed_and_left_out_only_when_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from data_splits.errors import ImageUnreadable
    from model_adapters.inference.ask import Ask

    whole = Ask.request

    def request(self: Ask) -> object:
        if self.case_id == "count-s7-0002":
            raise ImageUnreadable("broken")
        return whole(self)

    monkeypatch.setattr(Ask, "request", request)
    asked = ("--vlm", "guesser", *SMALL, "--output", tmp_path / "run")
    told = run("eval", *asked, expect=2).stderr
    assert "1 question(s) have no answer: count-s7-0002" in told and "data-splits verify" in told
    assert not (tmp_path / "run" / "record.json").exists()
    run("eval", *asked, "--max-bad", "1")
    record = read_record(tmp_path / "run")
    counted = next(each for each in record.results if each.group == "task=count" and each.metric == "accuracy")
    assert record.n_unreadable == 1 and counted.n_generated == 3
    assert any("1 question(s) have no answer" in warning for warning in record.warnings)
