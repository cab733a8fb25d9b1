from __future__ import annotations

import numpy as np
import PIL.Image
import pytest
from textures import flat, textures

from chexgenbench import copies
from chexgenbench.copies import FINE_RATIOS, FINE_STEP, SIDE, SPREAD, View, matches, structure

CORPUS = textures(40, seed=1)
QUERIES = textures(12, seed=2)


def test_an_image_is_its_own_best_match_and_mirrored_too() -> None:
    found = matches(flat(CORPUS[:6]), flat(CORPUS))
    assert found.row.tolist() == list(range(6)) and not found.flipped.any()
    np.testing.assert_allclose(found.score, 1.0, atol=1e-5)
    mirrored = matches(flat(CORPUS[:6, :, ::-1]), flat(CORPUS))
    assert mirrored.row.tolist() == list(range(6)) and mirrored.flipped.all()
    np.testing.assert_allclose(mirrored.score, 1.0, atol=1e-5)


def test_brightness_and_contrast_change_little() -> None:
    found = matches(flat(0.2 + 0.5 * CORPUS[:6]), flat(CORPUS))
    assert found.row.tolist() == list(range(6)) and found.score.min() > 0.98


@pytest.mark.parametrize("box", [(0, 0, 58, 58), (6, 6, 64, 64), (3, 9, 56, 62)])
def test_a_window_of_an_image_is_found(box: tuple[int, int, int, int]) -> None:
    shown = [
        PIL.Image.fromarray(image).resize((64, 64), PIL.Image.Resampling.BILINEAR, box=box) for image in CORPUS[:6]
    ]
    found = matches(flat(np.stack([np.asarray(each) for each in shown])), flat(CORPUS))
    assert found.row.tolist() == list(range(6)) and found.score.min() > 0.75


def test_other_images_are_far_from_all() -> None:
    assert matches(flat(QUERIES), flat(CORPUS)).score.max() < 0.6


def test_the_score_is_the_correlation_inside_the_window() -> None:
    """An independent count: np.corrcoef over every window of the fine grid and those next to the best."""
    query, source = QUERIES[0], CORPUS[0]
    whole = structure(source[None], SIDE, SPREAD)[0]

    def correlation(view: View) -> float:
        turned = query[:, ::-1] if view.flipped else query
        inside = structure(np.ascontiguousarray(turned)[None], view.side, SPREAD)[0]
        window = whole[view.top : view.top + view.side, view.left : view.left + view.side]
        return float(np.corrcoef(inside.ravel(), window.ravel())[0, 1])

    (found,) = matches(flat(query[None]), flat(source[None])).score
    grid = [view for flip in (False, True) for view in copies._grid(SIDE, FINE_RATIOS, FINE_STEP, flip)]
    scores = {view: correlation(view) for view in grid}
    best = max(scores, key=lambda view: scores[view])
    closer = [correlation(view) for view in copies._around(best)]
    # The coarse search settles which way round; in a pair of unrelated images the other way may do as well.
    other = max((view for view in grid if view.flipped != best.flipped), key=lambda view: scores[view])
    expected = [max(closer), max(correlation(view) for view in copies._around(other))]
    assert min(abs(found - each) for each in expected) < 1e-4


def test_the_grid_holds_windows_that_lie_inside() -> None:
    views = list(copies._grid(SIDE, FINE_RATIOS, FINE_STEP, False))
    assert all(0 <= view.top <= SIDE - view.side and 0 <= view.left <= SIDE - view.side for view in views)
    assert View(False, 64, 0, 0) in views and View(False, 51, 13, 13) in views and len(views) == len(set(views))
    around = list(copies._around(View(True, 64, 0, 0)))
    assert all(view.flipped and view.side + max(view.top, view.left) <= SIDE for view in around)


def test_neither_company_nor_blocks_nor_order_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    queries = flat(np.concatenate([QUERIES, CORPUS[:4] * 0.9]))
    whole = matches(queries, flat(CORPUS))
    for row in (0, 13):
        alone = matches(queries[row : row + 1], flat(CORPUS))
        assert (alone.score[0], alone.row[0]) == (whole.score[row], whole.row[row])
    monkeypatch.setattr(copies, "QUERIES", 5)
    monkeypatch.setattr(copies, "CORPUS_BLOCK", 7)
    blocked = matches(queries, flat(CORPUS))
    np.testing.assert_allclose(blocked.score, whole.score, atol=1e-5)
    np.testing.assert_array_equal(blocked.row, whole.row)
    order = np.random.default_rng(0).permutation(len(CORPUS))
    shuffled = matches(queries, flat(CORPUS[order]))
    np.testing.assert_allclose(shuffled.score, whole.score, atol=1e-5)
    np.testing.assert_array_equal(order[shuffled.row], whole.row)


def test_even_images_match_nothing() -> None:
    black, some = np.zeros((2, 64, 64), np.float32), flat(CORPUS[:5])
    assert np.abs(matches(flat(black), some).score).max() < 1e-3
    assert np.isfinite(matches(some, flat(black)).score).all()


def test_other_features_and_an_empty_corpus_are_refused() -> None:
    with pytest.raises(ValueError, match="features of grey64"):
        matches(np.zeros((2, 1280), np.float32), flat(CORPUS))
    with pytest.raises(ValueError, match="no images"):
        matches(flat(QUERIES), flat(CORPUS)[:0])
    assert len(matches(flat(QUERIES)[:0], flat(CORPUS)).score) == 0
