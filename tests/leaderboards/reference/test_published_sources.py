"""Every published number against the notes it was typed from, both ways; skipped where the notes are absent.

Tables of the notes are compared cell by cell. Numbers in running text must stand there as the same runs in the same
order, and whatever number the text holds besides must be named here as context.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leaderboards.reference.published import table

NOTES = Path(__file__).resolve().parents[4] / "shared" / "references"


def notes(name: str, start: str = "", end: str = "") -> str:
    path = NOTES / name
    if not path.is_file():
        pytest.skip(f"no notes at {path}")
    text = path.read_text("utf-8")
    first = text.index(start)
    return text[first : text.index(end, first + len(start)) if end else None]


def cells(text: str) -> list[list[str]]:
    """Rows of the first Markdown table of a text, without emphasis and footnote marks."""
    lines = [line for line in text.split("|", 1)[1].split("\n\n")[0].splitlines() if "|" in line]
    rows = [[re.sub(r"[*†‡§]", "", cell).strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    return [row for row in rows[2:] if len(row) > 1]


def as_listed(identifier: str) -> list[list[str]]:
    found = table(identifier)
    return [[row.printed.get(column, "–") for column in found.columns] for row in found.rows]


@pytest.mark.parametrize(
    ("identifier", "start", "end", "skip"),
    [
        ("cgb-fidelity", "### 3.1", "Later README", 1),
        ("cgb-third-party", "### 3.2", "Caveat", 2),
        ("cgb-conditional", "### 3.3", "‡ **Do not", 1),
        ("cgb-privacy", "### 3.4", "Pixel column", 1),
    ],
)
def test_tables_of_the_benchmark_cell_by_cell(identifier: str, start: str, end: str, skip: int) -> None:
    listed = cells(notes("chexgenbench.md", start, end))
    assert [row[skip:] for row in listed] == as_listed(identifier)
    for row, mine in zip(listed, table(identifier).rows, strict=True):
        words = set(re.findall(r"[a-z]+|\d+", mine.model.lower()))
        assert words & set(re.findall(r"[a-z]+|\d+", row[0].lower())), (row[0], mine.model)


def test_the_mirb_table_cell_by_cell() -> None:
    listed = cells(notes("mirb.md", "### 2.2", "LongVA and VILA-7B print"))
    found = {row.model: row.printed for row in table("mirb").rows}
    assert len(listed) == len(found) == 16
    for name, *numbers, _ in listed:
        short = name.split(" (")[0]
        assert [number.split(" ")[0] for number in numbers] == list(found[short].values()), name


def test_the_tables_of_model_merging_cell_by_cell() -> None:
    listed = cells(notes("merging_and_certificates.md", "| 20 models |", "Design ablation"))
    assert [row[1:] for row in listed] == as_listed("fw-merging-vision")
    assert [row[0] for row in listed] == [row.model for row in table("fw-merging-vision").rows]


# table -> (notes, from, to, cells of a row that stand together in the text)
RUNNING: dict[str, tuple[str, str, str, int]] = {
    "cgb-leaderboard": ("chexgenbench.md", "same values to 2 dp", "[S]. That is", 1),
    "cgb-report-context": ("chexgenbench.md", "RRG context numbers", "---", 4),
    "mirb-third-party": ("mirb.md", "InternVL macro-of-4", "Leopard uses", 1),
    "mirb-inferred-knowledge": ("mirb.md", "most plausible solution:", "Label as", 2),
    "mirb-inferred-multi-hop": ("mirb.md", "Multi-Hop GPT-4V =", "Knowledge as", 2),
    "fw-merging-design": ("merging_and_certificates.md", "Design ablation", "MTL 2.9K", 1),
    "fw-merging-irrelevant": ("merging_and_certificates.md", "Scaling, irrelevant", "Relevant, 20-task", 1),
    "fw-merging-relevant": ("merging_and_certificates.md", "Relevant, 20-task", "Noisy", 1),
    "fw-merging-noisy": ("merging_and_certificates.md", "Noisy", "Headline", 2),
    "fw-merging-roberta": ("merging_and_certificates.md", "RoBERTa-base, 8", "LLaMA2-7B, 16", 1),
    "fw-merging-llama": ("merging_and_certificates.md", "LLaMA2-7B, 16", "RoBERTa experts", 1),
    "fw-merging-experts": ("merging_and_certificates.md", "RoBERTa experts:", "[V].", 1),
    "steel-non-vacuous": ("merging_and_certificates.md", "non-vacuous episodes", "LaMP pers", 1),
    "steel-lamp": ("merging_and_certificates.md", "LaMP pers", "Accuracy cost", 1),
    "steel-tightness": ("merging_and_certificates.md", "At 64-128 shots", "Reviewers asked for: matched", 1),
    "fedp2eft-masakhanews-seen": ("training_methods.md", "MasakhaNEWS, r = 2", "Unseen,", 5),
    "fedp2eft-masakhanews-unseen": ("training_methods.md", "Unseen,", "XNLI on", 3),
    "fedp2eft-xnli": ("training_methods.md", "XNLI on", "- Reading of", 3),
    "distillation-real": ("training_methods.md", "Tiny 1/10: real", "DC 28.3", 3),
    "distillation-baselines": ("training_methods.md", "DC 28.3", "FTD hyper", 2),
    "mobilequant-perplexity": ("training_methods.md", "FP16 14.9 / 28.4", "Table 2", 3),
    "mobilequant-training": ("training_methods.md", "block-wise vs end-to-end: 128", "(End-to-end", 2),
    "mobilequant-tasks": ("training_methods.md", "Table 4, WikiText", "Table 7", 4),
    "mobilequant-symmetry": ("training_methods.md", "Table 7", "Table 5", 2),
    "mobilequant-device": ("training_methods.md", "Table 5", "Table 6", 2),
    "mobilequant-cost": ("training_methods.md", "Table 6", "Table 8", 3),
    "mobilequant-w4-latency": ("training_methods.md", "Table 8", "### 4.4", 1),
}
# What is no result in those stretches of text.
CONTEXT: dict[str, set[str]] = {
    "cgb-leaderboard": {"2"},
    "cgb-report-context": {"2"},
    "fw-merging-irrelevant": {"4", "12", "20"},
    "fw-merging-relevant": {"4", "12", "20"},
    "fw-merging-roberta": {"8", "4"},
    "fw-merging-llama": {"16", "11", "3", "100"},
    "mirb-third-party": {"4", "5", "8", "2.6", "6", "2412.05271", "2504.10479", "53.1", "42.5", "6.9"},
    "steel-tightness": {"64", "128", "-128"},
    "fedp2eft-masakhanews-seen": {"2"},
    "distillation-real": {"1", "10"},
    "mobilequant-perplexity": {"1", "3"},
    "mobilequant-training": {"128", "256", "1024", "20", "60", "120"},
    "mobilequant-tasks": {"4", "1", "74.5"},
    "mobilequant-symmetry": {"7"},
    "mobilequant-device": {"5", "8", "3"},
    "mobilequant-cost": {"6", "256", "1024", "2048"},
    "mobilequant-w4-latency": {"8"},
}


def tokens(text: str) -> list[str]:
    """Numbers of a text, in order; a hyphen between numbers is no minus, ".284" is "0.284"."""
    text = re.sub(r"(?<=\d)[-–](?=\d)", " ", text.replace("*", " ").replace("+-", "±"))
    found = re.findall(r"(?<![\w.@-])>?\d*\.?\d+(?:e\d+)?(?:±\d*\.?\d+)?(?![\w±-]*[A-Za-z])", text)
    return ["0" + token if token.startswith(".") else token for token in found]


def positions(text: list[str], runs: list[list[str]]) -> None:
    """Each run stands in the text, none before the one above it."""
    position = 0
    for run in runs:
        places = [at for at in range(position, len(text) - len(run) + 1) if text[at : at + len(run)] == run]
        assert places, run
        position = places[0]


@pytest.mark.parametrize("identifier", sorted(RUNNING))
def test_numbers_in_running_text_both_ways(identifier: str) -> None:
    name, start, end, size = RUNNING[identifier]
    text = tokens(notes(name, start, end))
    found = table(identifier)
    columns = [column for column in found.columns if column != "Rank"]
    for at in range(0, len(columns), size):
        part = columns[at : at + size]
        runs = [[row.printed[column] for column in part if column in row.printed] for row in found.rows]
        positions(text, [run for run in runs if run and run != ["0", "57"]])
    known = {each for row in found.rows for each in row.printed.values()}
    assert set(text) - known <= CONTEXT.get(identifier, set()), set(text) - known


def test_ranks_are_the_order_of_the_values() -> None:
    rows = table("cgb-leaderboard").rows
    assert [row.values["Rank"] for row in rows] == list(range(1, 12))
    values = [row.values["FID-RadDino"] for row in rows]
    assert values == sorted(values)  # type: ignore[type-var]


# table -> (notes, from, to, numbers of the text that are no result); the text goes down one column after the other
BY_COLUMN: dict[str, tuple[str, str, str, set[str]]] = {
    "steel-accuracy": ("merging_and_certificates.md", "SGD vs STEEL: CUB", "At 64-128", set()),
    "steel-bounds": ("merging_and_certificates.md", "complexity .284", "[S]. Replacing", {"7", "1000"}),
}


@pytest.mark.parametrize("identifier", sorted(BY_COLUMN))
def test_numbers_that_the_text_lists_by_column(identifier: str) -> None:
    name, start, end, context = BY_COLUMN[identifier]
    text = tokens(notes(name, start, end))
    found = table(identifier)
    listed = [row.printed[column] for column in found.columns for row in found.rows if column in row.printed]
    positions(text, [[each] for each in listed])
    assert set(text) - set(listed) <= context


def test_the_cost_of_merging() -> None:
    text = notes("merging_and_certificates.md", "MTL 2.9K samples/task", "Scaling, irrelevant")
    assert "2.9K samples/task and 4.2 h vs FW 100 samples/task and 2 min" in text
    values = [list(row.values.values()) for row in table("fw-merging-cost").rows]
    assert values == [[2.9e3, pytest.approx(4.2 * 60)], [100.0, 2.0]]


def test_the_reference_table_of_fusionbench() -> None:
    text = notes("merging_and_certificates.md", "8 tasks, average [V]:**", "TSV-M 83.1 (B/32")
    listed = {}
    for column, part in zip(table("fusionbench").columns, re.split(r"B/16:|L/14:", text), strict=True):
        for entry in part.split("[V]:**")[-1].strip(" ;.\n").split(", "):
            name, value = entry.rsplit(" ", 1)
            listed[column, name] = value
    mine = {(c, row.model): text for row in table("fusionbench").rows for c, text in row.printed.items()}
    assert mine.pop(("ViT-B/32", "TSV-M")) == "83.1"
    short = {
        "TA(.3)": "task arithmetic (0.3)", "TIES(.3)": "TIES (0.3)", "TA": "task arithmetic (0.3)",
        "TIES": "TIES (0.3)", "Ada": "layer-wise AdaMerging", "MTL": "multi-task training",
    }  # fmt: skip
    assert {(column, short.get(name, name)): value for (column, name), value in listed.items()} == mine
