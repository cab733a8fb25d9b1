"""The whole of a submission: several records, what is new, what protects what."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_submissions import Pull, copied, drawn, library, pull_request, run_folder

from data_splits.errors import UserError
from leaderboards.submissions import validate as module
from leaderboards.submissions.limits import MAX_NUMBERS_SHOWN
from leaderboards.submissions.validate import check_run_folder, validate


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Pull:
    return pull_request(tmp_path_factory.mktemp("honest"))


def test_by_base_by_name_and_alone(honest: Pull) -> None:
    new = {path.relative_to(honest.root).as_posix() for path in honest.root.rglob("*") if path.is_file()}
    new -= {path.relative_to(honest.base).as_posix() for path in honest.base.rglob("*")}
    by_base, by_name = validate(honest.root, honest.base), validate(honest.root, changed=sorted(new))
    assert by_base.to_json() == by_name.to_json() and by_base.ok and by_base.recomputed == 3
    alone = validate(honest.root)
    assert alone.ok and len(alone.records) == 3 and alone.recomputed == 9
    (first,) = [each for each in validate(honest.base).records if "alpha" in each]
    assert first in alone.records


def test_two_records_of_one_submission_are_compared(honest: Pull, tmp_path: Path) -> None:
    pull = copied(honest, tmp_path)
    library(pull.root).add(run_folder(tmp_path / "thief", "thief", 9, drawn(3)))
    report = validate(pull.root, pull.base)
    assert [(each.rule, "gamma" in each.message or "thief" in each.message) for each in report.findings] == [
        ("duplicate", True)
    ]


def test_changes_outside_the_results_refuse_everything(honest: Pull) -> None:
    report = validate(honest.root, honest.base, diff=["leaderboards/results/x", "leaderboards/cli.py"])
    assert not report.ok and [each.where for each in report.findings] == ["leaderboards/cli.py"]


def test_the_same_words_about_many_files_are_counted(honest: Pull, tmp_path: Path) -> None:
    pull = copied(honest, tmp_path)
    for index in range(50):
        path = pull.root / "statistics" / "00" / f"{index:064x}.safetensors"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    messages = [each.message for each in validate(pull.root, pull.base).findings]
    assert messages.count("is named by no new record") == MAX_NUMBERS_SHOWN
    assert f"and {50 - MAX_NUMBERS_SHOWN} more, each of which is named by no new record" in messages


def test_nothing_new_and_misuse(honest: Pull, tmp_path: Path) -> None:
    assert [each.message for each in validate(honest.base, honest.base).findings] == ["adds no record"]
    for root in (tmp_path / "nowhere", tmp_path / "link"):
        if root.name == "link":
            root.symlink_to(honest.root, target_is_directory=True)
        with pytest.raises(UserError, match="no folder"):
            validate(root, honest.base)


def test_nothing_is_recomputed_of_a_record_that_is_refused(
    honest: Pull, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: Path) -> None:
        raise AssertionError("an estimator ran on refused arrays")

    monkeypatch.setattr(module, "check_run", never)
    pull = copied(honest, tmp_path).changed(lambda data: data["results"][1]["parameters"].update(replicates=10**9))
    assert not validate(pull.root, pull.base).ok


def test_a_run_folder_is_checked_alike(honest: Pull, tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run", "delta", 8)
    submitted, report = check_run_folder(run, library(honest.base).entries())
    assert submitted is not None and report.ok and report.recomputed == 3
    _, unknown = check_run_folder(run, [])
    assert [each.rule for each in unknown.findings] == ["split", "protocol"]
    with pytest.raises(UserError, match="holds no"):
        check_run_folder(tmp_path, [])


def test_the_public_library_holds() -> None:
    """What the workflow runs on every push: no limit of a pull request, every number again."""
    root = Path(__file__).parents[3] / "leaderboards" / "results"
    report = validate(root)
    assert report.ok and report.recomputed > 2000 and len(report.methods) > 8
