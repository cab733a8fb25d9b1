"""Stamping and strokes: exact coverage, cut at the edges, and the area that geometry says."""

from __future__ import annotations

import math

import numpy as np

from data_splits.mirb_procedural.drawing.canvas import SUB, blank, coverage, frame, rectangle, segment, stamp


def test_coverage_and_mixing() -> None:
    mask = np.zeros((SUB, 2 * SUB), bool)
    mask[:2, :SUB] = True  # half of the first pixel
    assert coverage(mask).tolist() == [[8, 0]]
    picture = blank(4, 3, (200, 0, 100))
    stamp(picture, mask, 1, 1, (0, 100, 100))
    assert picture[1, 1].tolist() == [100, 50, 100]
    assert (np.delete(picture.reshape(-1, 3), 5, axis=0) == [200, 0, 100]).all()


def test_what_lies_outside_is_cut_off() -> None:
    full = np.ones((3 * SUB, 3 * SUB), bool)
    picture = blank(4, 4)
    for left, top in ((-2, -2), (3, 3), (-9, 0), (0, 9)):
        stamp(picture, full, left, top, (0, 0, 0))
    assert (picture == 0).all(axis=2).sum() == 2
    rectangle(picture, -5, -5, 100, 100, (7, 7, 7))
    assert (picture == 7).all()


def test_a_stroke_has_its_area() -> None:
    picture = blank(120, 120)
    segment(picture, (20, 30), (100, 90), 6, (0, 0, 0))
    ink = (255 - picture[:, :, 0].astype(float)).sum() / 255
    assert math.isclose(ink, 6 * 100 + math.pi * 9, rel_tol=0.01)


def test_frame_is_hollow() -> None:
    picture = blank(10, 8)
    frame(picture, 0, 0, 10, 8, 2, (0, 0, 0))
    assert (picture == 0).all(axis=2).sum() == 10 * 8 - 6 * 4
