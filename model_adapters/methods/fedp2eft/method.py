"""`fedp2eft`: learn in a federation which ranks a client's adapter should have, then give every client its adapter.

Layout of the output: `model/` (the artifact: base.safetensors where it was trained here, strategy.safetensors where
one was learnt here, layers.json, adapters/CLIENT/ as peft adapters), `base-rounds.safetensors`, `rounds.safetensors`
(the learning so far), `clients/CLIENT.json` (scores on the client's test examples).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.methods.contents import hold_to_contents
from model_adapters.methods.fedp2eft.clients import Client, count, read_clients
from model_adapters.methods.fedp2eft.settings import Settings
from model_adapters.methods.merging.method import texts
from model_adapters.protocols import Artifact, BuildContext, MethodInput, Saved

if TYPE_CHECKING:
    from model_adapters.methods.fedp2eft.session import Session

NAME = "fedp2eft"

CONTROLS = ("rank-only", "tuned-lora", "uniform-lora", "bayestune-local", "ada-lora", "fedl2p", "no-adaptation")

CARD = ModelCard(
    name=NAME,
    kind="method",
    source="computed",
    licence="Apache-2.0",
    notes=(
        "FedP2EFT (arXiv 2502.04387), after the authors' released code.",
        "Its scales also work as a gain on the adapter: read it beside rank-only and tuned-lora.",
        "Statistics are standardised over the seen clients, which is ours (standardise = false: as released).",
        "FedDPA-T as base trainer leaves out its dropout of 0.05.",
    ),
)

HELP = {
    "max_rank": "r_max, ranks that a layer may have; a budget is at most half",
    "alpha": "adapter scale times max_rank; 2 max_rank keeps the scale of plain LoRA with alpha = 2 r",
    "rounds": "rounds in which the strategy is learnt",
    "clients_per_round": "seen clients drawn for a round",
    "epochs": "passes over a client's examples, in a round and when it is given its adapter",
    "batch": "examples of a step",
    "rate": "learning rate of adapters",
    "scale_rate": "learning rate of lambda",
    "generator_rate": "learning rate of the generator",
    "generator_steps": "steps of the generator in a client's round",
    "sparsity": "a_s, weight of the prior on adapters; 0.1 to 1 told layers apart in short federations, 100 did not",
    "normaliser": "a_p, weight of the prior on lambda",
    "standardise": "standardise statistics over the seen clients",
}

OWN_INPUTS = {
    "clients": MethodInput(
        "the seen clients, needed without a strategy: .safetensors files (docs/fedp2eft.md); list, or comma-separated"
    ),
    "base": MethodInput("weights of the model that clients personalise: a .safetensors file or folder", required=True),
    "network": MethodInput("mlp, diffusers:FOLDER, transformers:FOLDER or MODULE:FUNCTION", required=True),
    "unseen": MethodInput("clients that take no part in training, likewise"),
    "strategy": MethodInput(
        "folder of an earlier run's model: its strategy gives clients their adapters, at any rank, and nothing is "
        "learnt (base: that run's; its base.safetensors where it trained one)"
    ),
    "exclude": MethodInput("shell patterns of layers that get no adapter (heads)"),
    "loss": MethodInput("cross-entropy, binary-cross-entropy, tokens or mean-square", default="cross-entropy"),
    "arm": MethodInput(f"fedp2eft, fedp2eft-learning, or a control: {', '.join(CONTROLS)}", default="fedp2eft"),
    "rank": MethodInput("r, ranks a layer on average that a client's adapter may have", default=2, budget=True),
    "base_trainer": MethodInput(
        "train the base in the federation first: none, fedavg, feddpa-t or dept", default="none"
    ),
    "base_rounds": MethodInput("rounds of the base trainer", default=100),
    "base_rate": MethodInput("learning rate of the base trainer", default=5e-5),
    "adapters": MethodInput("write every client's adapter, as a federation never would", default=True),
    "precision": MethodInput(
        "float32, or bfloat16: the frozen network is held and computes in it, adapters learn in float32",
        default="float32",
    ),
    "licence": MethodInput("of the result", default="that of the base"),
}


class FedP2eft:
    """Trains strategy and adapters; see `personalise.ARMS`."""

    card = CARD

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        own = {each.name: MethodInput(HELP[each.name], default=each.default) for each in fields(Settings)}  # type: ignore[arg-type]
        self.inputs: Mapping[str, MethodInput] = {**OWN_INPUTS, **own}

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        """Train the base if asked, learn the strategy, then give every client its adapter and score it.

        Raises:
            UserError: clients without labels, a network without linear layers, an unknown arm, a rank that cannot be.
        """
        from model_adapters.methods.fedp2eft.personalise import ARMS, LEARNT
        from model_adapters.methods.fedp2eft.rank_budget import require_rank
        from model_adapters.methods.fedp2eft.session import Session
        from model_adapters.methods.fedp2eft.strategy_file import read_strategy

        settings = Settings(**{each.name: inputs[each.name] for each in fields(Settings)})
        arm = inputs["arm"]
        if arm not in ARMS:
            raise UserError(f"There is no arm {arm!r}. Choose of {', '.join(ARMS)}.")
        require_rank(inputs["rank"], settings.max_rank)
        learnt = read_strategy(Path(inputs["strategy"]).expanduser()) if inputs["strategy"] else None
        if learnt is not None and (arm not in LEARNT or inputs["base_trainer"] != "none"):
            raise UserError(
                f"A strategy is for the arms {', '.join(sorted(LEARNT))}, with base_trainer = none: all is learnt."
            )
        clients = read_clients(texts(inputs["clients"]), texts(inputs["unseen"]), learns=learnt is None)
        contents = {client.name: [client.seen, client.sha256] for client in clients}
        hold_to_contents(output / "clients.json", contents, "A client's file")
        if learnt is not None:
            hold_to_contents(output / "strategy.json", {"sha256": learnt.sha256}, "The strategy")
        session = Session(inputs, settings, clients, output, seed, self.device)
        rounds = settings.rounds if arm in LEARNT and learnt is None else 0
        total = session.base_rounds + rounds + len(clients)
        base = session.train_base(lambda done: saved(done, total))
        done = session.base_rounds
        session.learn(base, arm, rounds, lambda each: saved(done + each, total), learnt)
        scores, ranks = session.give(arm, lambda each: saved(done + rounds + each, total))
        session.write_model(inputs["adapters"])
        record = self._record(inputs, settings, clients, session, seed, scores, ranks)
        if learnt is not None:
            record["settings"]["rounds"], record["strategy"] = 0, learnt.sha256
        card = ModelCard(
            name=f"{arm}-r{inputs['rank']}",
            kind="predictor",
            source=f"personalised by {NAME} ({arm})",
            licence=inputs["licence"],
            parameters=session.base_parameters,
        )
        return Artifact(output / "model", "adapter", card, record)

    def made_up_inputs(self, folder: Path) -> dict[str, Any]:
        """Four small clients, one of them unseen."""
        from model_adapters.methods.fedp2eft.made_up import made_up_federation

        small = made_up_federation(folder, languages=2, seen=3, unseen=1, train=16, test=8)
        return {**small, "rounds": 3, "clients_per_round": 2, "max_rank": 4, "alpha": 8.0, "epochs": 1, "rank": 1}

    def _record(
        self, inputs: Mapping[str, Any], settings: Settings, clients: list[Client], session: Session, seed: int,
        scores: Mapping[str, list[float]], ranks: Mapping[str, int],
    ) -> dict[str, Any]:  # fmt: skip
        arm = inputs["arm"]
        layers = session.layers
        used = max(ranks.values()) / layers if ranks else 0.0
        metric = METRICS[inputs["loss"]]
        return {
            "method": arm,
            "control": arm in CONTROLS,
            "controls": [] if arm in CONTROLS else list(CONTROLS),
            "base": session.base_sha256,
            "settings": {**settings.facts(), "loss": inputs["loss"], "base_trainer": inputs["base_trainer"],
                         "base_rounds": session.base_rounds, "base_rate": inputs["base_rate"],
                         "precision": inputs["precision"]},
            "seed": seed,
            "budget": {"rank": used},
            "labelled": sum(count(client.train) for client in clients),
            "trainable": session.trainable,
            "data": [],
            "scores": [
                {"task": f"{part} clients", "metric": metric, "per": "client", "unit": "", "direction": "higher",
                 "values": [_mean(scores[client.name]) for client in clients if client.seen == (part == "seen")]}
                for part in ("seen", "unseen") if any(client.seen == (part == "seen") for client in clients)
            ],
            "certificate": None,
            "reconstructed": [],
            "clients": [
                {"name": client.name, "seen": client.seen, "train": count(client.train), "test": count(client.test),
                 "sha256": client.sha256, "score": _mean(scores[client.name]), "ranks": ranks[client.name]}
                for client in clients
            ],
        }  # fmt: skip


METRICS = {
    "cross-entropy": "accuracy",
    "binary-cross-entropy": "accuracy",
    "tokens": "next-token accuracy",
    "mean-square": "negative mean square error",
}
"""Loss -> what its scores are called."""


def build(context: BuildContext) -> FedP2eft:
    """Make the method; networks run on the context's device."""
    return FedP2eft(context.device)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
