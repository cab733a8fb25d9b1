"""The `mirb` command."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from mirb.cli import app
from mirb.tasks import TASKS


def test_tasks_are_the_published_eleven_in_four_categories() -> None:
    assert len(TASKS) == 11
    counts = {category: sum(task.category == category for task in TASKS) for category in {t.category for t in TASKS}}
    assert counts == {"knowledge": 2, "reasoning": 4, "perception": 3, "multi-hop": 2}


def test_tasks_json_lists_every_task() -> None:
    result = CliRunner().invoke(app, ["tasks", "--json"])
    assert result.exit_code == 0
    assert [row["name"] for row in json.loads(result.stdout)] == [task.name for task in TASKS]
