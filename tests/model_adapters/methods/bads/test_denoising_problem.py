from pathlib import Path

import pytest
import torch

from model_adapters.methods.bads.denoiser import Denoiser, Draws
from model_adapters.methods.bads.denoising_problem import DenoisingProblem, Prompted
from model_adapters.methods.bads.dynamics import gradient, leaves
from model_adapters.methods.capacity_control.base import Base, locate_base
from model_adapters.methods.capacity_control.cases import Texts

K = 3


@pytest.fixture
def problem(tiny_sd: Path) -> DenoisingProblem:
    base = Base(locate_base(str(tiny_sd)), "cpu")
    denoiser = Denoiser(base, "bias", 0)
    rng = torch.Generator().manual_seed(0)

    def part(name: str, count: int) -> Prompted:
        prompts = [("no finding", "pleural effusion")[row % 2] for row in range(count)]
        clean = torch.randn((count, 4, 8, 8), generator=rng)
        return Prompted(clean, prompts, [f"{name}{row}" for row in range(count)], torch.rand((count, K), generator=rng))

    draws = Draws(denoiser.process, (4, 8, 8), K, 0)
    return DenoisingProblem(denoiser, draws, Texts(base), part("t", 5), part("m", 2), torch.tensor([1.0, 2.0, 4.0]))


def test_a_turn_shows_the_next_draw_and_all_turns_make_the_mean(problem: DenoisingProblem) -> None:
    theta = problem.start(torch.Generator())
    rows = torch.tensor([4, 1])
    shown = []
    for turn in range(K):
        problem.turn(turn, 0)
        shown.append(problem.losses(theta, rows))
    problem.turn(K, 0)
    assert torch.equal(problem.losses(theta, rows), shown[0]) and not torch.allclose(shown[0], shown[1])
    assert torch.allclose(problem.losses(theta, None)[rows], torch.stack(shown).mean(0), rtol=1e-4)
    assert problem.losses(theta, None, meta=True).shape == (2,)


def test_a_loss_is_counted_from_the_reference_in_units_of_the_spread(problem: DenoisingProblem) -> None:
    part = problem._parts[0]
    noise, level = problem.draws(["t4"], [1])  # row 4 in turn 0 shows draw 4 mod 3
    error = problem.denoiser.errors(None, part.latents[[4]], problem.texts(["no finding"]), noise, level)
    [loss] = problem.losses(problem.start(torch.Generator()), torch.tensor([4]))
    assert float(loss) == pytest.approx((float(error) - float(part.reference[4, 1])) / 2.0, rel=1e-4)


def test_descending_teaches_what_is_shown(problem: DenoisingProblem) -> None:
    theta, rows = problem.start(torch.Generator()), torch.arange(5)
    first = float(problem.losses(theta, rows).mean())
    for _ in range(15):
        held = leaves(theta)
        slope = gradient(problem.losses(held, rows).mean(), held)
        theta = {name: each.detach() - 20.0 * slope[name] for name, each in held.items()}
    assert float(problem.losses(theta, rows).mean()) < 0.9 * first


def test_a_weight_network_sees_picture_and_prompt(problem: DenoisingProblem) -> None:
    shown = problem.shown(None)
    assert shown.shape == (5, problem.shown_width) and torch.equal(problem.shown(torch.tensor([2])), shown[2:3])
    assert torch.equal(shown[0, 64:], shown[2, 64:]) and not torch.equal(shown[0, 64:], shown[1, 64:])
    assert not torch.equal(shown[0, :64], shown[2, :64])
