"""Every choice that shapes the weights, in one place."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from data_splits.integrity import content_hash

FIRST_TRAINING_SEED = 100_000
"""Seeds from here on train, seeds below 1,000 evaluate; the seeds between are left alone."""

CHUNK = 60
"""Questions per task and generator seed."""


def _chunks() -> dict[str, int]:
    return {
        "food": 1,
        "sightseeing": 1,
        "codeu": 1,
        "plot_code": 1,
        "analogy": 1,
        "3d_scene": 16,
        "image_jigsaw": 1,
        "count": 16,
        "attribute": 12,
        "visual_chain": 1,
        "arxiv": 1,
    }


def _thumbnails() -> dict[str, int]:
    return {"analogy": 60, "image_jigsaw": 20}


def _evidence() -> dict[str, int]:
    return {"analogy": 100}


def _shares() -> dict[str, float]:
    return {
        "food": 0.1,
        "sightseeing": 0.1,
        "codeu": 0.1,
        "plot_code": 0.1,
        "analogy": 0.2,
        "3d_scene": 2.0,
        "image_jigsaw": 0.1,
        "count": 3.0,
        "attribute": 2.0,
        "visual_chain": 0.1,
        "arxiv": 0.05,
        "chest_pair": 1.0,
    }


def _spoken() -> dict[str, float]:
    return {
        "food": 0.5,
        "sightseeing": 0.5,
        "codeu": 0.5,
        "plot_code": 0.5,
        "analogy": 1.0,
        "3d_scene": 1.5,
        "image_jigsaw": 0.8,
        "count": 1.5,
        "attribute": 1.0,
        "visual_chain": 0.3,
        "arxiv": 0.1,
        "chest_pair": 0.5,
    }


@dataclass(frozen=True)
class Plan:
    """Hyper-parameters of a training run; the defaults made the weights that ship with the package."""

    # items
    chunks: dict[str, int] = field(default_factory=_chunks)  # generator seeds of a task, 60 questions each
    shares: dict[str, float] = field(default_factory=_shares)  # how often a task is drawn, perception
    chest_pairs: int = 600  # questions about pairs of real radiographs, where their folder is given
    mixed: float = 0.5  # of the draws of three tasks, put together from images of several questions
    seed: int = 0
    # perception
    width: int = 192
    blocks: int = 2
    layers: int = 3
    perception_batch: int = 32
    perception_lr: float = 1e-3
    perception_steps: int = 2000
    # comparing
    thumbnails: dict[str, int] = field(default_factory=_thumbnails)  # generator seeds of a task with small images
    evidence: dict[str, int] = field(default_factory=_evidence)  # the same, without images
    analogies: int = 24  # questions of a step
    jigsaws: int = 8
    comparing_lr: float = 2e-3
    comparing_steps: int = 1000
    # language
    spoken: dict[str, float] = field(default_factory=_spoken)  # how often a task is drawn, language
    rank: int = 8
    alpha: int = 16
    language_batch: int = 12
    language_lr: float = 1e-3
    language_steps: int = 48
    ema: float = 0.95

    def fingerprint(self, stage: str) -> str:
        """sha256 of what shapes a stage's result: its state is resumed only by a plan that agrees on that.

        Step counts are left out, so a run can be made longer; its weights are then those of the learning rates that
        were really used.
        """
        names = [name for name in asdict(self) if not name.endswith("_steps")]
        last = {"comparing": "comparing_lr", "perception": "perception_lr"}.get(stage, names[-1])
        names = names[: names.index(last) + 1]
        return content_hash({name: getattr(self, name) for name in names})
