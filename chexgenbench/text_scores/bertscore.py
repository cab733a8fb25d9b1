"""BERTScore (Zhang et al. 2020): F1 of the best cosine matches between contextual word vectors, the mean over reports.

By the package bert-score with a model of a local folder, without idf weights and without rescaling: values of another
model or layer are other numbers, so both are recorded. A pair with an empty report scores 0.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chexgenbench.text_scores.base import Terms, TextScore, Where, both_given, lacks_package, means
from chexgenbench.text_scores.weights import folder_of, lacks_files
from data_splits.errors import UserError

FILES = ("config.json",)


def terms(references: Sequence[str], generated: Sequence[str], where: Where) -> Terms:
    """float64[n, 2]: the F1 of each pair and 1.

    Raises:
        UserError: the model's tokenizer does not state its longest input.
    """
    from bert_score import score

    folder = folder_of("bertscore", where)
    assert folder is not None  # `lacks` is asked first
    values = np.zeros(len(references))
    rows = np.flatnonzero(both_given(references, generated)).tolist()
    if rows:
        try:
            _, _, f1 = score(
                [generated[row] for row in rows],
                [references[row] for row in rows],
                model_type=str(folder),
                num_layers=layer_of(folder),
                idf=False,
                rescale_with_baseline=False,
                device=where.device,
                batch_size=1,  # padding moves the last digits
            )
        except OverflowError as error:
            raise UserError(
                f"The tokenizer of {folder} does not say how long a text may be, which bert-score needs: "
                'add "model_max_length" to its tokenizer_config.json.'
            ) from error
        values[rows] = np.asarray(f1, np.float64)
    return means(values.tolist())


def layer_of(folder: Path) -> int:
    """The layer whose vectors are compared: bert-score's own choice for a model of the folder's name, else the last."""
    from bert_score.utils import model2layers

    config = json.loads((folder / "config.json").read_text("utf-8"))
    last = int(config.get("num_hidden_layers") or config.get("n_layers"))
    return min(last, int(model2layers.get(folder.resolve().name, last)))


def lacks(where: Where) -> str | None:
    """The package, or a model."""
    how = "hf download distilbert-base-uncased (the published scorer's), or any encoder's folder"
    install = "pip install bert-score"
    return lacks_package("bert_score", "report-models", install) or lacks_files("bertscore", where, FILES, how)


BERTSCORE = TextScore(
    "bertscore", "BERTScore", "mean", terms, lacks, settings={"idf": False, "rescaled": False}, modelled=True
)
