"""3d_scene: every view misses objects, every view is the only one of some object, all are in plain sight somewhere."""

from __future__ import annotations

import numpy as np
import procedural_items

from data_splits.mirb_procedural.scene_3d import GLIMPSE, SEEN, fair


def test_gold_is_the_union_and_no_view_can_be_left_out() -> None:
    for item in procedural_items.every("3d_scene", 8):
        seen = [set(row) for row in item.evidence["seen"]]
        total = int(item.answer)
        assert len(set.union(*seen)) == total == len(item.evidence["objects"])
        for hidden in item.evidence["needed"]:
            rest = set.union(*(row for place, row in enumerate(seen) if place != hidden))
            assert len(rest) < total
        assert all(len(row) < total for row in seen)
        assert len({tuple(look) for look in item.evidence["objects"]}) == total  # no two look alike


def test_pictures_hold_the_colours_that_evidence_says() -> None:
    """Seen in the picture itself: hues of objects appear where evidence says so and nowhere else."""
    from data_splits.mirb_procedural.drawing.palette import COLOURS

    for item in (*procedural_items.items("3d_scene", 1, 8)[:3], procedural_items.items("3d_scene", 3, 8)[0]):
        for picture, row in zip(procedural_items.pictures("3d_scene", item), item.evidence["seen"], strict=True):
            shown = {item.evidence["objects"][index][1] for index in row}
            hidden = {name for _, name in item.evidence["objects"]} - shown
            pixels = picture.reshape(-1, 3).astype(float)
            chroma = pixels.max(axis=1) - pixels.min(axis=1)
            unit = pixels / np.maximum(np.linalg.norm(pixels, axis=1, keepdims=True), 1)
            for name in shown | hidden:
                hue = np.array(COLOURS[name], float)
                close = ((unit @ (hue / np.linalg.norm(hue)) > 0.9995) & (chroma > 40)).sum()
                assert (close > GLIMPSE // 3) == (name in shown), name


def test_pixels_are_plenty_or_none() -> None:
    for item in procedural_items.every("3d_scene", 8):
        table = np.array(item.evidence["pixels"])
        assert (table.max(axis=0) >= SEEN).all()
        assert not ((table > 0) & (table < GLIMPSE)).any()


def test_fair() -> None:
    assert fair([[200, 0, 200], [0, 200, 200]])
    assert not fair([[200, 0, 100], [0, 200, 100]])  # the third is nowhere in plain sight
    assert not fair([[200, 200], [0, 200]])  # the second camera sees nothing of its own


def test_counts_of_views_do_not_add_up_to_the_gold() -> None:
    """Objects seen twice are common, so a model that adds up the views is wrong on most items."""
    found = procedural_items.every("3d_scene", 8)
    added = [sum(map(len, item.evidence["seen"])) == int(item.answer) for item in found]
    most = [max(map(len, item.evidence["seen"])) == int(item.answer) for item in found]
    assert sum(added) < len(found) / 2
    assert not any(most)
