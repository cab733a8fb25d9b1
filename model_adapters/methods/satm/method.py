"""`satm`: a split condensed to n images a class, by trajectory matching; its baselines are the same command.

Layout of the output: `split/` (the artifact: a split folder, see `output`), `pictures/` (decoded images),
`experts/` (trajectories), `state.safetensors` (the images so far), `data.json` (what the work belongs to).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from data_splits.integrity import content_hash
from model_adapters.card import ModelCard
from model_adapters.methods.contents import hold_to_contents
from model_adapters.methods.satm import made_up
from model_adapters.methods.satm.ascent import Ascent
from model_adapters.methods.satm.condense import Condensed, condense, saved_states
from model_adapters.methods.satm.experts import ExpertPlan, Experts
from model_adapters.methods.satm.networks import Network, parse_network
from model_adapters.methods.satm.output import Result, write_split
from model_adapters.methods.satm.pictures import Pictures, Scale, blocks_of, decoded
from model_adapters.methods.satm.record import RECONSTRUCTED, card_of, record_of
from model_adapters.methods.satm.selection import selected
from model_adapters.methods.satm.settings import INPUTS, METHODS, Settings
from model_adapters.methods.satm.source import Source, open_source
from model_adapters.methods.satm.whitening import Whitening
from model_adapters.protocols import Artifact, BuildContext, MethodInput, Saved

if TYPE_CHECKING:
    from torch import Tensor

NAME = "satm"

CARD = ModelCard(
    name=NAME,
    kind="method",
    source="computed",
    licence="Apache-2.0",
    verified=False,
    notes=(f"Methods: {', '.join(METHODS)}.", *RECONSTRUCTED),
)

FTD = Ascent("gsam", rho=0.01, share=0.3, adaptive=True)
"""As FTD's released code trains its experts."""

MOST_SIDE = 512
"""Pixels; a thousand images take 1 GB."""

OWN_INPUTS = {
    "split": MethodInput("what is condensed: NAME or NAME:PATH, as for --split", required=True),
    "split_options": MethodInput("KEY=VALUE;KEY=VALUE for it (a table in a --config file)"),
    "subset": MethodInput("of it", default="train"),
    "classes": MethodInput(
        "what is told apart: one label (1 against 0), labels separated by commas (cases with exactly one of them), "
        "view or sex",
        required=True,
    ),
    "images_per_class": MethodInput("images of each class in the condensed split", default=10, budget=True),
    "side": MethodInput("pixels a side of the condensed images, 4 to 512", default=32),
}


class Satm:
    """Condenses; see `settings.METHODS`."""

    card = CARD
    inputs: Mapping[str, MethodInput] = {**OWN_INPUTS, **INPUTS}

    def __init__(self, device: str = "cpu") -> None:
        self.device = device

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        """Decode, train the experts, learn the images, write them as a split.

        Raises:
            UserError: a split without labels, too few images of a class, settings that do not fit each other, a split
                that changed since an earlier call, or a learning that diverged.
        """
        from model_adapters.predictors.training import deterministic

        settings, each = Settings.of(dict(inputs)), int(inputs["images_per_class"])
        side = int(inputs["side"])
        if each < 1 or side < 4:
            raise UserError(f"images_per_class is {each} and side {side}; they are at least 1 and 4.")
        if side > MOST_SIDE:
            raise UserError(f"side is {side}; it is at most {MOST_SIDE}: all images are held at that size.")
        source = open_source(inputs, each)
        network = parse_network(settings.network, side, len(source.rule.names))
        contents = {"manifest": source.split.manifest.hash, "classes": content_hash(source.targets.tolist())}
        hold_to_contents(output / "data.json", contents, "The split")
        blocks = blocks_of(len(source.cases))
        vectors = 0 if settings.way.selects else settings.experts * (settings.epochs + 1)
        total = blocks + vectors + (0 if settings.way.selects else saved_states(settings))

        def after(offset: int) -> Callable[[int], None]:
            return lambda done: saved(offset + done, total)

        pictures = decoded(source.split, source.cases, side, output / "pictures", after(0))
        scale = Scale.of(pictures)
        seen = scale.standardised(pictures)
        rows = selected(
            seen, source.targets, len(source.rule.names), each,
            settings.method if settings.way.selects else settings.start, seed,
        )  # fmt: skip
        facts = {"classes": list(source.rule.names), "mean": scale.mean, "deviation": scale.deviation}
        if settings.way.selects:
            result = _result(source, rows, seen[rows], scale, False, facts)
        else:
            white = Whitening.of(seen, scale) if settings.whiten == "zca" else None
            bounds = scale.bounds if white is None else (-math.inf, math.inf)
            learnt_from = seen if white is None else white.whitened(seen)
            with deterministic(self.device):
                state = self._learn(settings, network, learnt_from, source, rows, bounds, output, seed, after, blocks)
            exact = (state.mean if settings.decay else state.images).cpu().numpy()
            exact = exact if white is None else white.seen(exact)
            facts |= {"step_size": state.step, "network": network.name, "losses": state.losses, "steps": state.steps}
            facts |= {"augment": settings.augment, "whiten": settings.whiten, "share_cut": scale.beyond(exact)}
            result = _result(source, rows, exact, scale, True, facts)
        folder = output / "split"
        write_split(folder, source.split, source.rule, result, settings.method)
        return Artifact(
            folder, "split", card_of(settings, source, each, folder), record_of(settings, source, result, seed)
        )

    def made_up_inputs(self, folder: Path) -> dict[str, Any]:
        """Twelve images of 8 px."""
        return made_up.made_up_inputs(folder)

    def _learn(
        self, settings: Settings, network: Network, seen: Pictures, source: Source, rows: NDArray[np.int64],
        bounds: tuple[float, float], output: Path, seed: int,
        after: Callable[[int], Callable[[int], None]], before: int,
    ) -> Condensed:  # fmt: skip
        images, targets = self._tensor(seen), self._tensor(source.targets)
        plan = ExpertPlan(
            settings.experts, settings.epochs, settings.expert_rate, settings.expert_batch,
            FTD if settings.flat_experts else None, settings.augmentation,
        )  # fmt: skip
        experts = Experts(output / "experts", network, images, targets, plan, seed)
        experts.make(after(before))
        return condense(
            experts, targets[rows], images[rows], bounds, settings, seed, output / "state.safetensors",
            after(before + experts.files),
        )  # fmt: skip

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        import torch

        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)


def build(context: BuildContext) -> Satm:
    """Make the method; networks run on the context's device."""
    return Satm(context.device)


def _result(
    source: Source, rows: NDArray[np.int64], exact: Pictures, scale: Scale, learnt: bool, facts: Mapping[str, Any]
) -> Result:
    origins = [source.cases[int(row)] for row in rows]
    return Result(scale.bytes_of(exact), source.targets[rows], origins, learnt, exact, facts)
