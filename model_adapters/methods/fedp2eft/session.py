"""One fit of FedP2EFT: the network, its adapters, and the three stages that each resume from disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from data_splits.errors import UserError
from data_splits.integrity import atomic_write, write_json
from model_adapters.methods.fedp2eft.base_models.base import Base
from model_adapters.methods.fedp2eft.base_models.dept import Dept
from model_adapters.methods.fedp2eft.base_models.fedavg import FedAvg
from model_adapters.methods.fedp2eft.base_models.feddpa_t import FedDpaT
from model_adapters.methods.fedp2eft.bayestune_lora import Adapters
from model_adapters.methods.fedp2eft.clients import Client
from model_adapters.methods.fedp2eft.federation import Progress, Rounds, run_rounds
from model_adapters.methods.fedp2eft.input_statistics import input_statistics, standard
from model_adapters.methods.fedp2eft.learn_rates import LearnRates
from model_adapters.methods.fedp2eft.learn_strategy import LearnStrategy
from model_adapters.methods.fedp2eft.model import Model
from model_adapters.methods.fedp2eft.peft_export import write_peft
from model_adapters.methods.fedp2eft.personalise import ARMS, Personalisation
from model_adapters.methods.fedp2eft.progress_file import read_progress, write_progress
from model_adapters.methods.fedp2eft.settings import Settings
from model_adapters.methods.fedp2eft.strategy_file import Layers, Learnt, write_base, write_layers, write_strategy
from model_adapters.methods.merging.losses import named
from model_adapters.methods.merging.method import texts
from model_adapters.methods.merging.networks import build_network, network_names
from model_adapters.methods.merging.pool import open_pool

Step = Callable[[int], None]

PRECISIONS = ("float32", "bfloat16")

BASE_TRAINERS = ("none", "fedavg", "feddpa-t", "dept")


class Session:
    """Attributes: layers: number of adapted layers. trainable: weights of the generator (A and B without one).
    base_rounds: of the base trainer. base_sha256, base_parameters: of the base as given. adapted_sha256: of the base
    that adapters sit on, the one trained here where that was asked for.
    """

    def __init__(
        self, inputs: Mapping[str, Any], settings: Settings, clients: list[Client], output: Path, seed: int, device: str
    ) -> None:
        """Build the network and fill it.

        Raises:
            UserError: the base does not fit the network, or no such trainer or loss.
        """
        self.settings, self.seed, self.output, self.rank = settings, seed, output, int(inputs["rank"])
        self.exclude = texts(inputs["exclude"])
        self.base_trainer, self.base_rate = inputs["base_trainer"], float(inputs["base_rate"])
        if self.base_trainer not in BASE_TRAINERS:
            raise UserError(f"There is no base_trainer {self.base_trainer!r}. Choose of {', '.join(BASE_TRAINERS)}.")
        self.base_rounds = int(inputs["base_rounds"]) if self.base_trainer != "none" else 0
        if self.base_trainer != "none" and self.base_rounds < 1:
            raise UserError(f"base_rounds is {self.base_rounds}; it must be above 0 (or base_trainer = none).")
        pool = open_pool([inputs["base"]])
        network = build_network(inputs["network"], pool)
        own = {**dict(network.named_parameters(remove_duplicate=False)), **dict(network.named_buffers())}
        with torch.no_grad():
            for stored, name in network_names(network, pool).items():
                own[name].copy_(pool.models[0].read(stored))
        self.base_sha256 = self.adapted_sha256 = pool.models[0].sha256
        self.base_parameters = pool.parameters
        half = _is_half(inputs["precision"], self.base_rounds)
        self.model = Model(network.to(device, torch.bfloat16 if half else None), named(inputs["loss"]), half)
        move = {client.name: _moved(client, device) for client in clients}
        self.clients: dict[str, Client] = move
        self.trainable = 0

    def train_base(self, step: Step) -> Base:
        """The weights under the adapters, trained in the federation where that is asked for."""
        base = Base(self.model.network)
        if not self.base_rounds:
            return base
        settings = Settings(**{**self.settings.facts(), "rate": self.base_rate})
        common = (self.model, base, self.clients, settings, self.seed)
        trainer = (
            FedDpaT(*common, self.exclude) if self.base_trainer == "feddpa-t"
            else Dept(*common) if self.base_trainer == "dept" else FedAvg(*common)
        )  # fmt: skip
        progress = self._rounds("base-rounds.safetensors", trainer, self.base_rounds, step)
        base = trainer.result(progress.state, progress.private)
        self.adapted_sha256 = write_base(base.common, self.model.network, self.output / "model")
        return base

    def learn(self, base: Base, arm: str, rounds: int, step: Step, learnt: Learnt | None = None) -> None:
        """Put adapters on the network and learn what the arm needs, or take what was learnt; without either nothing.

        Raises:
            UserError: `learnt` belongs to another base, other layers or another arm.
        """
        self.base = base
        layers = Adapters(self.model.network, self.settings.max_rank, self.settings.alpha, self.seed, self.exclude)
        self.adapters, self.layers = layers, len(layers.modules)
        self.strategy: LearnStrategy | LearnRates | None = None
        self.learnt: Progress | None = None
        if not rounds and learnt is None:
            return
        if learnt is not None:
            learnt.require(self._layers())
        common = (self.model, base, layers, self.clients, self._statistics(learnt), self.settings)
        self.strategy = (
            LearnRates(*common, self.rank, self.seed) if arm == "fedl2p" else LearnStrategy(*common, self.seed)
        )
        start = self.strategy.initial()
        self.trainable = sum(weight.numel() for weight in start.values())
        if learnt is not None:
            learnt.require_arm(start)
            self.learnt = Progress(0, learnt.state)
            return
        self.learnt = self._rounds("rounds.safetensors", self.strategy, rounds, step)

    def give(self, arm: str, step: Step) -> tuple[dict[str, list[float]], dict[str, int]]:
        """Every client its adapter.

        Returns:
            Client -> score of every test example; client -> ranks of its adapter, over all layers.
        """
        personal = Personalisation(self.model, self.adapters, self.settings, self.rank, self.seed)
        if self.strategy is not None and self.learnt is not None:
            strategy, state = self.strategy, self.learnt.state
            personal.strategy = lambda client: strategy.given(state, client.name)
        scores, ranks = {}, {}
        for done, (name, client) in enumerate(self.clients.items(), start=1):
            path = self.output / "clients" / f"{name}.json"
            if not path.is_file():
                self.base.place(name)
                ARMS[arm](personal, client)
                write_peft(self.adapters, self.output / "adapters" / name, self.adapted_sha256)
                found = {
                    "scores": self.model.scores(client.test),
                    "ranks": sum(int(module.keep.sum()) for module in self.adapters.modules.values()),
                    "parameters": self.adapters.parameters_kept(),
                }
                write_json(path, found)
                step(done)
            found = json.loads(path.read_text("utf-8"))
            scores[name], ranks[name] = found["scores"], found["ranks"]
            if not self.learnt:
                self.trainable = max(self.trainable, found["parameters"])
        return scores, ranks

    def write_model(self, adapters: bool) -> None:
        """The artifact's folder."""
        folder = self.output / "model"
        if self.learnt is not None and self.learnt.done:
            write_strategy(self.learnt.state, self.centre, folder)
        write_layers(self._layers(), folder)
        if not adapters:
            return
        for file in sorted((self.output / "adapters").rglob("*")):
            if file.is_file():
                with atomic_write(folder / file.relative_to(self.output)) as stream:
                    stream.write(file.read_bytes())

    def _layers(self) -> Layers:
        scale = self.settings.alpha / self.settings.max_rank
        return Layers(tuple(self.adapters.modules), self.adapters.rank, scale, self.adapted_sha256)

    def _statistics(self, learnt: Learnt | None) -> dict[str, torch.Tensor]:
        """What enters the generator, of every client on its own base; centred over the seen ones, or as it learnt."""
        self.adapters.reset(torch.zeros(self.adapters.size, dtype=torch.bool))
        found = {}
        for name, client in self.clients.items():
            self.base.place(name)
            layers = {layer: module.base for layer, module in self.adapters.modules.items()}
            found[name] = input_statistics(self.model, layers, client)
        if learnt is not None:
            self.centre = learnt.centre
        else:
            rows = [found[name] for name, client in self.clients.items() if client.seen]
            zero = torch.zeros_like(rows[0])
            self.centre = standard(rows) if self.settings.standardise else (zero, zero + 1.0)
        return {name: (row - self.centre[0]) / self.centre[1] for name, row in found.items()}

    def _rounds(self, file: str, federated: Any, count: int, step: Step) -> Progress:
        path = self.output / file
        progress = read_progress(path) or Progress(0, federated.initial())

        def keep(now: Progress) -> None:
            write_progress(path, now)
            step(now.done)

        return run_rounds(federated, Rounds(count, self.settings.clients_per_round, self.seed), progress, keep)


def _is_half(precision: str, base_rounds: int) -> bool:
    if precision not in PRECISIONS:
        raise UserError(f"There is no precision {precision!r}. Choose of {', '.join(PRECISIONS)}.")
    if precision == "bfloat16" and base_rounds:
        raise UserError("precision = bfloat16 is for a frozen base. Set base_trainer = none, or precision = float32.")
    return precision == "bfloat16"


def _moved(client: Client, device: str) -> Client:
    parts = [{name: tensor.to(device) for name, tensor in part.items()} for part in (client.train, client.test)]
    return Client(client.name, client.seen, parts[0], parts[1], client.sha256)
