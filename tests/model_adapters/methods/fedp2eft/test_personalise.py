"""Every arm stays within its budget and differs from the others in what it says it differs in."""

from __future__ import annotations

import pytest
import torch
from made_federations import small_client, small_model

from model_adapters.methods.fedp2eft.personalise import ARMS, LEARNT, Personalisation
from model_adapters.methods.fedp2eft.settings import Settings

SETTINGS = Settings(max_rank=4, alpha=8.0, epochs=8, batch=4, rate=1e-2, sparsity=0.1)
STRATEGY = torch.tensor([0.5, 3.0, 0.1, 0.2, 0.01, 0.02, 0.03, 0.04])


def run_arm(arm: str, rank: int = 1) -> Personalisation:
    model, adapters = small_model()
    run = Personalisation(model, adapters, SETTINGS, rank, seed=0)
    if arm in LEARNT:
        run.strategy = lambda client: torch.full((4,), 1e-2) if arm == "fedl2p" else STRATEGY
    ARMS[arm](run, small_client())
    return run


@pytest.mark.parametrize("arm", [arm for arm in ARMS if arm != "no-adaptation"])
def test_an_arm_keeps_its_budget_and_teaches_the_network(arm: str) -> None:
    run = run_arm(arm)
    ranks = sum(int(module.keep.sum()) for module in run.adapters.modules.values())
    assert 1 <= ranks <= 2
    start = small_model()[0]
    client = small_client()
    rows = torch.arange(12)
    with torch.no_grad():
        assert float(run.model.mean_loss(client.train, rows)) < float(start.mean_loss(client.train, rows))
    for module in run.adapters.modules.values():
        assert module.up.shape[1] == module.down.shape[0] == len(module.scales) == int(module.keep.sum())


def test_no_adaptation_is_the_base() -> None:
    run = run_arm("no-adaptation")
    x = small_client().test["inputs"]
    assert torch.equal(run.model.network(x), small_model()[0].network(x)) and not list(run.adapters.weights())


def test_rank_only_has_the_choice_of_fedp2eft_and_the_gain_of_lora() -> None:
    full, only = run_arm("fedp2eft", 2), run_arm("rank-only", 2)
    assert [module.keep.tolist() for module in full.adapters.modules.values()] == [[True] * 4, [False] * 4]
    assert [module.keep.tolist() for module in only.adapters.modules.values()] == [[True] * 4, [False] * 4]
    assert full.adapters.modules["0"].scales.tolist() == pytest.approx(STRATEGY[:4].tolist())
    assert only.adapters.modules["0"].scales.tolist() == [1.0] * 4


def test_the_learning_variant_moves_lambda() -> None:
    run = run_arm("fedp2eft-learning", 2)
    assert run.adapters.modules["0"].scales.tolist() != pytest.approx(STRATEGY[:4].tolist())


def test_tuned_lora_chooses_by_examples_that_it_did_not_train_on() -> None:
    """Labels of the held-out fifth that contradict the rest: the smallest learning rate hurts them least."""
    model, adapters = small_model()
    run = Personalisation(model, adapters, SETTINGS, 1, seed=0)
    client = small_client(examples=40)
    targets = torch.zeros(40, dtype=torch.long)
    targets[4::5] = 1
    wrong = type(client)("one", True, {**client.train, "targets": targets}, client.test)
    ARMS["tuned-lora"](run, wrong)
    size = float(sum(module.up.detach().norm() for module in adapters.modules.values()))
    same = type(client)("one", True, {**client.train, "targets": torch.zeros(40, dtype=torch.long)}, client.test)
    ARMS["tuned-lora"](run, same)
    assert size < float(sum(module.up.detach().norm() for module in adapters.modules.values()))
