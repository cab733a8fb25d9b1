"""Method records by pull request: as strict as results."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_studies import own_study, record_study
from made_submissions import Pull, pull_request

from leaderboards.library.library import Library
from leaderboards.library.paths import method_path
from leaderboards.records.method_io import METHOD_FILE, method_hash, write_study
from leaderboards.records.method_record import MethodRecord
from leaderboards.submissions import validate as module
from leaderboards.submissions.publish_method import publish
from leaderboards.submissions.validate import validate


@pytest.fixture(scope="module")
def pull(tmp_path_factory: pytest.TempPathFactory) -> Pull:
    return pull_request(tmp_path_factory.mktemp("pull") / "honest")


def added(pull: Pull, record: MethodRecord) -> list[str]:
    """Errors of a submission that adds a study."""
    folder = pull.root / method_path(record, method_hash(record))
    write_study(folder, record)
    paths = [path.relative_to(pull.root).as_posix() for path in folder.iterdir()]
    report = validate(pull.root, changed=paths)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert report.methods == [str(method_path(record, method_hash(record)))]
    return [each.rule for each in report.findings if each.level == "error"]


def test_an_honest_study_is_accepted(pull: Pull) -> None:
    assert added(pull, own_study()) == []
    entries = Library(pull.root).entries()
    one, two = ((each.hash, each.record) for each in entries[:2])
    assert added(pull, record_study(one, two, "precision_lite0")) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"title": "a <script>alert(1)</script>"}, "text"),
        ({"command": "python /home/me/run.py"}, "text"),
        ({"notes": ["=HYPERLINK(1)"]}, "text"),
    ],
)
def test_texts_are_plain(pull: Pull, changes: dict[str, object], rule: str) -> None:
    assert added(pull, own_study(**changes)) == [rule]


def test_the_scores_of_another_study_are_refused(pull: Pull) -> None:
    folder = pull.root / method_path(own_study(), method_hash(own_study()))
    write_study(folder, own_study())
    renamed = own_study(title="Another name", machine="another machine")
    assert added(pull, renamed) == ["duplicate"]
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def test_a_link_in_the_place_of_a_study_is_not_read(pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    real = module.read_study
    monkeypatch.setattr(module, "read_study", lambda path: read.append(path) or real(path))
    honest, linked = own_study(), own_study(title="A link")
    folders = [pull.root / method_path(each, method_hash(each)) for each in (honest, linked)]
    for folder, study in zip(folders, (honest, linked), strict=True):
        write_study(folder, study)
    (folders[1] / METHOD_FILE).unlink()
    (folders[1] / METHOD_FILE).symlink_to("/dev/zero")
    paths = [path.relative_to(pull.root).as_posix() for folder in folders for path in folder.iterdir()]
    report = validate(pull.root, changed=paths)
    for folder in folders:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    assert not report.ok and any(each.rule == "link" for each in report.findings)
    assert read == [folders[0]]


def test_numbers_and_records_are_looked_up(pull: Pull) -> None:
    record = own_study()
    score = record.arms[0].scores[0].model_copy(update={"value": 0.99})
    arm = record.arms[0].model_copy(update={"scores": [score]})
    assert added(pull, record.model_copy(update={"arms": [arm, record.arms[1]]})) == ["recomputation"]
    one = Library(pull.root).entries()[0]
    orphan = record_study((one.hash, one.record), ("ab" * 32, one.record), "precision_lite0")
    assert added(pull, orphan) == ["recomputation"]


def test_files_are_those_of_the_content(pull: Pull) -> None:
    record = own_study()
    folder = pull.root / "methods" / "merging-00000000" / "0123456789abcdef"
    write_study(folder, record)
    (folder / METHOD_FILE).write_text((folder / METHOD_FILE).read_text() + " ")
    paths = [path.relative_to(pull.root).as_posix() for path in folder.iterdir()]
    report = validate(pull.root, changed=paths)
    rules = {each.rule for each in report.findings if each.level == "error"}
    lone = validate(pull.root, changed=paths[:1])
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.parent.rmdir()
    assert rules == {"canonical", "path"}
    assert any("lacks method." in each.message for each in lone.findings)


def test_publish_writes_once_what_validates(pull: Pull, tmp_path: Path) -> None:
    write_study(tmp_path / "study.json", own_study())
    dry = publish(tmp_path / "study.json", pull.root, dry=True)
    assert dry.ok and not dry.written and not (pull.root / dry.folder).exists()
    done = publish(tmp_path / "study.json", pull.root)
    assert done.written and done.folder == dry.folder
    assert not publish(tmp_path / "study.json", pull.root).written
    assert validate(pull.root, changed=[f"{done.folder}/{name}" for name in ("method.json", "method.sha256")]).ok
    write_study(tmp_path / "bad.json", own_study(title="![x](y)"))
    refused = publish(tmp_path / "bad.json", pull.root)
    assert not refused.ok and refused.folder == ""
