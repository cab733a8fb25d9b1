"""The `mirb` commands that only tell: tasks, protocols, the published table."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from mirb.cli import PROTOCOLS as NAMES
from mirb.cli import app
from mirb.protocols import PROTOCOLS
from mirb.tasks import EXTRA_TASKS, TASKS


def said(*words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_tasks_lists_every_task_with_its_category() -> None:
    rows = json.loads(said("tasks", "--json"))
    assert [row["name"] for row in rows] == [task.name for task in (*TASKS, *EXTRA_TASKS)]
    text = said("tasks")
    assert all(task.name in text and task.asks in text for task in TASKS)
    assert "mean of the four category means" in text


def test_protocols_lists_every_quirk() -> None:
    rows = {row["name"]: row for row in json.loads(said("protocols", "--json"))}
    assert tuple(rows) == NAMES == tuple(PROTOCOLS), "--protocol offers what there is"
    text = said("protocols")
    for protocol in PROTOCOLS.values():
        assert rows[protocol.name]["hash"] == protocol.hash
        assert all(quirk in text for quirk in (*protocol.quirks, *protocol.not_imitated))


def test_the_published_table_is_never_shown_without_its_flags() -> None:
    text = said("published")
    for words in ("[swapped-headers]", "[random-micro]", "[average]", "[same-value]", "[third-party]"):
        assert text.count(words) >= 2, "in the table and explained"
    assert "LLaVA-v1.5-7B" in text and "53.05" in text
    assert json.loads(said("published", "--json"))["tier"] == "published"
