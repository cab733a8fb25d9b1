"""F1-RadGraph (Delbrouck et al. 2022), reward level "partial": entities, and whether they have a relation, in common.

By the package radgraph with the published weights (model type "radgraph"). The mean over reports, 0 to 1. A pair with
an empty report scores 0 without being read, as in the published scorer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chexgenbench.text_scores.base import Terms, TextScore, Where, both_given, lacks_package, means
from chexgenbench.text_scores.weights import folder_of, lacks_files

FILES = ("radgraph/config.json", "radgraph/weights.th", "radgraph/vocabulary")


def terms(references: Sequence[str], generated: Sequence[str], where: Where) -> Terms:
    """float64[n, 2]: the F1 of each pair and 1."""
    from radgraph import F1RadGraph

    values = np.zeros(len(references))
    rows = np.flatnonzero(both_given(references, generated)).tolist()
    if rows:
        scorer = F1RadGraph(
            reward_level="partial",
            model_type="radgraph",
            model_cache_dir=str(folder_of("radgraph", where)),
            cuda=0 if where.device.startswith("cuda") else -1,
        )
        _, rewards, _, _ = scorer(refs=[references[row] for row in rows], hyps=[generated[row] for row in rows])
        values[rows] = rewards
    return means(values.tolist())


def lacks(where: Where) -> str | None:
    """The package, or its weights (it would fetch them by itself; here it must find them)."""
    how = "hf download StanfordAIMI/RRG_scorers radgraph.tar.gz, unpacked into FOLDER/radgraph"
    return lacks_package("radgraph", "report-models") or lacks_files("radgraph", where, FILES, how)


RADGRAPH = TextScore(
    "radgraph", "F1-RadGraph", "mean", terms, lacks, settings={"reward": "partial", "model": "radgraph"}, modelled=True
)
