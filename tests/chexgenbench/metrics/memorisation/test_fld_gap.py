from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_features import score
from planted_copies import planted

from chexgenbench.metrics.memorisation.fld_gap import METRIC, _chosen
from chexgenbench.mixture import Mixture


def test_value_is_the_definition() -> None:
    data = planted(0.1, held_out=80, corpus=120, prompts=30)
    both = np.concatenate([data.corpus.features, data.reference.features]).astype(float)
    mean, deviation = both.mean(0), both.std(0)
    drawn, train, test = (
        (each.features - mean) / deviation for each in (data.probes.images, data.corpus, data.reference)
    )
    density = Mixture.fit(drawn, np.concatenate([train, test]))
    gap = 100 * (density.log_density(test).mean() - density.log_density(train).mean()) / train.shape[1]
    found = score(METRIC, data)
    assert found.value == pytest.approx(gap, abs=1e-4) and found.low < found.value < found.high
    assert found.value == pytest.approx(found.extra["mean"] - found.extra["other_mean"])


def test_the_gap_opens_with_the_share_of_copies() -> None:
    values = [score(METRIC, planted(share, 1)).value for share in (0.0, 0.05, 0.2)]
    assert abs(values[0]) < 6.0 and values[1] < -12.0 and values[2] < 2 * values[1]
    assert score(METRIC, planted(0.2, 1)).high < 0.0


def test_nothing_copied_is_no_gap_on_average_however_few_images_there_are() -> None:
    """Widths fitted to the training images alone make them the likelier ones: -4.4 on average here."""
    made = [planted(0.0, seed, held_out=60, corpus=40, prompts=20, draws=8) for seed in range(20)]
    found = [score(METRIC, each) for each in made]
    values = np.array([each.value for each in found])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(len(values)) < 2.5
    assert sum(each.high < 0.0 for each in found) <= 3


def test_scale_and_offset_of_a_feature_do_not_matter() -> None:
    data = planted(0.1, held_out=60, corpus=80, prompts=20)
    scale = np.linspace(0.5, 20, data.corpus.features.shape[1], dtype=np.float32)

    def moved(side):  # type: ignore[no-untyped-def]
        return replace(side, features=side.features * scale + np.float32(3.0))

    other = replace(
        data,
        corpus=moved(data.corpus),
        reference=moved(data.reference),
        probes=replace(data.probes, images=moved(data.probes.images)),
        shared={},
    )
    assert score(METRIC, other).value == pytest.approx(score(METRIC, data).value, rel=1e-3)


def test_private_images_are_stored_in_blocks_or_not_at_all() -> None:
    arrays = METRIC.measure(planted(0.1, private=True)).arrays
    assert arrays["size"].min() >= 40 and arrays["other_size"].min() >= 40
    assert "too few" in str(METRIC.measure(planted(0.0, corpus=60, prompts=10, private=True)).reason)


def test_patients_of_the_prompts_are_kept_when_the_corpus_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chexgenbench.metrics.memorisation.fld_gap.MAX_TRAIN", 50)
    data = planted(0.0, prompts=20)
    chosen = _chosen(data.corpus, data.probes.real.ids)
    assert len(chosen) == 50 and set(data.probes.real.ids) <= set(chosen.ids)
