import torch
from diffusers import DDPMScheduler

from model_adapters.methods.capacity_control.batches import Batches
from model_adapters.methods.capacity_control.process import Process

PROMPTS = [f"prompt number {index}" for index in range(5)]


def made(size: int = 4, seed: int = 0, dropout: float = 0.0, inserted: int = 0) -> Batches:
    return Batches(PROMPTS, (2, 3, 3), Process(DDPMScheduler()), size, seed, dropout, inserted, ("X", "Y", "Z"))


def test_every_case_comes_once_an_epoch_in_an_order_of_its_own() -> None:
    batches = made()
    rows = [row for step in range(10) for row in batches(step).rows]
    epochs = [rows[start : start + 5] for start in range(0, 40, 5)]
    assert all(sorted(epoch) == list(range(5)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 4


def test_a_step_follows_from_seed_and_number_alone() -> None:
    walked, jumped = made(inserted=2, dropout=0.3), made(inserted=2, dropout=0.3)
    for step in range(7):
        walked(step)
    torch.manual_seed(77)
    one, two = walked(7), jumped(7)
    assert one.rows == two.rows and one.prompts == two.prompts and torch.equal(one.noise, two.noise)
    assert torch.equal(one.level.time, two.level.time)
    assert not torch.equal(made(seed=1)(7).noise, two.noise) and not torch.equal(jumped(8).noise, two.noise)


def test_inserted_tokens_are_new_in_each_epoch() -> None:
    batches = made(inserted=3)
    told = [batches.told(2, epoch) for epoch in range(6)]
    assert len(set(told)) > 4 and told[3] == made(inserted=3).told(2, 3)
    own = [[word for word in prompt.split() if word not in "XYZ"] for prompt in told]
    assert all(words == PROMPTS[2].split() for words in own)


def test_a_share_of_the_prompts_is_empty() -> None:
    batches = made(size=1000, dropout=0.2)
    empty = batches(0).prompts.count("")
    assert 130 < empty < 270  # five deviations of a binomial(1000, 0.2)
    assert made(dropout=0.0)(0).prompts.count("") == 0
