"""The generated images that look most like copies, each with its nearest training image, for a look by eye."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from chexgenbench.metrics.base import MetricInput, Side
from chexgenbench.metrics.memorisation.copy_rate import calibrated_threshold, searcher
from data_splits.integrity import write_json

COUNT = 12
GALLERY_ENCODER = "grey64"
"""Copies are looked for among pixels."""


@dataclass(frozen=True)
class Suspect:
    """One generated image and the training image it looks most like. Holds ids and numbers only.

    Attributes:
        case_id, draw: the generated image. part: "generated" (an evaluated prompt) or "probes" (a training prompt).
        neighbour: case id of the training image.
        score: their cross-correlation (`chexgenbench.copies`), 1 for the same picture.
        threshold: above which an image counts as a copy, or None where it could not be calibrated.
        flipped: the generated image is a mirrored view. own: the neighbour is the case whose prompt was drawn.
    """

    case_id: str
    draw: int
    part: str
    neighbour: str
    score: float
    threshold: float | None
    flipped: bool
    own: bool

    @property
    def is_copy(self) -> bool:
        """Whether it counts as a copy."""
        return self.threshold is not None and self.score > self.threshold

    def as_dict(self) -> dict[str, str | int | float | bool | None]:
        """For a file of a run."""
        return asdict(self)


def suspects(data: MetricInput, count: int = COUNT) -> list[Suspect]:
    """The most suspicious images of a run, highest score first, each training image at most once.

    Args:
        data: of the encoder `grey64`, with `corpus`; what `copy_rate` has searched is not searched again.

    Returns:
        At most `count`; none without a training set or under another encoder.
    """
    corpus = data.corpus
    if corpus is None or not len(corpus) or data.encoder != GALLERY_ENCODER:
        return []
    threshold = calibrated_threshold(data)
    level = None if isinstance(threshold, str) else threshold.level
    search, found = searcher(data), []
    for part, side, draws in _parts(data):
        matches = search(side.features)
        for row, (score, neighbour, flipped) in enumerate(zip(*matches.columns(), strict=True)):
            case, near = str(side.ids[row]), str(corpus.ids[neighbour])
            found.append(Suspect(case, draws[row], part, near, score, level, flipped, case == near))
    found.sort(key=lambda each: (-each.score, each.part, each.case_id, each.draw))
    first: dict[str, Suspect] = {}
    for each in found:
        first.setdefault(each.neighbour, each)
    return list(first.values())[:count]


def write_gallery(path: Path, data: MetricInput) -> None:
    """Note the most suspicious images of a run: ids and numbers, no pixels. Local, never part of a record."""
    write_json(path, [each.as_dict() for each in suspects(data)])


def read_gallery(path: Path) -> list[Suspect]:
    """What `write_gallery` noted; empty where nothing was."""
    return [Suspect(**each) for each in json.loads(path.read_text("utf-8"))] if path.exists() else []


def _parts(data: MetricInput) -> Iterator[tuple[str, Side, list[int]]]:
    """(name, images, draw of each image)."""
    yield "generated", data.generated, [0] * len(data.generated)
    if data.probes is not None:
        yield "probes", data.probes.images, data.probes.draw.tolist()
