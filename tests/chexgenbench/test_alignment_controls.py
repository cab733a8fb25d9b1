"""Control generators on real radiographs and on phantoms: what shows the wrong findings fails, real images pass.

Expected figures on the real images: shared/data/README.md, "What to expect" (alignment row).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from chexgenbench.metrics.base import MetricInput, Side, Texts
from chexgenbench.metrics.registry import find
from chexgenbench.prompt_match import Matched, matched
from data_splits.case import Case
from data_splits.sources import load_split
from data_splits.split import Split
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.registry import estimate
from model_adapters.encoders import ENCODERS, TEXT_ENCODERS
from model_adapters.generators import GENERATORS
from model_adapters.inference.hashing import image_hash
from model_adapters.inference.seeds import derive_seed
from model_adapters.protocols import BuildContext, Encoder, GenerationRequest, Image, TextEncoder

pytestmark = pytest.mark.slow

METRICS = ("alignment", "prompt_choice", "retrieval", "label_consistency")


@dataclass
class Bench:
    """A split with its features; each image and each prompt is encoded once."""

    split: Split
    cases: tuple[Case, ...]
    train: tuple[Case, ...]
    encoder: Encoder = field(default_factory=lambda: ENCODERS.build("lite0", BuildContext()))
    text: TextEncoder = field(default_factory=lambda: TEXT_ENCODERS.build("minilm", BuildContext()))
    known: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    words: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    shared: dict[str, object] = field(default_factory=dict)
    real: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def features(self, images: Sequence[Image]) -> NDArray[np.float32]:
        hashes = [image_hash(image) for image in images]
        fresh = {key: image for key, image in zip(hashes, images, strict=True) if key not in self.known}
        keys, size = list(fresh), self.encoder.compute_batch
        for start in range(0, len(keys), size):
            part = keys[start : start + size]
            rows = [self.encoder.preprocess(fresh[key]) for key in part]
            found = self.encoder.encode(np.stack(rows + [rows[-1]] * (size - len(rows))))
            self.known.update(zip(part, found, strict=False))
        return np.stack([self.known[key] for key in hashes])

    def texts(self, side: Side) -> NDArray[np.float32]:
        prompts = [case.prompt or "" for case in side.cases]
        fresh = sorted(set(prompts) - set(self.words))
        self.words.update(zip(fresh, self.text.encode_text(fresh), strict=True))
        return np.stack([self.words[prompt] for prompt in prompts])

    def side(self, cases: Sequence[Case], images: Sequence[Image] | None, source: str) -> Side:
        if images is None:
            fresh = [case for case in cases if case.id not in self.real]
            if fresh:
                found = self.features([self.split.read_image(case) for case in fresh])
                self.real.update(zip((case.id for case in fresh), found, strict=True))
        return Side(
            self.features(images) if images is not None else np.stack([self.real[case.id] for case in cases]),
            np.array([case.patient for case in cases], np.str_),
            np.array([case.id for case in cases], np.str_),
            np.arange(len(cases)),
            source,
            tuple(cases),
        )

    def input(self, generator: str | None, seed: int = 0) -> MetricInput:
        """What metrics see of a control generator; None is the real image of each case."""
        images = None
        if generator is not None:
            adapter = GENERATORS.build(generator, BuildContext(split=self.split))
            asked = [GenerationRequest(c.id, c.prompt or "", derive_seed(seed, c.id)) for c in self.cases]
            images = adapter.generate(asked)
        return MetricInput(
            self.side(self.cases, images, "lite0.generated"),
            self.side(self.cases, None, "lite0.reference"),
            "lite0",
            7,
            train=self.side(self.train, None, "lite0.fit"),
            texts=Texts("minilm", False, self.texts),
            shared=self.shared,  # type: ignore[arg-type]
        )


def score(name: str, data: MetricInput) -> Estimate:
    metric = find(name)
    assert metric is not None
    measured = metric.measure(data)
    assert measured.reason is None, measured.reason
    return estimate(metric.estimator, measured.arrays, measured.parameters)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def phantom() -> Bench:
    split = load_split("phantom", size=128, train=200, test=90)
    return Bench(split, split.cases("test")[:120], split.cases("train")[:300])


@pytest.fixture(scope="module")
def nih(shared_data: Path) -> Bench:
    split = load_split(f"folder:{shared_data / 'nih' / 'cases.csv'}")
    return Bench(split, split.cases("test"), split.cases("train"))


def check_controls(bench: Bench, seeds: int) -> None:
    """The rule of each metric, for real images, for the right and for the wrong findings, and for one image for all."""
    real = {name: score(name, bench.input(None)) for name in METRICS}
    for name in ("prompt_choice", "label_consistency"):
        assert real[name].low > 0.5, name  # type: ignore[operator]
    assert real["alignment"].low > real["alignment"].extra["mismatched"]  # type: ignore[operator]
    assert real["retrieval"].low > real["retrieval"].extra["chance"]  # type: ignore[operator]
    for seed in range(seeds):
        wrong = {name: score(name, bench.input("label-shuffler", seed)) for name in METRICS}
        assert wrong["prompt_choice"].high < 0.5  # type: ignore[operator]
        assert wrong["label_consistency"].high < 0.5  # type: ignore[operator]
        assert wrong["label_consistency"].extra["generated_minus_real_high"] < 0
        assert wrong["alignment"].high < real["alignment"].low  # type: ignore[operator]
        assert wrong["alignment"].extra["auroc"] < 0.6 < real["alignment"].extra["auroc"]
        assert wrong["retrieval"].high < real["retrieval"].low  # type: ignore[operator]
        assert wrong["retrieval"].low <= wrong["retrieval"].extra["chance"]  # type: ignore[operator]
        right = {name: score(name, bench.input("memoriser", seed)) for name in METRICS}
        assert right["prompt_choice"].low > 0.5  # type: ignore[operator]
        assert right["label_consistency"].low > 0.5  # type: ignore[operator]
        assert right["alignment"].low > right["alignment"].extra["mismatched"]  # type: ignore[operator]
    flat = {name: score(name, bench.input("constant")) for name in METRICS}
    assert flat["prompt_choice"].value == flat["label_consistency"].value == 0.5
    assert flat["prompt_choice"].low is None
    assert flat["retrieval"].value == pytest.approx(flat["retrieval"].extra["chance"], abs=1e-9)
    assert flat["alignment"].high < real["alignment"].low  # type: ignore[operator]


def test_controls_on_phantoms(phantom: Bench) -> None:
    check_controls(phantom, seeds=3)


def test_controls_on_real_radiographs(nih: Bench) -> None:
    check_controls(nih, seeds=20)


def test_expected_figures_on_real_radiographs(nih: Bench) -> None:
    """AUROC 0.81, cosine 0.39 against 0.01, and the right prompt against one of opposite finding in 81 %."""
    data = nih.input(None)
    found = matched(data)
    assert isinstance(found, Matched)
    cosine = found.images @ found.texts.T
    cases = data.generated.cases
    patients, prompts, views = (
        np.array([getattr(case, name) for case in cases]) for name in ("patient", "prompt", "view")
    )
    pneumonia = np.array([case.labels.get("Pneumonia") == 1 for case in cases])
    other = (patients[:, None] != patients) & (prompts[:, None] != prompts)
    from sklearn.metrics import roc_auc_score

    own = np.diag(cosine)
    truth = np.concatenate([np.ones(len(own)), np.zeros(other.sum())])
    assert roc_auc_score(truth, np.concatenate([own, cosine[other]])) == pytest.approx(0.81, abs=0.01)
    assert own.mean() == pytest.approx(0.39, abs=0.015)
    assert cosine[other].mean() == pytest.approx(0.01, abs=0.015)
    opposite = (views[:, None] == views) & (pneumonia[:, None] != pneumonia)
    wins = [(own[row] > cosine[row, opposite[row]]).mean() for row in range(len(own))]
    assert np.mean(wins) == pytest.approx(0.81, abs=0.015)
    assert score("prompt_choice", data).value == pytest.approx(0.84, abs=0.02)
    assert score("label_consistency", data).value == pytest.approx(0.78, abs=0.02)
