"""The CI workflow runs the base branch's code only, reads the submission as data, and can do no harm."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

PATH = Path(__file__).resolve().parents[3] / ".github" / "workflows" / "validate-submission.yml"


@pytest.fixture(scope="module")
def workflow() -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(PATH.read_text())
    return found


@pytest.fixture(scope="module")
def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    (job,) = workflow["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


def test_triggers_and_permissions(workflow: dict[Any, Any]) -> None:
    triggers = workflow[True]  # YAML 1.1 reads the key `on` as true.
    assert set(triggers) == {"pull_request", "push"} and triggers["push"]["branches"] == ["main"]
    assert all(each["paths"] == ["leaderboards/results/**"] for each in triggers.values())
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert "permissions" not in job and job["timeout-minutes"] <= 30 and "self-hosted" not in job["runs-on"]


def test_no_secrets_and_no_text_of_the_submitter_in_a_shell(steps: list[dict[str, Any]]) -> None:
    text = yaml.dump(steps) + PATH.read_text().split("name: validate submission")[1]
    assert "secrets." not in text and "github.token" not in text and "pull_request_target" not in text
    for step in steps:
        assert "${{" not in step.get("run", ""), "an expression in a script is the submitter's text in a shell"
    expressions = set(re.findall(r"\$\{\{\s*(.+?)\s*\}\}", text))
    assert expressions <= {
        "github.ref",
        "github.event.pull_request.base.sha || github.sha",
        "github.event.pull_request.number",
    }


def test_actions_are_pinned_by_commit(steps: list[dict[str, Any]]) -> None:
    used = [step["uses"] for step in steps if "uses" in step]
    assert len(used) == 3 and all(re.fullmatch(r"actions/(checkout|setup-python)@[0-9a-f]{40}", each) for each in used)


def test_two_checkouts_of_which_one_is_data(steps: list[dict[str, Any]]) -> None:
    suite, submission = [step["with"] for step in steps if "checkout" in step.get("uses", "")]
    assert suite["ref"].startswith("${{ github.event.pull_request.base.sha") and suite["path"] == "suite"
    assert submission["path"] == "submission" and submission["sparse-checkout"] == "/leaderboards/results/"
    assert submission["sparse-checkout-cone-mode"] is False
    assert submission["submodules"] is False and submission["lfs"] is False
    assert suite["persist-credentials"] is submission["persist-credentials"] is False


def test_nothing_of_the_submission_is_executed(steps: list[dict[str, Any]]) -> None:
    scripts = [step for step in steps if "run" in step]
    assert all(step["working-directory"] == "suite" for step in scripts)
    lines = [line for step in scripts for line in step["run"].splitlines()]
    touching = [shlex.split(line) for line in lines if "submission" in line]
    assert [words[:2] for words in touching] == [["git", "-C"], ["leaderboards", "validate"]]
    assert touching[0][3:5] == ["diff", "--name-only"]
    assert "--base" in touching[1] and "--diff" in touching[1]
    assert {shlex.split(line)[0] for line in lines} == {"python", "git", "leaderboards"}
