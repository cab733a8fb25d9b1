from pathlib import Path

import numpy as np
import pytest

from model_adapters.methods.steel import vectors
from model_adapters.methods.steel.clusters import cluster
from model_adapters.methods.steel.vectors import Moments, VectorFile

PLAIN = Moments(np.zeros(2), np.ones(2))


def blobs(folder: Path, count: int, each: int = 30) -> tuple[VectorFile, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(count), each)
    angle = 2 * np.pi * truth / count
    rows = 10 * np.stack([np.cos(angle), np.sin(angle)], axis=1) + 0.1 * rng.standard_normal((len(truth), 2))
    order = rng.permutation(len(truth))
    file = VectorFile(folder / "rows.f32", 2)
    file.write(0, rows[order].astype(np.float32))
    return file, truth[order]


def test_clear_groups_are_found_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "BLOCK", 17)
    file, truth = blobs(tmp_path, 4)
    found = cluster(file, 120, PLAIN, 4, 0)
    assert sorted(truth[found.medoids]) == [0, 1, 2, 3] and found.silhouette > 0.95
    for k, medoid in enumerate(found.medoids):
        members = truth[found.label == k]
        assert (members == truth[medoid]).all() and len(members) == 30
        rows = file.rows(0, 120)[found.label == k]
        distance = ((rows - rows.mean(axis=0)) ** 2).sum(axis=1)
        assert ((file.rows(int(medoid), 1)[0] - rows.mean(axis=0)) ** 2).sum() == pytest.approx(
            distance.min(), rel=1e-3
        )


def test_the_silhouette_is_that_of_the_textbook_with_centres(tmp_path: Path) -> None:
    file, _ = blobs(tmp_path, 3)
    found = cluster(file, 90, PLAIN, 3, 0)
    rows = file.rows(0, 90).astype(np.float64)
    centres = np.stack([rows[found.label == k].mean(axis=0) for k in range(3)])
    distance = np.sort(np.linalg.norm(rows[:, None] - centres, axis=2), axis=1)
    assert found.silhouette == pytest.approx(((distance[:, 1] - distance[:, 0]) / distance[:, 1]).mean(), rel=1e-6)


def test_the_number_of_clusters_is_chosen_without_data(tmp_path: Path) -> None:
    file, _ = blobs(tmp_path, 8, each=12)
    assert len(cluster(file, 96, PLAIN, 0, 0).medoids) == 8
    assert len(cluster(file, 5, PLAIN, 0, 0).medoids) == 1


def test_only_the_first_candidates_take_part(tmp_path: Path) -> None:
    file, _ = blobs(tmp_path, 4)
    found = cluster(file, 50, PLAIN, 4, 0)
    assert len(found.label) == 50 and found.medoids.max() < 50
