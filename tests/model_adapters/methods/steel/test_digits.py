"""STEEL in miniature on rotated digits [V4]: non-vacuous at n = 20, better than the Gaussian control, rarely wrong."""

from pathlib import Path

import pytest

from benchmarks import steel_digits as study
from leaderboards.statistics.certificates.violations import violation_limit


def test_a_tiny_study_runs_from_zoo_to_certificates(tmp_path: Path) -> None:
    scale = study.Scale(
        adapters=6, zoo_steps=3, zoo_images=40, train_steps=30, candidates=12, episodes=1, trials=8
    )  # fmt: skip
    found = study.measured(tmp_path, 0, scale)
    assert set(found) == {"diffusion", "diffusion, hierarchical", "zoo", "gaussian", "fine-tuned"}
    for kind in study.KINDS:
        for n in study.SIZES:
            row = found[kind][n]
            assert (row["exact"] <= row["kl-Occam"] + 1e-12).all() and len(row["true"]) == 8
    assert found["fine-tuned"][20]["eq. 7"][0] > 1.0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_acceptance(tmp_path: Path, seed: int) -> None:
    found = study.measured(tmp_path, seed, study.Scale())
    for n in study.SIZES:
        steel, control = found["diffusion"][n], found["gaussian"][n]
        print(n, steel["kl-Occam"].mean(), found["zoo"][n]["kl-Occam"].mean(), control["kl-Occam"].mean())
        assert steel["kl-Occam"].mean() < control["kl-Occam"].mean() - 0.02
        assert steel["true"].mean() < control["true"].mean() - 0.05
        assert found["fine-tuned"][n]["eq. 7"].mean() > steel["kl-Occam"].mean()
        assert found["diffusion, hierarchical"][n]["exact"].mean() < steel["exact"].mean() + 0.1
        for kind in (*study.KINDS, "diffusion, hierarchical"):
            for bound in ("kl-Occam", "exact"):
                row = found[kind][n]
                assert (row["true"] > row[bound]).sum() <= violation_limit(len(row["true"]), study.DELTA), (kind, n)
    assert found["diffusion"][20]["kl-Occam"].mean() < 0.85 and found["fine-tuned"][20]["eq. 7"].min() > 1.0
