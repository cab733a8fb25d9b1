"""The generated images that look most like copies, each with its nearest training image, for a look by eye."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from chexgenbench.lazy_images import GreyImage
from chexgenbench.metrics.base import MetricInput, Side
from chexgenbench.metrics.memorisation.copy_rate import calibrated_threshold, searcher

COUNT = 12


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
    if corpus is None or not len(corpus) or data.encoder != "grey64":
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


def pictures(data: MetricInput, suspect: Suspect, *, show_credentialed: bool = False) -> tuple[GreyImage, GreyImage]:
    """The generated image and its neighbour, as they are: uint8[h, w] each, of different sizes perhaps.

    Raises:
        PermissionError: the split is credentialed and nobody asked for its images by name.
        KeyError: no such image in `data`.
    """
    if not data.share_reference and not show_credentialed:
        raise PermissionError("the images of a credentialed split are not shown unless asked for")
    assert data.corpus is not None
    assert data.corpus.images is not None
    for part, side, draws in _parts(data):
        if part == suspect.part and side.images is not None:
            for row, (case, draw) in enumerate(zip(side.ids.tolist(), draws, strict=True)):
                if (case, draw) == (suspect.case_id, suspect.draw):
                    return side.images[row], data.corpus.images[data.corpus.ids.tolist().index(suspect.neighbour)]
    raise KeyError(f"{suspect.part} {suspect.case_id}, draw {suspect.draw}")


def _parts(data: MetricInput) -> Iterator[tuple[str, Side, list[int]]]:
    """(name, images, draw of each image)."""
    yield "generated", data.generated, [0] * len(data.generated)
    if data.probes is not None:
        yield "probes", data.probes.images, data.probes.draw.tolist()
