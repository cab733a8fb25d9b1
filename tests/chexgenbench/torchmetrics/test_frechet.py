"""FrechetDistance against torchmetrics' own class, the estimator, and itself in pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance

from chexgenbench.torchmetrics.frechet import FrechetDistance
from leaderboards.statistics.frechet import frechet


class Flatten(nn.Module):
    """Stands for a network: images [n, 1, 4, 6] to 24 features."""

    num_features = 24

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1)


def images(seed: int, count: int, shift: float = 0.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(24, 24, generator=torch.Generator().manual_seed(9))
    return (torch.randn(count, 24, generator=generator) @ mixing + shift).reshape(count, 1, 4, 6)


REAL, GENERATED = images(0, 200), images(1, 150, shift=0.5)


def filled(metric: FrechetDistance, real: torch.Tensor = REAL, generated: torch.Tensor = GENERATED) -> FrechetDistance:
    metric.update(real, real=True)
    metric.update(generated, real=False)
    return metric


def test_agrees_with_torchmetrics_and_with_the_estimator() -> None:
    theirs = FrechetInceptionDistance(feature=Flatten())
    theirs.update(REAL, real=True)
    theirs.update(GENERATED, real=False)
    ours = filled(FrechetDistance(Flatten())).compute().item()
    assert ours == pytest.approx(theirs.compute().item(), rel=1e-6)
    zeros = np.zeros(200, np.int64)
    arrays = {"reference": REAL.flatten(1).numpy(), "generated": GENERATED.flatten(1).numpy()}
    estimate = frechet({**arrays, "reference_block": zeros, "generated_block": zeros[:150]})
    assert ours == pytest.approx(estimate.value, rel=1e-12)


def test_below_full_rank_it_equals_the_estimator() -> None:
    few_real, few = REAL[:12], GENERATED[:9]
    ours = filled(FrechetDistance(num_features=24), few_real.flatten(1), few.flatten(1)).compute().item()
    arrays = {"reference": few_real.flatten(1).numpy(), "generated": few.flatten(1).numpy()}
    blocks = {"reference_block": np.zeros(12, np.int64), "generated_block": np.zeros(9, np.int64)}
    assert ours == pytest.approx(frechet({**arrays, **blocks}).value, rel=1e-9)


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_any_batch_size_gives_the_same_value(batch: int) -> None:
    metric = FrechetDistance(Flatten())
    for part in REAL.split(batch):
        metric.update(part, real=True)
    for part in GENERATED.split(batch):
        metric.update(part, real=False)
    assert metric.compute().item() == pytest.approx(filled(FrechetDistance(Flatten())).compute().item(), rel=1e-12)


def test_states_of_two_instances_add_up_to_one() -> None:
    left = filled(FrechetDistance(Flatten()), REAL[:80], GENERATED[:100])
    right = filled(FrechetDistance(Flatten()), REAL[80:], GENERATED[100:])
    whole = filled(FrechetDistance(Flatten()))
    left.merge_state(right)
    for name in ("real_count", "real_sum", "real_outer", "generated_count", "generated_sum", "generated_outer"):
        torch.testing.assert_close(getattr(left, name), getattr(whole, name), rtol=1e-12, atol=1e-9)
    assert left.compute().item() == pytest.approx(whole.compute().item(), rel=1e-10)


@pytest.mark.slow
def test_two_processes_see_what_one_sees(tmp_path: Path) -> None:
    torch.multiprocessing.spawn(_process, args=(str(tmp_path),), nprocs=2)
    whole = filled(FrechetDistance(Flatten())).compute().item()
    values = [float((tmp_path / f"{rank}.txt").read_text()) for rank in range(2)]
    assert values[0] == values[1] == pytest.approx(whole, rel=1e-10)


def _process(rank: int, folder: str) -> None:
    torch.distributed.init_process_group("gloo", f"file://{folder}/store", rank=rank, world_size=2)
    metric = filled(FrechetDistance(Flatten()), REAL[rank::2], GENERATED[:30] if rank else GENERATED[30:])
    (Path(folder) / f"{rank}.txt").write_text(repr(metric.compute().item()))
    torch.distributed.destroy_process_group()


def test_training_mode_of_the_surrounding_model_does_not_reach_the_feature_network() -> None:
    metric = FrechetDistance(Flatten())
    nn.ModuleList([metric]).train()
    assert metric.training
    assert metric.feature is not None and not metric.feature.training


@pytest.mark.filterwarnings("ignore:The ``compute`` method")
def test_reset_keeps_the_real_side_where_asked() -> None:
    keeping = filled(FrechetDistance(Flatten(), reset_real_features=False))
    first = keeping.compute().item()
    keeping.reset()
    assert keeping.generated_count == 0
    keeping.update(GENERATED, real=False)
    assert keeping.compute().item() == first
    forgetting = filled(FrechetDistance(Flatten()))
    forgetting.reset()
    assert forgetting.real_count == 0
    with pytest.raises(ValueError, match="at least 2"):
        forgetting.compute()


def test_bad_features_are_refused() -> None:
    metric = FrechetDistance(num_features=24)
    with pytest.raises(ValueError, match="NaN"):
        metric.update(torch.full((3, 24), float("nan")), real=True)
    with pytest.raises(ValueError, match=r"\[n, 24\]"):
        metric.update(torch.zeros(3, 23), real=True)
    with pytest.raises(ValueError, match="num_features"):
        FrechetDistance(nn.Identity())
    assert metric.real_count == 0
