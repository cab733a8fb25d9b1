"""The training loop with a network small enough to follow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from model_adapters.predictors import training
from model_adapters.predictors.training import PUBLISHED, Examples, Recipe, train


class Mean(torch.nn.Module):
    """One logit: the mean pixel times a weight, plus a bias."""

    def __init__(self) -> None:
        super().__init__()
        self.last = torch.nn.Linear(1, 1)
        torch.nn.init.zeros_(self.last.weight)
        torch.nn.init.zeros_(self.last.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(x.mean((1, 2, 3))[:, None])


def examples(n: int = 20) -> Examples:
    bright = np.arange(n) % 2 == 0
    pixels = np.where(bright[:, None, None], 220, 30).astype(np.uint8) * np.ones((1, 8, 8), np.uint8)
    return Examples(pixels, bright[:, None].astype(np.float32), np.ones(n, np.float32))


RECIPE = Recipe(epochs=6, batch=8, rate=0.1, patience=1)


def trained(recipe: Recipe = RECIPE, checkpoint: Path | None = None, key: str = "k") -> np.ndarray:
    network = Mean()
    train(network, examples(), examples(10), recipe, 3, "cpu", checkpoint, key)
    return np.array([network.last.weight.item(), network.last.bias.item()])


def test_it_learns() -> None:
    network = Mean()
    before = training.evaluate(network, examples(), "cpu")
    train(network, examples(), examples(10), RECIPE, 3, "cpu")
    assert training.evaluate(network, examples(), "cpu") < 0.5 * before == pytest.approx(0.5 * np.log(2))


def test_the_epoch_of_least_validation_loss_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([3.0, 2.0, 1.0, 5.0, 6.0, 7.0])
    monkeypatch.setattr(training, "evaluate", lambda *_: next(losses))
    best = trained()
    losses = iter([3.0, 2.0, 1.0])
    assert np.array_equal(trained(Recipe(epochs=3, batch=8, rate=0.1, patience=1)), best)


def test_without_validation_the_last_epoch_is_kept() -> None:
    empty = Examples(np.zeros((0, 8, 8), np.uint8), np.zeros((0, 1), np.float32), np.zeros(0, np.float32))
    one, two = Mean(), Mean()
    train(one, examples(), empty, RECIPE, 3, "cpu")
    train(two, examples(), empty, Recipe(epochs=3, batch=8, rate=0.1), 3, "cpu")
    assert one.last.weight.item() > two.last.weight.item()


def test_the_rate_is_cut_after_epochs_without_progress_also_across_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Losses that never fall: after patience + 1 epochs the steps shrink to a tenth; so they do in a resumed run."""
    monkeypatch.setattr(training, "evaluate", lambda *_: 1.0)
    rates: list[float] = []
    write = training._State.write

    def noted(state, done, best) -> None:
        rates.append(state.optimizer.param_groups[0]["lr"])
        write(state, done, best)
        if len(rates) == 4 and tmp_path / "killed" == state.path.parent:
            raise KeyboardInterrupt

    monkeypatch.setattr(training._State, "write", noted)
    trained(checkpoint=tmp_path / "whole")
    whole, rates[:] = list(rates), []
    assert whole == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    with pytest.raises(KeyboardInterrupt):
        trained(checkpoint=tmp_path / "killed")
    trained(checkpoint=tmp_path / "killed")
    assert rates == pytest.approx(whole)


def test_a_damaged_or_foreign_checkpoint_is_ignored(tmp_path: Path) -> None:
    fresh = trained()
    trained(Recipe(epochs=2, batch=8, rate=0.1), tmp_path, "other")
    assert np.array_equal(trained(checkpoint=tmp_path), fresh)
    (tmp_path / training.CHECKPOINT).write_bytes(b"torn")
    assert np.array_equal(trained(checkpoint=tmp_path), fresh)


def test_batches_follow_from_seed_and_epoch_and_hold_every_image_once() -> None:
    def rows(seed: int, epoch: int) -> list[int]:
        return np.concatenate([rows for rows, _ in training._batches(17, RECIPE, seed, epoch)]).tolist()

    assert len(set(rows(0, 0))) == 16, "a last batch of one image is left out"
    assert rows(0, 0) == rows(0, 0) != rows(0, 1) and rows(0, 0) != rows(1, 0)
    assert PUBLISHED.augmentation.flip
