"""Every choice that shapes the weights, in one place."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from data_splits.integrity import content_hash

FIRST_TRAINING_SEED = 100_000
"""Seeds from here on train, seeds below 1,000 evaluate; the seeds between are left alone."""

CHUNK = 50
"""Questions per task and generator seed."""


def _shares() -> dict[str, float]:
    return {
        "count": 3.0,
        "attribute": 3.0,
        "sightseeing": 2.0,
        "3d_scene": 2.0,
        "image_jigsaw": 2.0,
        "analogy": 2.0,
        "food": 1.0,
        "visual_chain": 1.0,
        "plot_code": 0.5,
        "codeu": 0.25,
        "arxiv": 0.25,
        "chest_pair": 1.0,
    }


@dataclass(frozen=True)
class Plan:
    """Hyper-parameters of a training run; the defaults made the weights that ship with the package."""

    # items
    chunks: int = 20  # generator seeds per task and unit of share
    shares: dict[str, float] = field(default_factory=_shares)  # how often a task is drawn
    # perception
    seed: int = 0
    width: int = 128
    blocks: int = 2
    reader_width: int = 192
    reader_layers: int = 3
    perception_batch: int = 32
    perception_lr: float = 1e-3
    perception_steps: int = 1500
    # language
    rank: int = 8
    alpha: int = 16
    language_batch: int = 12
    language_lr: float = 1e-3
    language_steps: int = 1500
    reader_share: float = 0.3  # weight of the reader's loss, which keeps running beside the language model

    def fingerprint(self, stage: str) -> str:
        """sha256 of what shapes a stage's result: its state is resumed only by a plan that agrees on that.

        Step counts are left out, so a run can be made longer; its weights are then those of the learning rates that
        were really used.
        """
        names = [name for name in asdict(self) if not name.endswith("_steps")]
        last = {"items": "chunks", "perception": "perception_lr"}.get(stage, names[-1])
        names = names[: names.index(last) + 1]
        return content_hash({name: getattr(self, name) for name in names})

    def chunks_of(self, task: str) -> int:
        """How many generator seeds of a task are used: more where it is drawn more often."""
        return max(1, round(self.chunks * min(1.0, self.shares[task] / 2.0)))
