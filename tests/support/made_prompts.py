"""Made-up radiographs whose features and prompts share findings, for tests of the alignment metrics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chexgenbench.metrics.base import MetricInput, Side, Texts
from data_splits.case import Case

LABELS = ("Edema", "Pneumonia", "Pleural Effusion")
D_IMAGE, D_TEXT = 40, 16


@dataclass(frozen=True)
class World:
    """Cases, the direction that each finding and view has in either space, and how clearly images show them.

    Attributes:
        noise: standard deviation of an image's feature around what its findings say.
    """

    seed: int = 0
    noise: float = 1.0

    def _directions(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(99)  # the same encoders in every world
        return rng.normal(size=(len(LABELS) + 1, D_IMAGE)), rng.normal(size=(len(LABELS) + 1, D_TEXT))

    def cases(self, count: int, prefix: str, per_patient: int = 1) -> tuple[Case, ...]:
        """Cases with independent findings (each in 40 %) and either view."""
        rng = np.random.default_rng([self.seed, sum(map(ord, prefix))])
        made = []
        for row in range(count):
            labels = {name: int(rng.random() < 0.4) for name in LABELS}
            view = "AP" if rng.random() < 0.5 else "PA"
            positive = ", ".join(name for name in LABELS if labels[name]) or "no finding"
            made.append(
                Case(
                    id=f"{prefix}{row:04d}",
                    patient=f"{prefix}p{row // per_patient:04d}",
                    prompt=f"{view} view of case {prefix}{row}: {positive}",
                    labels=labels,
                    view=view,
                )
            )
        return tuple(made)

    def codes(self, cases: tuple[Case, ...]) -> np.ndarray:
        """What a case is: findings and view, float64[n, 4], centred."""
        return np.array([[c.labels.get(name, 0) for name in LABELS] + [c.view == "AP"] for c in cases], float) - 0.5

    def features(self, cases: tuple[Case, ...], shown: np.ndarray | None = None, seed: int = 1) -> np.ndarray:
        """Image features of what is shown (by default what the cases are)."""
        code = self.codes(cases) if shown is None else shown
        rng = np.random.default_rng([self.seed, seed])
        return (code @ self._directions()[0] + self.noise * rng.normal(size=(len(cases), D_IMAGE))).astype(np.float32)

    def embeddings(self, cases: tuple[Case, ...]) -> np.ndarray:
        """Text embeddings: findings and view, a part of its own for each prompt, and a common offset."""
        own = np.stack([np.random.default_rng(list((c.prompt or "").encode())).normal(size=D_TEXT) for c in cases])
        return (self.codes(cases) @ self._directions()[1] + 0.3 * own + 2.0).astype(np.float32)

    def side(self, cases: tuple[Case, ...], features: np.ndarray, source: str | None = "enc.part") -> Side:
        return Side(
            np.ascontiguousarray(features, np.float32),
            np.array([case.patient for case in cases], np.str_),
            np.array([case.id for case in cases], np.str_),
            np.arange(len(cases), dtype=np.int64),
            source,
            cases,
        )

    def input(self, generator: str = "real", n: int = 150, train: int = 200, **more: Any) -> MetricInput:
        """A comparison of a generator of this kind, evaluated on n cases.

        generator: "real" shows what was asked for, "shuffled" the right view with the opposite findings, "unrelated"
            the findings and view of other cases, "constant" one image.
        """
        cases, fit = self.cases(n, "t"), self.cases(train, "f")
        code = self.codes(cases)
        if generator == "shuffled":
            shown = np.concatenate([-code[:, :-1], code[:, -1:]], axis=1)
        elif generator == "unrelated":
            shown = np.random.default_rng([self.seed, 5]).permutation(code)
        else:
            shown = code
        drawn = self.features(cases, shown)
        if generator == "constant":
            drawn = np.repeat(drawn[:1], n, axis=0)
        data = MetricInput(
            self.side(cases, drawn),
            self.side(cases, self.features(cases, seed=2), "enc.reference"),
            "enc",
            7,
            train=self.side(fit, self.features(fit, seed=3), "enc.fit"),
            texts=Texts("made-up", False, lambda side: self.embeddings(side.cases)),
        )
        return replace(data, **more)
