"""The hypergradient is the Neumann series of the implicit function theorem, computed here with the whole Hessian."""

from __future__ import annotations

import torch
from made_federations import random_adapters, small_client, small_model
from torch.func import functional_call

from model_adapters.methods.fedp2eft.bayestune_lora import Adapters
from model_adapters.methods.fedp2eft.clients import Client
from model_adapters.methods.fedp2eft.learn_rates import PSI, TERMS, RateNetwork, held_out, hypergradient
from model_adapters.methods.fedp2eft.model import Model
from model_adapters.methods.merging.losses import named


def test_hypergradient_against_the_dense_hessian() -> None:
    model, adapters = small_model(rank=2, alpha=2.0)
    random_adapters(adapters)
    train, held = held_out(small_client(examples=10))
    named = {n: p for n, p in model.network.named_parameters() if n.endswith((".down", ".up"))}
    shapes = {name: weight.shape for name, weight in named.items()}

    def loss(flat: torch.Tensor, client: Client) -> torch.Tensor:
        parts = flat.split([shape.numel() for shape in shapes.values()])
        placed = {name: part.view(shapes[name]) for name, part in zip(shapes, parts, strict=True)}
        logits = functional_call(model.network, placed, (client.train["inputs"],))
        return torch.nn.functional.cross_entropy(logits, client.train["targets"])

    flat = torch.cat([weight.detach().flatten() for weight in named.values()])
    hessian = torch.autograd.functional.hessian(lambda f: loss(f, train), flat)
    g = torch.autograd.functional.jacobian(lambda f: loss(f, train), flat)
    v = torch.autograd.functional.jacobian(lambda f: loss(f, held), flat)
    p, term = v.clone(), v.clone()
    for _ in range(TERMS):
        term = term - PSI * hessian @ term
        p = p + term
    sizes = [shape.numel() for shape in shapes.values()]
    expected = torch.stack([-PSI * (a * b).sum() for a, b in zip(p.split(sizes), g.split(sizes), strict=True)])
    assert torch.allclose(hypergradient(model, adapters, train, held), expected, atol=1e-5)


def test_rates_start_at_the_settings_rate_for_every_client() -> None:
    network = RateNetwork(5, 4, 1e-3, seed=0)
    statistics = torch.randn(5, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(network(statistics), torch.full((4,), 1e-3))


def test_every_fifth_example_is_held_out() -> None:
    train, held = held_out(small_client(examples=12))
    assert len(train.train["targets"]) == 10 and len(held.train["targets"]) == 2
    assert torch.equal(held.train["inputs"][0], small_client(examples=12).train["inputs"][4])


def test_hypergradient_through_fused_attention() -> None:
    """Remembered bug: the fused kernel has no second derivative, and fedl2p failed on every language model."""
    from transformers import LlamaConfig, LlamaForCausalLM

    found = []
    for attention in ("sdpa", "eager"):
        torch.manual_seed(0)
        network = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=16, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
                attn_implementation=attention,
            )
        )  # fmt: skip
        model = Model(network, named("tokens"))
        adapters = Adapters(network, 2, 4.0, exclude=["lm_head"])
        random_adapters(adapters)
        words = torch.randint(0, 16, (10, 6), generator=torch.Generator().manual_seed(1))
        examples = {"inputs": words, "targets": words}
        train, held = held_out(Client("one", True, examples, examples))
        found.append(hypergradient(model, adapters, train, held))
    assert float(found[0].abs().min()) > 0 and torch.allclose(found[0], found[1], rtol=1e-3, atol=1e-6)
