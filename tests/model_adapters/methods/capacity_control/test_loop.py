from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDPMScheduler

from data_splits.errors import UserError
from model_adapters.methods.capacity_control.adapting import adapt
from model_adapters.methods.capacity_control.base import Base, locate_base
from model_adapters.methods.capacity_control.batches import Batch, Batches
from model_adapters.methods.capacity_control.blocks import Allowed
from model_adapters.methods.capacity_control.cases import Latents, Texts, choose
from model_adapters.methods.capacity_control.loop import Loop
from model_adapters.methods.capacity_control.process import Level, Process
from model_adapters.methods.capacity_control.settings import INPUTS, read_settings
from model_adapters.methods.run import read_inputs


class Made:
    """A loop over four phantoms on the tiny checkpoint."""

    def __init__(self, base: Path, folder: Path, family: str = "bias", *, weights: Any = None, **given: Any) -> None:
        asked = {"base": str(base), "split": "phantom", "peft": family, "batch": 4, "learning_rate": 1e-2, **given}
        settings = read_settings(read_inputs(asked, INPUTS, "capacity-control"), "cpu")
        self.base = Base(locate_base(str(base)), "cpu")
        chosen = choose("phantom", "seed=1,train=4,test=1,size=64", "train", 0, 4)
        self.adapted = adapt(self.base.network, family, Allowed((), None, False), 4, 0)
        if settings.checkpointing:
            self.base.network.enable_gradient_checkpointing()
        self.process = Process(self.base.pipe.scheduler)
        self.prompts = [case.prompt or "" for case in chosen.cases]
        self.batches = Batches(self.prompts, (4, 8, 8), self.process, 4, 3, settings.prompt_dropout)
        self.latents, self.texts = Latents(chosen, self.base, folder / "latents"), Texts(self.base)
        self.loop = Loop(
            self.base, self.adapted, settings, self.batches, self.latents, self.texts, self.process,
            folder / "state.safetensors", weights,
        )  # fmt: skip
        self.saves: list[int] = []

    def run(self) -> dict[str, torch.Tensor]:
        self.loop.run(lambda done, total: self.saves.append(done))
        return {name: each.detach().clone() for name, each in self.adapted.parameters.items()}


def test_the_loss_is_the_mean_square_error_of_the_noise_as_diffusers_would_train_it(
    tiny_sd: Path, tmp_path: Path
) -> None:
    made = Made(tiny_sd, tmp_path, steps=1, prompt_dropout=0.0)
    batch = made.batches(0)
    theirs = DDPMScheduler.from_config(made.base.pipe.scheduler.config)
    noisy = theirs.add_noise(made.latents(batch.rows), batch.noise, batch.level.time)
    states, _ = made.base.pipe.encode_prompt([made.prompts[row] for row in batch.rows], "cpu", 1, False)
    with torch.no_grad():
        wanted = (made.base.network(noisy, batch.level.time, states).sample - batch.noise).square().mean()
    made.run()
    assert made.loop.state.curve[0][1] == pytest.approx(float(wanted), rel=1e-5)


@pytest.mark.parametrize("family", ["full", "svdiff"])
def test_training_lowers_the_loss_of_a_batch_it_sees_again(family: str, tiny_sd: Path, tmp_path: Path) -> None:
    made = Made(tiny_sd, tmp_path, family, steps=25, prompt_dropout=0.0)
    one = made.batches(0)
    made.loop.batches = lambda step: one  # type: ignore[assignment]
    made.run()
    assert made.loop.state.curve[-1][1] < 0.97 * made.loop.state.curve[0][1]


def test_only_adapted_parameters_move(tiny_sd: Path, tmp_path: Path) -> None:
    made = Made(tiny_sd, tmp_path, "bias", steps=2)
    before = {name: each.detach().clone() for name, each in made.base.network.named_parameters()}
    made.run()
    moved = {name for name, each in made.base.network.named_parameters() if not torch.equal(each, before[name])}
    assert moved and moved <= set(made.adapted.parameters)


@pytest.mark.parametrize("more", [{"accumulate": 2}, {"accumulate": 4}, {"checkpointing": True}])
def test_saving_memory_changes_no_more_than_the_last_digits(
    more: dict[str, Any], tiny_sd: Path, tmp_path: Path
) -> None:
    settings = {"steps": 2, "learning_rate": 1e-4, "noise_threshold": "p70"}
    whole = Made(tiny_sd, tmp_path / "a", **settings)
    parts = Made(tiny_sd, tmp_path / "b", **settings, **more)
    one, two = whole.run(), parts.run()
    assert whole.loop.state.curve[0][1] == pytest.approx(parts.loop.state.curve[0][1], rel=1e-5)
    assert [row[2] for row in whole.loop.state.curve] == [row[2] for row in parts.loop.state.curve] == [3.0, 3.0]
    drift = max(float((one[name] - two[name]).abs().max()) for name in one)
    assert drift < 2e-4  # two steps of AdamW at 1e-4: a gradient of nearly zero may change sign


def test_a_stopped_run_goes_on_bit_for_bit(tiny_sd: Path, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"steps": 5, "ema": 0.9, "save_every": 2, "noise_threshold": "p60"}
    whole = Made(tiny_sd, tmp_path / "whole", "lora", **settings)
    wanted = whole.run()
    cut = Made(tiny_sd, tmp_path / "cut", "lora", **settings)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut.loop.run(stop)
    torch.manual_seed(5)
    resumed = Made(tiny_sd, tmp_path / "cut", "lora", **settings)
    assert resumed.loop.state.step == 2
    found = resumed.run()
    assert resumed.saves == [4, 5] and whole.saves == [2, 4, 5]
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    one, two = whole.loop.state, resumed.loop.state
    assert all(torch.equal(one.average[name], two.average[name]) for name in wanted)
    assert [row[:4] for row in one.curve] == [row[:4] for row in two.curve]


def test_a_threshold_teaches_with_the_samples_below_it_alone(tiny_sd: Path, tmp_path: Path) -> None:
    measured = Made(tiny_sd, tmp_path / "a", steps=1, prompt_dropout=0.0, noise_threshold="p50")
    batch = measured.batches(0)
    keep, mean = measured.loop._kept(batch, measured.latents(batch.rows), [slice(0, 4)])
    assert keep.sum() == 2 and mean > 0
    kept = measured.run()
    # the same step on a batch of the two samples that were kept
    alone = Made(tiny_sd, tmp_path / "b", steps=1, prompt_dropout=0.0, batch=2)
    from model_adapters.methods.capacity_control.batches import Batch
    from model_adapters.methods.capacity_control.process import Level

    rows = keep.nonzero()[:, 0].tolist()
    level = Level(batch.level.time[rows], batch.level.alpha[rows], batch.level.sigma[rows])
    part = Batch(
        tuple(batch.rows[row] for row in rows), tuple(batch.prompts[row] for row in rows), batch.noise[rows], level
    )
    alone.loop.batches = lambda step: part  # type: ignore[assignment]
    wanted = alone.run()
    assert alone.loop.state.curve[0][1] == pytest.approx(measured.loop.state.curve[0][1], rel=1e-5)
    assert max(float((kept[n] - wanted[n]).abs().max()) for n in kept) < 2.1e-2  # at most a sign of the first step
    same = sum(bool(torch.allclose(kept[n], wanted[n], atol=1e-5)) for n in kept)
    assert same > 0.9 * len(kept)


def test_a_batch_that_is_dropped_whole_changes_nothing(tiny_sd: Path, tmp_path: Path) -> None:
    made = Made(tiny_sd, tmp_path, steps=2, noise_threshold=1e-6, prompt_dropout=0.0)
    before = {name: each.detach().clone() for name, each in made.adapted.parameters.items()}
    after = made.run()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert [row[2] for row in made.loop.state.curve] == [0.0, 0.0] and made.loop.state.step == 2


def test_the_average_is_kept_where_it_is_asked_for(tiny_sd: Path, tmp_path: Path) -> None:
    made = Made(tiny_sd, tmp_path, steps=3, ema=0.5)
    trained = made.run()
    made.loop.use_average()
    name = next(iter(trained))
    assert torch.equal(made.adapted.parameters[name], made.loop.state.average[name])
    assert any(not torch.equal(made.adapted.parameters[name], trained[name]) for name in trained)


def test_rates_warm_up_and_the_fixed_ones_stay(tiny_sd: Path, tmp_path: Path) -> None:
    made = Made(tiny_sd, tmp_path, "svdiff", steps=3, warmup=2, learning_rate=0.5)
    groups = {group["fixed"]: group for group in made.loop.optimizer.param_groups}
    assert set(groups) == {0.0, 1e-6}
    made.run()
    assert [row[4] for row in made.loop.state.curve] == [0.25, 0.5, 0.5]
    assert groups[0.0]["lr"] == 0.5 and groups[1e-6]["lr"] == pytest.approx(1e-6)


def test_scales_are_not_pulled_to_zero(tiny_sd: Path, tmp_path: Path) -> None:
    made = Made(tiny_sd, tmp_path, "ssf", steps=1)
    decay = {id(p): group["weight_decay"] for group in made.loop.optimizer.param_groups for p in group["params"]}
    for name, each in made.adapted.parameters.items():
        assert (decay[id(each)] == 0.0) == name.endswith(".gamma")


def test_half_precision_trains_too(tiny_sd: Path, tmp_path: Path) -> None:
    half = Made(tiny_sd, tmp_path / "half", steps=1, precision="bfloat16", prompt_dropout=0.0)
    single = Made(tiny_sd, tmp_path / "single", steps=1, prompt_dropout=0.0)
    half.run(), single.run()
    one, two = half.loop.state.curve[0][1], single.loop.state.curve[0][1]
    assert one != two and one == pytest.approx(two, rel=0.05)
    assert all(each.dtype == torch.float32 for each in half.adapted.parameters.values())


@pytest.mark.parametrize(("more", "what"), [({}, "loss of step 1 is nan"), ({"noise_threshold": "p90"}, "noise norm")])
def test_what_is_no_number_is_told(more: dict[str, Any], what: str, tiny_sd: Path, tmp_path: Path) -> None:
    made = Made(tiny_sd, tmp_path, "full", steps=9, **more)
    with torch.no_grad():
        next(iter(made.adapted.parameters.values())).fill_(float("nan"))
    with pytest.raises(UserError, match=rf"{what}.*\. Choose a smaller learning_rate"):
        made.run()


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_case_counts_by_its_weight(accumulate: int, tiny_sd: Path, tmp_path: Path) -> None:
    heavy = Made(
        tiny_sd, tmp_path / "heavy", steps=1, prompt_dropout=0.0, weights=[4.0, 0.0, 0.0, 0.0], accumulate=accumulate
    )
    # the same step in which every sample is that of the one case that counts
    alone = Made(tiny_sd, tmp_path / "alone", steps=1, prompt_dropout=0.0)
    batch = heavy.batches(0)
    place = batch.rows.index(0)
    alone.loop.batches = lambda step: Batch(  # type: ignore[assignment]
        (0,) * 4, (batch.prompts[place],) * 4, batch.noise[[place] * 4],
        Level(batch.level.time[[place] * 4], batch.level.alpha[[place] * 4], batch.level.sigma[[place] * 4]),
    )  # fmt: skip
    one, two = heavy.run(), alone.run()
    assert heavy.loop.state.curve[0][1] == pytest.approx(alone.loop.state.curve[0][1], rel=1e-5)
    assert all(torch.allclose(one[name], two[name], atol=1e-6) for name in one)
    even = Made(tiny_sd, tmp_path / "even", steps=1, prompt_dropout=0.0, weights=[1.0] * 4)
    plain = Made(tiny_sd, tmp_path / "plain", steps=1, prompt_dropout=0.0)
    same = plain.run()
    assert all(torch.equal(each, same[name]) for name, each in even.run().items())
    assert not all(torch.allclose(each, same[name], atol=1e-6) for name, each in one.items())
