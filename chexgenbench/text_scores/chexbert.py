"""CheXbert F1 (Smit et al. 2020): the findings that a BERT labeller reads in both reports, micro over 14 labels.

Beside it macro, five labels, and an uncertain mention as present ("plus"), as in `label_f1`. The network is written
here and loads the published checkpoint (chexbert.pth, weights only): BERT base and 14 linear heads on its first token,
13 of (blank, present, absent, uncertain) and No Finding of (no, yes). Reports are cut at 512 tokens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.text_scores.base import Terms, TextScore, Where, hits
from chexgenbench.text_scores.weights import folder_of, lacks_files
from data_splits.case import CHEXPERT_LABELS
from data_splits.errors import UserError

HEADS = (
    "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema", "Consolidation", "Pneumonia",
    "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other", "Fracture", "Support Devices", "No Finding",
)  # fmt: skip
"""The labels in the order of the checkpoint's heads."""

VALUES = (0, 1, 0, -1)
"""blank, present, absent, uncertain."""

FILES = ("chexbert.pth", "vocab.txt")
MAX_TOKENS = 512


def terms(references: Sequence[str], generated: Sequence[str], where: Where) -> Terms:
    """float64[n, 84]: hits, false alarms and misses of 14 labels, uncertain as absent, then as present."""
    folder = folder_of("chexbert", where)
    assert folder is not None  # `lacks` is asked first
    labeller = load(folder, where.device)
    return hits(labeller.table(references), labeller.table(generated))


def lacks(where: Where) -> str | None:
    """The checkpoint and BERT's vocabulary."""
    how = "hf download StanfordAIMI/RRG_scorers chexbert.pth, and vocab.txt of bert-base-uncased"
    return lacks_files("chexbert", where, FILES, how)


class Labeller:
    """The loaded labeller. network: transformers' BertModel. heads: 14 linear layers."""

    def __init__(self, network: Any, heads: Any, tokenizer: Any, device: str) -> None:
        self.network, self.heads, self.tokenizer, self.device = network, heads, tokenizer, device

    def table(self, reports: Sequence[str]) -> NDArray[np.int64]:
        """int64[n, 14] in CheXpert order: 1, -1 (uncertain), 0. One report a pass, so each follows from its text."""
        known: dict[str, list[int]] = {}
        for report in reports:
            if report not in known:
                known[report] = self._labels(report)
        order = [HEADS.index(name) for name in CHEXPERT_LABELS]
        return np.array([known[report] for report in reports], np.int64).reshape(-1, 14)[:, order]

    def _labels(self, report: str) -> list[int]:
        import torch

        text = re.sub(r"\s+", " ", report).strip()
        if not text:
            return [0] * len(HEADS)
        ids = self.tokenizer(text, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")["input_ids"]
        with torch.inference_mode():
            first = self.network(input_ids=ids.to(self.device)).last_hidden_state[:, 0]
            classes = [int(head(first).argmax(dim=1)) for head in self.heads]
        return [VALUES[each] for each in classes]


@lru_cache(maxsize=1)
def load(folder: Path, device: str) -> Labeller:
    """Load the published checkpoint; the network's size is read off its arrays.

    Raises:
        UserError: it is no CheXbert checkpoint.
    """
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    state = torch.load(folder / FILES[0], map_location="cpu", weights_only=True)
    state = {name.removeprefix("module."): each for name, each in state.get("model_state_dict", state).items()}
    try:
        words, hidden = state["bert.embeddings.word_embeddings.weight"].shape
        positions = len(state["bert.embeddings.position_embeddings.weight"])
        inner = len(state["bert.encoder.layer.0.intermediate.dense.weight"])
        layers = 1 + max(int(name.split(".")[3]) for name in state if name.startswith("bert.encoder.layer."))
        sizes = [len(state[f"linear_heads.{index}.weight"]) for index in range(len(HEADS))]
    except (KeyError, ValueError) as error:
        raise UserError(f"{folder / FILES[0]} is no CheXbert checkpoint (no {error}).") from error
    config = BertConfig(
        vocab_size=words, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=max(1, hidden // 64),
        intermediate_size=inner, max_position_embeddings=positions,
    )  # fmt: skip
    network = BertModel(config)
    heads = torch.nn.ModuleList([torch.nn.Linear(hidden, size) for size in sizes])
    whole = torch.nn.ModuleDict({"bert": network, "linear_heads": heads})
    told = whole.load_state_dict(state, strict=False)
    if told.missing_keys or set(told.unexpected_keys) - {"bert.embeddings.position_ids"}:
        wrong = [*told.missing_keys, *told.unexpected_keys]
        raise UserError(f"{folder / FILES[0]} is no CheXbert checkpoint ({wrong[0]} does not fit).")
    whole.eval().to(device)
    tokenizer = BertTokenizer.from_pretrained(str(folder), do_lower_case=True, local_files_only=True)
    return Labeller(network, heads, tokenizer, device)


CHEXBERT = TextScore(
    "chexbert",
    "CheXbert F1",
    "f1",
    terms,
    lacks,
    labels=CHEXPERT_LABELS,
    settings={"labeller": "CheXbert", "max_tokens": MAX_TOKENS},
    modelled=True,
)
