"""Training of the embedded generator, a few steps a stage: it ends in a pipeline that draws, and survives a kill."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.generators.embedded_training.plan import Plan
from model_adapters.generators.embedded_training.probe import auroc

TINY = Plan(
    patients=5,
    width=8,
    text_width=16,
    text_layers=1,
    channels=(16, 16, 32),
    autoencoder_steps=3,
    autoencoder_batch=4,
    refine_steps=2,
    text_steps=2,
    text_batch=4,
    diffusion_steps=3,
    diffusion_batch=4,
    polish_steps=2,
)
FILES = (
    "unet/diffusion_pytorch_model.safetensors",
    "vae/diffusion_pytorch_model.safetensors",
    "text_encoder/model.safetensors",
)


def run(plan: Plan, folder: Path, workers: int = 1) -> list[str]:
    from model_adapters.generators.embedded_training.stages import train

    lines: list[str] = []
    train(plan, folder, lines.append, workers)
    return [sha256_file(folder / "pipeline" / name) for name in FILES]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("embedded")
    return folder, run(TINY, folder)


def test_a_finished_run_draws(trained: tuple[Path, list[str]]) -> None:
    from model_adapters.generators.embedded import build
    from model_adapters.protocols import BuildContext, GenerationRequest

    generator = build(BuildContext(weights=trained[0] / "pipeline", options={"steps": 2}))
    assert generator.card.source == "own weights"
    assert generator.generate([GenerationRequest("a", "AP view. Edema.", 1)])[0].shape == (128, 128)
    assert json.loads((trained[0] / "training.json").read_text("utf-8"))["studies"] > 0


def test_a_killed_run_ends_in_the_same_weights(trained: tuple[Path, list[str]], tmp_path: Path) -> None:
    """Killed after step 2 of the diffusion and after step 1 of the autoencoder; and with other numbers of workers."""
    from model_adapters.generators.embedded_training import loop

    real_save, real_update = loop.Trainer.save, loop.Trainer._update
    for stage, at in (("autoencoder", 1), ("diffusion", 2)):

        def step_then_die(self: loop.Trainer, rate: float, stage: str = stage, at: int = at) -> None:
            real_update(self, rate)
            if self.name == stage and self.step + 1 == at:
                self.step += 1
                real_save(self)
                raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop.Trainer, "_update", step_then_die)
            with pytest.raises(KeyboardInterrupt):
                run(TINY, tmp_path, workers=2)
    assert run(TINY, tmp_path, workers=2) == trained[1]


def test_state_of_other_settings_is_refused(trained: tuple[Path, list[str]]) -> None:
    with pytest.raises(UserError, match="other settings"):
        run(replace(TINY, seed=1), trained[0])


def test_auroc_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 200).astype(np.uint8)
    scores = np.round(rng.normal(size=200) + truth, 1)
    assert auroc(scores, truth) == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
