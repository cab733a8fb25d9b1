from __future__ import annotations

import numpy as np
import pytest
import sacrebleu
from sklearn.metrics import f1_score

from leaderboards.statistics.registry import estimate
from leaderboards.statistics.report_scores import corpus_bleu, summed

REFERENCES = ["the heart is large and the lungs are clear", "no effusion", "small left effusion", "a b c d e"]
TEXTS = ["the heart is normal and the lungs are clear", "effusion", "", "a b c d f"]


def bleu_terms(order: int) -> np.ndarray:
    metric = sacrebleu.metrics.BLEU(max_ngram_order=order, effective_order=True)
    found = [metric.sentence_score(text, [reference]) for text, reference in zip(TEXTS, REFERENCES, strict=True)]
    return np.array([[each.sys_len, each.ref_len, *each.counts, *each.totals] for each in found], float)


@pytest.mark.parametrize("order", [1, 2, 4])
@pytest.mark.parametrize("rows", [[0, 1, 2, 3], [0], [3, 3], [1], [2], [1, 2], [0, 3]])
def test_bleu_of_sums_is_sacrebleus(order: int, rows: list[int]) -> None:
    """Also with missing n-grams (smoothed), too short texts (0) and an empty one."""
    expected = sacrebleu.metrics.BLEU(max_ngram_order=order).corpus_score(
        [TEXTS[row] for row in rows], [[REFERENCES[row] for row in rows]]
    )
    assert corpus_bleu(bleu_terms(order)[rows].sum(axis=0)[None])[0] == pytest.approx(expected.score / 100, abs=1e-12)


def label_arrays(n: int = 120) -> tuple[dict[str, np.ndarray], np.ndarray, dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    truth = rng.random((n, 3)) < (0.5, 0.3, 0.02)
    said = {name: np.where(rng.random((n, 3)) < good, truth, ~truth) for name, good in (("tstr", 0.7), ("trtr", 0.9))}
    terms = {
        name: np.stack([truth & each, ~truth & each, truth & ~each], axis=2).reshape(n, -1).astype(float)
        for name, each in said.items()
    }
    return {**terms, "cluster": np.arange(n) // 2}, truth, said


F1 = {"statistic": "f1", "arms": "tstr|trtr", "baseline": "trtr", "labels": "Edema|Fracture|Pneumonia", "seed": 1}


def test_f1_is_scikit_learns_and_rare_labels_leave_the_macro_mean() -> None:
    arrays, truth, said = label_arrays()
    found = estimate("report_scores", arrays, F1)
    assert found.value == pytest.approx(f1_score(truth, said["tstr"], average="micro"), abs=1e-12)
    assert found.extra["trtr"] == pytest.approx(f1_score(truth, said["trtr"], average="micro"), abs=1e-12)
    both = [f1_score(truth[:, each], said["tstr"][:, each]) for each in (0, 1)]
    assert truth[:, 2].sum() < 10 and "tstr.Pneumonia" not in found.extra
    assert found.extra["tstr.macro"] == pytest.approx(np.mean(both), abs=1e-12)
    assert found.extra["tstr.Fracture"] == pytest.approx(both[1], abs=1e-12)
    assert found.extra["tstr.micro_5"] == pytest.approx(f1_score(truth[:, 0], said["tstr"][:, 0]), abs=1e-12)
    published = estimate("report_scores", arrays, {**F1, "least": 0})
    every = np.mean([*both, f1_score(truth[:, 2], said["tstr"][:, 2])])
    assert published.extra["tstr.macro"] == pytest.approx(every, abs=1e-12)


def test_the_difference_is_paired() -> None:
    """The same arm twice differs by exactly nothing in every resampling; a worse one is below."""
    arrays, _, _ = label_arrays()
    same = estimate("report_scores", {**arrays, "trtr": arrays["tstr"]}, F1)
    ends = [same.extra[f"tstr_minus_trtr{end}"] for end in ("", "_low", "_high")]
    assert ends == [0.0, 0.0, 0.0] and same.low is not None and same.low < same.high  # type: ignore[operator]
    assert estimate("report_scores", arrays, F1).extra["tstr_minus_trtr_high"] < 0


def test_the_interval_is_that_of_a_mean() -> None:
    """With one score a patient the interval is the textbook one, and patients with two are resampled whole."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=400)
    terms = np.stack([values, np.ones(400)], axis=1)
    arrays = {"tstr": terms, "cluster": np.arange(400)}
    found = estimate("report_scores", arrays, {"statistic": "mean", "arms": "tstr", "seed": 0, "replicates": 4000})
    assert found.value == pytest.approx(values.mean(), abs=1e-12)
    assert found.se == pytest.approx(values.std(ddof=1) / 20, rel=0.05)
    twice = {"tstr": np.concatenate([terms, terms]), "cluster": np.tile(np.arange(400), 2)}
    again = estimate("report_scores", twice, {"statistic": "mean", "arms": "tstr", "seed": 0, "replicates": 4000})
    assert (again.low, again.high) == pytest.approx((found.low, found.high), abs=1e-12)


def test_blocks_give_the_same_value_and_hold_no_text() -> None:
    arrays, _, _ = label_arrays()
    block = arrays["cluster"] // 5
    stored = summed({name: arrays[name] for name in ("tstr", "trtr")}, block)
    assert len(stored["tstr"]) == 12
    found = estimate("report_scores", {**stored, "cluster": np.arange(12)}, F1)
    whole = estimate("report_scores", arrays, F1)
    assert found.value == whole.value and found.extra["tstr.macro"] == whole.extra["tstr.macro"]
    assert found.low is not None and found.extra["clusters"] == 12


def test_the_published_centre_is_the_median_of_resamplings() -> None:
    rng = np.random.default_rng(5)
    terms = np.stack([rng.exponential(size=30) ** 2, np.ones(30)], axis=1)
    arrays = {"tstr": terms, "cluster": np.arange(30)}
    plain = estimate("report_scores", arrays, {"statistic": "mean", "arms": "tstr", "seed": 0})
    found = estimate(
        "report_scores", arrays, {"statistic": "mean", "arms": "tstr", "seed": 0, "centre": "median", "scale": 100.0}
    )
    assert found.value != pytest.approx(100 * plain.value, rel=1e-3)  # type: ignore[operator]
    assert found.value == pytest.approx(100 * plain.value, rel=0.1)  # type: ignore[operator]


def test_what_cannot_be_scored_is_said() -> None:
    arrays, _, _ = label_arrays(8)
    few = estimate("report_scores", arrays, F1)
    assert few.value is not None and few.low is None and "4 patients" in str(few.interval_reason)
    silent = {"tstr": np.zeros((30, 9)), "trtr": np.zeros((30, 9)), "cluster": np.arange(30)}
    assert "names a finding" in str(estimate("report_scores", silent, F1).reason)
    assert (
        estimate(
            "report_scores",
            {"tstr": np.zeros((0, 2)), "cluster": np.zeros(0, int)},
            {"statistic": "mean", "arms": "tstr", "seed": 0},
        ).value
        is None
    )
    with pytest.raises(KeyError, match="no statistic"):
        estimate("report_scores", arrays, {**F1, "statistic": "f2"})
    with pytest.raises(ValueError, match="2 labels"):
        estimate("report_scores", arrays, {**F1, "labels": "a|b"})
    with pytest.raises(ValueError, match="one row for each"):
        estimate("report_scores", {**arrays, "cluster": np.arange(3)}, F1)
