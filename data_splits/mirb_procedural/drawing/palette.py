"""Colours that a person names alike."""

from __future__ import annotations

from data_splits.mirb_procedural.drawing.canvas import Colour

COLOURS: dict[str, Colour] = {
    "red": (214, 39, 40),
    "orange": (255, 140, 20),
    "yellow": (242, 205, 20),
    "green": (44, 150, 60),
    "blue": (40, 90, 210),
    "purple": (140, 60, 180),
    "pink": (245, 130, 185),
    "brown": (125, 75, 40),
    "black": (25, 25, 25),
}
PAPERS: tuple[Colour, ...] = ((255, 255, 255), (240, 244, 250), (250, 246, 234), (236, 246, 238), (246, 238, 246))
INK: Colour = (20, 22, 30)
