"""Images and prompts in one space, and which prompts are wrong for an image: what the alignment metrics share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import MetricInput, Side
from chexgenbench.prompt_head import PromptHead, unit
from data_splits.case import Case
from data_splits.integrity import content_hash

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@dataclass(frozen=True)
class Matched:
    """Unit vectors of the generated images and of their prompts.

    Attributes:
        images, texts: float64[n, d]. head: the map that was needed, or None for a joint image-text model.
    """

    images: Float
    texts: Float
    head: PromptHead | None

    @property
    def own(self) -> Float:
        """Cosine of each image and its own prompt, float64[n]."""
        return np.einsum("nd,nd->n", self.images, self.texts)

    def facts(self) -> dict[str, float | str]:
        """How the space came about, for the record."""
        if self.head is None:
            return {"space": "joint"}
        return {"space": "head", "penalty": self.head.penalty, "head_cosine": self.head.cosine}


def matched(data: MetricInput) -> Matched | str:
    """Images and prompts of the generated side in one space, or the reason why there is none.

    A joint image-text model's features are taken as they are. Otherwise a head from image feature to prompt embedding
    is fitted on the real training images once a run.
    """
    if data.texts is None or not len(data.generated):
        return "no prompts"
    texts = data.texts.of(data.generated)
    if data.texts.joint:
        return Matched(unit(data.generated.features.astype(np.float64)), unit(texts.astype(np.float64)), None)
    head = _head(data)
    if isinstance(head, str):
        return head
    return Matched(head.directions(data.generated.features), head.targets(texts), head)


def _head(data: MetricInput) -> PromptHead | str:
    train, texts = data.train, data.texts
    if train is None or not len(train) or texts is None:
        return "no real training images to fit the map from image to prompt on"
    key = f"prompt head/{data.encoder}/{texts.encoder}/{content_hash(train.ids.tolist())}"
    if key not in data.shared:
        data.shared[key] = PromptHead.fit(train.features, texts.of(train), train.patients)
    found: PromptHead | str = data.shared[key]
    return found


def finding_codes(cases: Sequence[Case]) -> Int:
    """A number for each set of positive findings; where a case has no labels, for its prompt's text."""

    def key(case: Case) -> tuple[str, ...]:
        if not case.labels:
            return ("prompt", case.prompt or "")
        return ("labels", *sorted(name for name, value in case.labels.items() if value == 1))

    return _numbered([key(case) for case in cases])


def prompt_codes(cases: Sequence[Case]) -> Int:
    """A number for each distinct prompt."""
    return _numbered([(case.prompt or "",) for case in cases])


def view_codes(cases: Sequence[Case]) -> Int:
    """A number for each view; unknown is one of them."""
    return _numbered([(case.view or "",) for case in cases])


def _numbered(keys: Sequence[tuple[str, ...]]) -> Int:
    place = {key: code for code, key in enumerate(sorted(set(keys)))}
    return np.array([place[key] for key in keys], np.int64)


def deranged(side: Side) -> Int:
    """For each case the row of another one: another patient with other findings and another prompt, or -1.

    Cases stand in a ring in the order of the hash of their ids; the next one that fits is taken. So the choice depends
    on ids alone, and spreads over the cases.
    """
    cases = side.cases
    findings, prompts = finding_codes(cases), prompt_codes(cases)
    ring = np.array(sorted(range(len(cases)), key=lambda row: content_hash(["derangement", cases[row].id])), np.int64)
    chosen = np.full(len(cases), -1, np.int64)
    for place, row in enumerate(ring):
        for step in range(1, len(ring)):
            other = ring[(place + step) % len(ring)]
            if (
                findings[other] != findings[row]
                and prompts[other] != prompts[row]
                and side.patients[other] != side.patients[row]
            ):
                chosen[row] = other
                break
    return chosen
