"""Search among candidates: which has the fewest errors on the examples, of equal ones the least loss. No gradients.

flat          every candidate
hierarchical  the middle candidate of every cluster, then all members of the few clusters whose middles do best. It may
              miss the best candidate, so the risk gets worse; the certificate stays valid, for all candidates are paid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from model_adapters.methods.certificates.course import Stage
from model_adapters.methods.certificates.sample import Rows, Sample
from model_adapters.methods.merging.objective import chunks
from model_adapters.methods.steel.clusters import Clusters
from model_adapters.methods.steel.vectors import Layout, VectorFile

SAVE = 50
"""Candidates between two states on disk."""

SEARCHES = ("flat", "hierarchical")

LARGEST_LOSS = 1e6
"""Stands for a larger one: some candidates of a control break the network, and that is no error here."""


@dataclass(frozen=True)
class Best:
    """A candidate, its errors (their sum) and mean loss on the rows it was chosen on."""

    index: int
    errors: float
    loss: float


class Scores:
    """Errors and losses of candidates on every example, each candidate scored once, stored in the order asked."""

    def __init__(self, candidates: VectorFile, layout: Layout, sample: Sample, path: Path, stage: Stage) -> None:
        """Read back what was scored before."""
        self.candidates, self.layout, self.sample, self.stage = candidates, layout, sample, stage
        n = sample.size
        self._file = VectorFile(path, 2 * n + 1)
        stored = len(self._file) // SAVE * SAVE if stage.state().get("whole") is None else len(self._file)
        rows = self._file.rows(0, stored) if stored else np.empty((0, 2 * n + 1), np.float32)
        self._order = [int(row[0]) for row in rows]
        self.errors = {int(row[0]): row[1 : n + 1].astype(np.float64) for row in rows}
        self.losses = {int(row[0]): row[n + 1 :].astype(np.float64) for row in rows}
        self._unsaved: list[NDArray[np.float32]] = []

    def __len__(self) -> int:
        """How many were scored."""
        return len(self.errors)

    def score(self, indices: Iterable[int]) -> None:
        """Score those that were not."""
        for index in indices:
            if index in self.errors:
                continue
            weights = self.layout.tensors(self.candidates.rows(index, 1)[0])
            rows = self.sample.all()
            self.errors[index] = self.sample.errors(weights, rows)
            self.losses[index] = np.nan_to_num(
                _losses(self.sample, weights, rows), nan=LARGEST_LOSS, posinf=LARGEST_LOSS
            )
            line = np.concatenate([[index], self.errors[index], self.losses[index]]).astype(np.float32)
            self.losses[index] = line[len(rows) + 1 :].astype(np.float64)
            self._unsaved.append(line)
            if len(self._unsaved) == SAVE:
                self._store()

    def finish(self) -> None:
        """Make the last ones safe."""
        if self._unsaved:
            self._store()

    def _store(self) -> None:
        self._file.write(len(self._order), np.stack(self._unsaved))
        self._order += [int(line[0]) for line in self._unsaved]
        whole = len(self._unsaved) == SAVE
        self._unsaved = []
        done = -(-len(self._order) // SAVE)
        if whole:
            self.stage.tell(done)
        else:
            self.stage.keep({"whole": len(self._order)}, done)

    def best(self, rows: Rows, below: int) -> Best:
        """The best of the scored candidates with an index below `below`, judged on some examples.

        Raises:
            UserError: none of them was scored.
        """
        scored = sorted(index for index in self.errors if index < below)
        if not scored:
            raise UserError(f"None of the first {below} candidates was scored. Use search = flat.")
        judged = [(float(self.errors[i][rows].sum()), float(self.losses[i][rows].mean()), i) for i in scored]
        errors, loss, index = min(judged)
        return Best(index, errors, loss)


def search(scores: Scores, count: int, how: str, clusters: Clusters | None, top: int, rows: Rows) -> None:
    """Score candidates 0 to count - 1, all or by clusters; `rows` rank the clusters.

    Raises:
        UserError: another search.
    """
    if how not in SEARCHES:
        raise UserError(f"search is {how!r}; it is {' or '.join(SEARCHES)}.")
    if how == "flat":
        scores.score(range(count))
        return
    assert clusters is not None
    scores.score(int(each) for each in clusters.medoids)
    middles = [(float(scores.losses[int(m)][rows].mean()), k) for k, m in enumerate(clusters.medoids)]
    for _, cluster in sorted(middles)[:top]:
        scores.score(int(each) for each in np.flatnonzero(clusters.label == cluster))


def _losses(sample: Sample, weights: dict, rows: Rows) -> NDArray[np.float64]:
    import torch

    part = sample.part(rows)
    with torch.no_grad():
        found = [part.losses(weights, part.task, piece) for piece in chunks(part, part.task)]
    return np.asarray(torch.cat(found).double().cpu().numpy())
