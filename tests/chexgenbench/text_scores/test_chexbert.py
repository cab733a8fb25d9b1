"""On a tiny checkpoint with the names and shapes of the published one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_pairs import GENERATED, REFERENCES

from chexgenbench.text_scores.base import Where
from chexgenbench.text_scores.chexbert import CHEXBERT, HEADS, load
from data_splits.case import CHEXPERT_LABELS
from data_splits.errors import UserError

WORDS = sorted({word.strip(".").lower() for text in (*REFERENCES, *GENERATED) for word in text.split()})


def state(bias: dict[str, int] | None = None) -> dict[str, Any]:
    """Random weights; `bias` makes a head answer one class whatever the text."""
    import torch
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=len(WORDS) + 6, hidden_size=64, num_hidden_layers=2, num_attention_heads=1, intermediate_size=32,
        max_position_embeddings=32,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        found = {f"module.bert.{name}": each * 8 for name, each in BertModel(config).state_dict().items()}
        for index, name in enumerate(HEADS):
            size = 2 if name == "No Finding" else 4
            found[f"module.linear_heads.{index}.weight"] = torch.randn(size, 64)
            found[f"module.linear_heads.{index}.bias"] = torch.zeros(size)
            if bias and name in bias:
                found[f"module.linear_heads.{index}.bias"][bias[name]] = 1e4
    found["module.bert.embeddings.position_ids"] = torch.arange(32)[None]
    return found


def folder(path: Path, tensors: dict[str, Any]) -> Path:
    import torch

    path.mkdir()
    torch.save({"model_state_dict": tensors, "epoch": 3}, path / "chexbert.pth")
    (path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", *WORDS]))
    return path


def test_classes_become_labels(tmp_path: Path) -> None:
    """1 present, 2 absent, 3 uncertain, 0 blank; in CheXpert's order, not the heads'."""
    told = {"Edema": 1, "Fracture": 2, "Pneumonia": 3, "Cardiomegaly": 0, "No Finding": 1}
    table = load(folder(tmp_path / "a", state(told)), "cpu").table(REFERENCES)
    expected = {"Edema": 1, "Fracture": 0, "Pneumonia": -1, "Cardiomegaly": 0, "No Finding": 1}
    for name, value in expected.items():
        assert (table[:, CHEXPERT_LABELS.index(name)] == value).all(), name


def test_labels_are_those_of_the_network_by_hand(tmp_path: Path) -> None:
    """An independent pass through transformers' BERT with the same weights; lower-casing and all."""
    import torch
    from transformers import BertConfig, BertModel

    tensors = state()
    labeller = load(folder(tmp_path / "b", tensors), "cpu")
    config = BertConfig(
        vocab_size=len(WORDS) + 6, hidden_size=64, num_hidden_layers=2, num_attention_heads=1, intermediate_size=32,
        max_position_embeddings=32,
    )  # fmt: skip
    bert = BertModel(config).eval()
    bert.load_state_dict({k.removeprefix("module.bert."): v for k, v in tensors.items() if ".bert." in k}, strict=False)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", *WORDS]
    text = "no acute cardiopulmonary findings ."
    ids = torch.tensor([[2, *(words.index(word) for word in text.split()), 3]])
    with torch.no_grad():
        first = bert(ids).last_hidden_state[:, 0]
    classes = {}
    for index, name in enumerate(HEADS):
        head = (tensors[f"module.linear_heads.{index}.{part}"] for part in ("weight", "bias"))
        weight, bias = head
        classes[name] = (0, 1, 0, -1)[int((first @ weight.T + bias).argmax())]
    table = labeller.table(["No acute  cardiopulmonary\nfindings.", ""])
    assert table[0].tolist() == [classes[name] for name in CHEXPERT_LABELS] and (table[1] == 0).all()
    assert len({tuple(row) for row in labeller.table([*REFERENCES, *GENERATED])}) > 1


def test_terms_count_both_rules(tmp_path: Path) -> None:
    where = Where(folder(tmp_path / "c", state({"Pneumonia": 3})))
    assert CHEXBERT.lacks(where) is None
    minus, plus = CHEXBERT.terms(REFERENCES, GENERATED, where).reshape(4, 2, 14, 3).transpose(1, 0, 2, 3)
    column = CHEXPERT_LABELS.index("Pneumonia")
    assert minus[:, column].sum() == 0 and (plus[:, column] == np.array([1, 0, 0])).all()


def test_what_is_missing_or_wrong_is_said(tmp_path: Path) -> None:
    told = CHEXBERT.lacks(Where(tmp_path))
    assert told is not None and "chexbert.pth, vocab.txt" in told and "hf download" in told
    broken = state()
    del broken["module.bert.encoder.layer.1.output.dense.bias"]
    with pytest.raises(UserError, match="does not fit"):
        load(folder(tmp_path / "d", broken), "cpu")
    with pytest.raises(UserError, match="no CheXbert checkpoint"):
        load(folder(tmp_path / "e", {"x": broken["module.linear_heads.0.bias"]}), "cpu")
