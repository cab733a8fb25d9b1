"""One set of answers under every scorer: the golden vectors as a table."""

from __future__ import annotations

from mirb_questions import question

from mirb.rescoring import disagreement
from mirb.tasks import find
from model_adapters.inference.response_store import ResponseRow
from tests.mirb.scorers.golden import GOLDEN


def row(name: str, task: str, text: str, **more: object) -> ResponseRow:
    return ResponseRow(key=name, case_id=name, task=task, status="ok", text=text, **more)  # type: ignore[arg-type]


def test_shares_of_the_golden_vectors() -> None:
    asked = [question(task, gold, id=f"g{n}") for n, (task, _, gold, _, _) in enumerate(GOLDEN)]
    rows = {f"g{n}": row(f"g{n}", task, text) for n, (task, text, _, _, _) in enumerate(GOLDEN)}
    names = dict.fromkeys(each.task for each in asked)
    views = {view.scorer: view for view in disagreement(asked, [find(name) for name in names], rows, "official")}
    assert list(views) == ["official", "v2", "lmms-eval"], "the run's own scorer comes first"
    for index, name in ((3, "official"), (4, "lmms-eval")):
        for task in names:
            vectors = [vector for vector in GOLDEN if vector[0] == task]
            assert views[name].tasks[task] == sum(vector[index] for vector in vectors) / len(vectors)
    assert views["lmms-eval"].changed == sum(a != b for _, _, _, a, b in GOLDEN)
    assert views["official"].changed == 0 and views["lmms-eval"].compared == len(GOLDEN)
    assert views["v2"].unparsed is not None and views["official"].unparsed is None


def test_letters_by_probability_are_read_only_by_scorers_that_can() -> None:
    asked = [question("food", "B", id="a"), question("count", "3", id="b")]
    rows = {
        "a": row("a", "food", "", letter_logits={"A": 0.0, "B": 1.0}, letters=("A", "B")),
        "b": row("b", "count", "3"),
    }
    views = {view.scorer: view for view in disagreement(asked, [find("food"), find("count")], rows, "official")}
    assert views["official"].tasks == {"food": 1.0, "count": 1.0} == views["v2"].tasks
    assert views["lmms-eval"].tasks == {"food": None, "count": 1.0} and views["lmms-eval"].overall is None
