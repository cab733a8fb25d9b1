"""`bads`: which training examples deserve trust, learnt beside the network from a small trusted (meta) set.

Layout of the output: `weighted/` (the artifact: `weights.csv`; of splits `cases.csv`, a weighted split; `trace.csv`;
`model/`), `state.safetensors` and `data.json` (the fit so far).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_splits.errors import UserError
from data_splits.integrity import write_text
from model_adapters.card import ModelCard
from model_adapters.methods.bads import settings as settings_module
from model_adapters.methods.bads.settings import Settings
from model_adapters.methods.contents import hold_to_contents
from model_adapters.protocols import Artifact, BuildContext, MethodInput, Saved

if TYPE_CHECKING:
    from model_adapters.methods.bads.chain import Chain, Selection
    from model_adapters.methods.bads.source import Source

NAME = "bads"

RECONSTRUCTED = (
    "The update rule (step sizes, scaling of the two likelihoods, burn-in) is reconstructed: no code was released, and "
    "of the paper only abstract, captions and reviews could be read.",
    "How the slope of log Z(w) enters is our choice (setting normaliser, 0 to 1); the paper's treatment is not known.",
    "What the weight network sees of an example (setting weight_sees) is our choice.",
)

CARD = ModelCard(
    name=NAME,
    kind="method",
    source="computed; reconstruction of Xu et al., NeurIPS 2024, arXiv 2411.03768",
    licence="Apache-2.0",
    verified=False,
    notes=(
        "Reconstruction: the model is the paper's, the update rule is ours (docs/bads.md).",
        "normaliser 0 finds wrong labels best and takes weight from rare classes; 0.3 to 0.6 does both fairly.",
        "Weighing prompts by a generator's denoising loss (input generator) is ours.",
        "Rules beside bads: mixing, random, meta-only, duplicated-meta, blo, cds, ask, small-loss.",
    ),
)

OWN_INPUTS = {
    "train": MethodInput(
        "training set, not trusted: a split (NAME or NAME:PATH), a .safetensors table, or instructions (.jsonl, or "
        "a split of questions)",
        required=True,
    ),
    "meta": MethodInput("small trusted set of other patients, of the same kind as train", required=True),
    "rule": MethodInput(
        "bads, or what it must beat: mixing, random, meta-only, duplicated-meta, blo, cds, ask, small-loss",
        default="bads",
    ),
    "meta_at_most": MethodInput("most trusted examples that may be used; all of meta where absent", budget=True),
    "train_subset": MethodInput("of a split", default="train"),
    "meta_subset": MethodInput("of a split; its evaluation subset where empty", default=""),
    "train_options": MethodInput('of a split, "key=value; key=value"', default=""),
    "meta_options": MethodInput("likewise", default=""),
    "labels": MethodInput("CheXpert labels to learn, comma-separated; all that both sets know where empty", default=""),
    "encoder": MethodInput("whose features a split's network stands on", default="lite0"),
    "generator": MethodInput(
        "weigh prompts by this generator's denoising loss instead of labels by a classifier: embedded, a diffusers "
        "folder or a cached hub id",
        default="",
    ),
    "peft": MethodInput("of a generator: family of parameters that learns (capacity-control's)", default="attention"),
    "draws": MethodInput("of a generator: draws of noise and time for each image", default=8),
    "reference": MethodInput(
        "of a generator: its loss is counted from the base's without a prompt (empty), or from 0 (none)",
        default="empty",
    ),
    "include_credentialed": MethodInput(
        "allow a credentialed split: its labels and prompts are written to this machine", default=False
    ),
    "name": MethodInput("of the weighted data set, on its card"),
}


GENERATING = ("generator", "peft", "draws", "reference")
"""Inputs of a generator."""


class Bads:
    """Selects; see `rules.RULES`."""

    card = CARD
    inputs: Mapping[str, MethodInput] = {**OWN_INPUTS, **settings_module.INPUTS}

    def __init__(self, context: BuildContext) -> None:
        self._context = context

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        """Read the data, run the chain, write weighted data set and network.

        Raises:
            UserError: a set without labels, sets that share patients, a budget that cannot be met, a setting out of
                range, data that changed since an earlier call, or a fit that diverges.
        """
        from model_adapters.methods.bads.fit import fit
        from model_adapters.methods.bads.rules import RULES

        settings = Settings.of(dict(inputs))
        rule = inputs["rule"]
        if rule not in RULES:
            raise UserError(f"No rule is called {rule!r}: choose from {', '.join(RULES)}.")
        source = open_source(inputs, output, seed, self._context)
        hold_to_contents(output / "data.json", source.facts, "The data")
        chain = _chain(source, settings, rule, seed)
        selection = fit(chain, output, saved)
        folder = output / "weighted"
        _write(source, selection, folder)
        record = _record(source, chain, selection, settings, rule, seed)
        card = ModelCard(
            name=inputs["name"] or f"{rule}-of-{source.data[0]['name']}",
            kind="method",
            source=f"selected by {NAME} ({rule})",
            licence=f"that of {', '.join(dict.fromkeys(str(each['name']) for each in source.data))}",
            verified=rule != NAME,
            parameters=record["trainable"],
            notes=RECONSTRUCTED if rule == NAME else (),
        )
        return Artifact(folder, "split", card, record)

    def made_up_inputs(self, folder: Path) -> dict[str, Any]:
        """Two small tables of three classes, a third of the training targets wrong."""
        from model_adapters.methods.bads.table_source import made_up_tables

        return made_up_tables(folder)


def build(context: BuildContext) -> Bads:
    """Make the method; encoders run on the context's device, the chain on the CPU."""
    return Bads(context)


def open_source(inputs: Mapping[str, Any], output: Path, seed: int, context: BuildContext) -> Source:
    """The data that the inputs name, of whatever kind.

    Raises:
        UserError: whatever their reader says, or a budget that is no whole number.
    """
    budget = inputs["meta_at_most"]
    if budget is not None and not (isinstance(budget, int) and budget > 0):
        raise UserError(f"meta_at_most is {budget!r}; it is a whole number of trusted examples, at least 1.")
    train, meta = str(inputs["train"]), str(inputs["meta"])
    if train.endswith(".safetensors") or meta.endswith(".safetensors"):
        from model_adapters.methods.bads.table_source import from_tables

        return from_tables(Path(train).expanduser(), Path(meta).expanduser(), budget, seed)
    from model_adapters.methods.bads.instruction_source import from_instructions, holds_instructions

    if holds_instructions(train) or holds_instructions(meta):
        options = inputs["train_options"], inputs["meta_options"]
        return from_instructions((train, meta), options, budget, seed, output / "states", context)
    from model_adapters.methods.bads.split_source import Request, from_splits

    names = Request.__dataclass_fields__.keys() & inputs.keys()
    request = Request(
        **{**{name: inputs[name] for name in names}, "train": train, "meta": meta, "meta_at_most": budget}
    )
    if not inputs["generator"]:
        return from_splits(request, seed, context)
    from model_adapters.methods.bads.fit import one_thread
    from model_adapters.methods.bads.generator_source import Generating, from_prompts

    with one_thread():
        return from_prompts(request, Generating(**{each: inputs[each] for each in GENERATING}), seed)


def _chain(source: Source, settings: Settings, rule: str, seed: int) -> Chain:
    import torch

    from model_adapters.methods.bads.rules import new_chain
    from model_adapters.methods.bads.scores_file import read_scores

    scores = None
    if rule == "ask" and settings.scorer == "base":
        if source.scores is None:
            raise UserError("scorer=base asks a generator before it learns: name one (input generator).")
        scores = torch.from_numpy(source.scores)
    elif rule == "ask" and settings.scorer != "confidence":
        scores = torch.from_numpy(read_scores(Path(settings.scorer).expanduser(), source.train_ids))
    return new_chain(rule, source.problem(settings), settings, seed, scores)


def _write(source: Source, selection: Selection, folder: Path) -> None:
    from model_adapters.methods.bads.chain import COLUMNS
    from model_adapters.methods.bads.source import Weighted

    weights, deviations = selection.weights.numpy(), selection.deviations.numpy()
    scores = None if selection.scores is None else selection.scores.numpy()
    source.write(Weighted(weights, deviations, selection.meta_weight, scores), folder)
    source.write_model(selection.theta, folder / "model")
    rows = [",".join(f"{value:.9g}" for value in row) for row in selection.trace.tolist()]
    write_text(folder / "trace.csv", "\n".join([",".join(COLUMNS), *rows]) + "\n")


def _record(
    source: Source, chain: Chain, selection: Selection, settings: Settings, rule: str, seed: int
) -> dict[str, Any]:
    from model_adapters.methods.bads.chain import COLUMNS
    from model_adapters.methods.bads.diagnostics import summary
    from model_adapters.methods.bads.rules import CONTROLS

    own = rule == NAME
    meta = len(source.meta_ids)
    used = 0 if not selection.meta_weight else meta
    facts = settings.facts()
    if facts["scorer"] not in ("confidence", "base"):
        facts["scorer"] = "a file of scores"
    return {
        "method": rule,
        "control": not own,
        "controls": list(CONTROLS) if own else [],
        "base": source.base,
        "settings": facts,
        "seed": seed,
        "budget": {"meta_at_most": used},
        "labelled": (len(source.train_ids) if bool((selection.weights > 0).any()) else 0) + used,
        "trainable": sum(tensor.numel() for tensor in selection.theta.values())
        + (len(source.train_ids) if own and settings.weights == "free" else 0),
        "data": [dict(each) for each in source.data],
        "facts": dict(source.facts),
        "scores": [],
        "certificate": None,
        "reconstructed": list(RECONSTRUCTED) if own else [],
        "passes": chain.passes,
        **dict(selection.facts),
        "diagnostics": summary(
            np.asarray(selection.weights), np.asarray(selection.deviations), np.asarray(selection.trace), COLUMNS,
            settings.burn_in,
        ),
    }  # fmt: skip
