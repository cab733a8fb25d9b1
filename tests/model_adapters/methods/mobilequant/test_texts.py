"""Sequences: as many as asked, never shared between calibration and held-out parts, and clear refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers

from data_splits.errors import UserError
from model_adapters.methods.mobilequant.made_up import write_llama
from model_adapters.methods.mobilequant.sources import Source, open_source
from model_adapters.methods.mobilequant.texts import read_data


def words() -> Any:
    tokenizer = Tokenizer(models.WordLevel({"even": 1, "odd": 2, "?": 0}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


@pytest.fixture
def source(tmp_path: Path) -> Source:
    found = open_source(str(write_llama(tmp_path / "llama")))
    found.tokenizer = words()
    return found


def ids(source: Source, item: Any) -> list[int]:
    table = source.model.model.embed_tokens.weight
    return [int((table - row).abs().sum(1).argmin()) for row in item.embeds[0]]


def test_documents_are_held_out_whole(source: Source, tmp_path: Path) -> None:
    """Every fifth text says "odd": nothing of it is calibrated on, and nothing else is held out."""
    for i in range(10):
        (tmp_path / f"{i}.txt").write_text(("odd " if i % 5 == 4 else "even ") * 40)
    text = ",".join(str(tmp_path / f"{i}.txt") for i in range(10))
    data = read_data(text, source, 6, 8, 4, 0)
    assert [len(data.calibration), len(data.held_out), len(data.facts)] == [6, 4, 10]
    assert all(ids(source, each) == [1] * 8 and each.targets.tolist() == [1] * 8 for each in data.calibration)
    assert all(ids(source, each) == [2] * 8 for each in data.held_out)


def test_the_last_fifth_of_a_single_text_is_held_out(source: Source, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("even " * 400 + "odd " * 90)
    data = read_data(str(tmp_path / "a.txt"), source, 6, 8, 4, 0)
    assert all(2 not in ids(source, each) for each in data.calibration)
    assert any(2 in ids(source, each) for each in read_data(str(tmp_path / "a.txt"), source, 6, 8, 12, 0).held_out)


def test_seeds_choose_calibration_and_nothing_else(source: Source, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("even even odd " * 500)
    first, again, other = (read_data(str(tmp_path / "a.txt"), source, 8, 9, 4, seed) for seed in (0, 0, 1))

    def rows(items: list[Any]) -> list[list[int]]:
        return [each.targets.tolist() for each in items]

    assert rows(first.calibration) == rows(again.calibration) != rows(other.calibration)
    assert rows(first.held_out) == rows(other.held_out)


def test_stored_ids_are_read_and_checked(source: Source, tmp_path: Path) -> None:
    path = tmp_path / "t.safetensors"
    rows = torch.arange(40).view(5, 8)
    save_file({"tokens": rows, "held_out": rows[:2].clone()}, path)
    data = read_data(str(path), source, 5, 128, 2, 0)
    assert [ids(source, each) for each in data.calibration] == rows[:, :-1].tolist()
    assert [each.targets.tolist() for each in data.held_out] == rows[:2, 1:].tolist()
    with pytest.raises(UserError, match="holds 5 and 2 sequences, not 6 and 2"):
        read_data(str(path), source, 6, 128, 2, 0)
    save_file({"tokens": rows + 40, "held_out": rows + 0}, path)
    with pytest.raises(UserError, match="below 48"):
        read_data(str(path), source, 5, 128, 2, 0)


def test_refusals(source: Source, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No calibration text"):
        read_data("nowhere.txt", source, 4, 8, 2, 0)
    with pytest.raises(UserError, match="embedded VLM"):
        read_data("mirb-procedural", source, 4, 8, 2, 0)
    with pytest.raises(UserError, match="at least"):
        read_data(None, source, 0, 8, 2, 0)
    (tmp_path / "short.txt").write_text("even odd " * 10)
    with pytest.raises(UserError, match="too few"):
        read_data(str(tmp_path / "short.txt"), source, 20, 8, 1, 0)
    source.tokenizer = None
    with pytest.raises(UserError, match=r"tokenizer\.json"):
        read_data("python-docs", source, 4, 8, 2, 0)
