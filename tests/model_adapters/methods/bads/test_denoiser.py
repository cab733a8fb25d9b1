from pathlib import Path

import pytest
import torch

from data_splits.errors import UserError
from model_adapters.methods.bads.denoiser import FIRST, LAST, Denoiser, Draws
from model_adapters.methods.capacity_control.base import Base, locate_base
from model_adapters.methods.capacity_control.cases import Texts

SHAPE = (4, 8, 8)


@pytest.fixture
def base(tiny_sd: Path) -> Base:
    return Base(locate_base(str(tiny_sd)), "cpu")


def test_a_draw_follows_from_seed_case_and_number_alone_and_times_are_spread(base: Base) -> None:
    denoiser = Denoiser(base, "bias", 0)
    draws = Draws(denoiser.process, SHAPE, 5, 3)
    torch.manual_seed(1)
    noise, level = draws(["a", "b", "a"], [0, 1, 4])
    alone, time = draws(["a"], [4])
    assert torch.equal(noise[2:], alone) and torch.equal(level.time[2:], time.time)
    assert not torch.equal(noise[0], noise[2])
    assert not torch.equal(Draws(denoiser.process, SHAPE, 5, 4)(["a"], [4])[0], alone)
    _, levels = draws(["a"] * 5, list(range(5)))
    share = (levels.time / denoiser.process.steps - FIRST) / (LAST - FIRST) * 5
    assert share.floor().tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("family", ["bias", "attention", "lora"])
def test_a_change_moves_the_prediction_and_settling_it_makes_it_the_network(base: Base, family: str) -> None:
    denoiser, texts = Denoiser(base, family, 0), Texts(base)
    rng = torch.Generator().manual_seed(0)
    clean = torch.randn((2, *SHAPE), generator=rng)
    noise, level = Draws(denoiser.process, SHAPE, 2, 0)(["a", "b"], [0, 1])
    told = texts(["no finding", "pleural effusion"])
    plain = denoiser.errors(None, clean, told, noise, level)
    wanted = denoiser.process.target(clean, noise, level)
    by_hand = base.predict(denoiser.process.noisy(clean, noise, level), level.time, told) - wanted
    assert torch.allclose(plain, by_hand.square().flatten(1).mean(1), rtol=1e-5)
    assert torch.allclose(denoiser.errors(denoiser.start(), clean, told, noise, level), plain, rtol=1e-6)
    change = {name: 0.3 * torch.randn(each.shape, generator=rng) for name, each in denoiser.start().items()}
    moved = denoiser.errors(change, clean, told, noise, level)
    assert not torch.allclose(moved, plain, rtol=1e-3)
    assert torch.equal(denoiser.errors(None, clean, told, noise, level), plain)  # the network itself has not moved
    denoiser.settle(change)
    settled = base.predict(denoiser.process.noisy(clean, noise, level), level.time, told) - wanted
    assert torch.allclose(settled.square().flatten(1).mean(1), moved, rtol=1e-4)
    assert not hasattr(base.network, "peft_config")


def test_units_are_the_size_of_what_is_changed(base: Base) -> None:
    denoiser = Denoiser(base, "attention", 0)
    name = next(name for name in denoiser.units if name.endswith("to_q.weight"))
    assert denoiser.units[name] == pytest.approx(float(denoiser.adapted.parameters[name].square().mean().sqrt()))
    assert min(denoiser.units.values()) >= 1e-3
    lora = Denoiser(base, "lora", 0).units
    assert {lora[name] for name in lora if "lora_B" in name} <= {lora[name] for name in lora if "lora_A" in name}


def test_a_family_that_selects_no_parameters_is_refused(base: Base) -> None:
    with pytest.raises(UserError, match=r"peft is svdiff; .* attention, bias or lora"):
        Denoiser(base, "svdiff", 0)
