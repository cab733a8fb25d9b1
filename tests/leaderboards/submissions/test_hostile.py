"""Every submission of the corpus is refused by the check that is there for it, in lines that are safe to print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hostile_submissions import ATTACKS, TAGS, TEXT_FIELDS, Attack, marked_up
from made_submissions import Pull, copied, pull_request

from leaderboards.submissions.validate import Report, validate


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Pull:
    return pull_request(tmp_path_factory.mktemp("honest"))


def check(pull: Pull) -> Report:
    report = validate(pull.root, pull.base)
    for finding in report.findings:
        line = str(finding)
        assert line.isascii() and line.isprintable() and len(line) < 1000, line
        assert "Traceback" not in line
    return report


def test_the_honest_submission_passes(honest: Pull) -> None:
    report = check(honest)
    assert report.ok and report.recomputed == 3 and report.records == [honest.folder]
    assert report.findings == []


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name.replace(" ", "-"))
def test_refused(attack: Attack, honest: Pull, tmp_path: Path) -> None:
    report = check(attack.tamper(copied(honest, tmp_path)))
    errors = [each for each in report.findings if each.level == "error"]
    assert not report.ok
    hits = [each for each in errors if re.fullmatch(attack.rule, each.rule) and re.search(attack.words, str(each))]
    assert hits, [str(each) for each in errors]
    assert len(errors) <= 12, [str(each) for each in errors]
    assert not (tmp_path / "owned").exists() and not Path("/tmp/owned").exists()


@pytest.mark.parametrize("path", TEXT_FIELDS, ids=lambda path: ".".join(map(str, path)))
def test_markup_is_refused_in_every_text_field(path: tuple[str | int, ...], honest: Pull, tmp_path: Path) -> None:
    for index, text in enumerate(TAGS):
        report = check(marked_up(copied(honest, tmp_path / str(index)), path, text))
        assert not report.ok, text
        assert any(each.rule == "text" for each in report.findings), [str(each) for each in report.findings]
