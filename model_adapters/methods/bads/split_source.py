"""Examples from two splits of radiographs: an encoder's features and CheXpert labels; out comes a weighted split."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data_splits.case import CHEXPERT_LABELS, Case
from data_splits.cli_support import progress_lines
from data_splits.errors import UserError
from data_splits.integrity import content_hash
from data_splits.sources import load_split
from data_splits.sources.registry import parse_option
from data_splits.split import Split
from model_adapters.encoders import ENCODERS
from model_adapters.inference.extract import extract
from model_adapters.inference.feature_store import FeatureStore
from model_adapters.inference.split_images import SplitImages
from model_adapters.methods.bads.meta_set import choose_meta, refuse_shared
from model_adapters.methods.bads.problem import Examples
from model_adapters.methods.bads.source import Source, TableSource, Weighted, write_network, write_weights
from model_adapters.methods.bads.weighted_split import write_weighted_split
from model_adapters.protocols import BuildContext, Encoder

if TYPE_CHECKING:
    from model_adapters.methods.bads.dynamics import Parameters

NORM = 8.0
"""Features are standardised and scaled to this mean length, whatever the encoder, so that one step size fits all."""

LICENCE = 300
"""Characters of a licence in the record; all of it stands in the artifact's ATTRIBUTION.md."""

PROBE = "lite0-probe"
"""The predictor of the suite that a linear network on lite0 is written as."""


@dataclass(frozen=True)
class Part:
    """Some cases of a split. cases: in the order of the split. subset: where they stand."""

    split: Split
    subset: str
    cases: tuple[Case, ...]

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.split.name}, {self.subset}"


@dataclass(frozen=True)
class Request:
    """What was asked for; see the method's inputs of these names."""

    train: str
    meta: str
    train_subset: str = "train"
    meta_subset: str = ""
    train_options: str = ""
    meta_options: str = ""
    labels: str = ""
    encoder: str = "lite0"
    meta_at_most: int | None = None
    include_credentialed: bool = False


def options_of(text: str) -> dict[str, str]:
    """ "key=value; key=value" as a dict.

    Raises:
        UserError: a part without an equals sign.
    """
    return dict(parse_option(part) for part in text.split(";") if part.strip())


def load_parts(request: Request, prompts: bool = False) -> tuple[Part, Part]:
    """Training set and meta set.

    Args:
        prompts: it is prompts that are wanted, not labels; cases without one are left out.

    Raises:
        UserError: no such split or subset, no labels (prompts), or shared patients.
    """
    train_split = load_split(request.train, **options_of(request.train_options))
    meta_split = load_split(request.meta, **options_of(request.meta_options))
    meta_subset = request.meta_subset or meta_split.evaluation
    if train_split.manifest.hash == meta_split.manifest.hash and request.train_subset == meta_subset:
        raise UserError(f"{train_split.name}, {meta_subset} is both the training set and the meta set: name another.")
    train = Part(train_split, request.train_subset, train_split.cases(request.train_subset))
    meta = Part(meta_split, meta_subset, meta_split.cases(meta_subset))
    if prompts:
        train, meta = (replace(each, cases=tuple(case for case in each.cases if case.prompt)) for each in (train, meta))
    for part in (train, meta):
        if prompts and not part.cases:
            raise UserError(f"{part.name} has no prompts, which a generator is to learn from.")
        if not prompts and not any(value in (0, 1) for case in part.cases for value in case.labels.values()):
            raise UserError(f"{part.name} has no labels. A folder needs columns named after CheXpert labels.")
    secret = train_split.credentialed or meta_split.credentialed
    refuse_shared([case.patient for case in train.cases], [case.patient for case in meta.cases], "patient", secret)
    return train, meta


def from_splits(request: Request, seed: int, context: BuildContext) -> Source:
    """Read two splits, look at their images, and say how weights are written.

    Raises:
        UserError: what `load_parts` refuses; a credentialed split without consent; an encoder that lacks something; an
            image that cannot be read; or a budget that cannot be met.
    """
    train, meta = load_parts(request)
    refuse_credentialed(request, train, meta)
    labels = chosen_labels(train.cases, meta.cases, request.labels)
    targets = targets_of(train.cases, labels), targets_of(meta.cases, labels)
    ids = [case.id for case in meta.cases]
    rows = choose_meta(targets[1], ids, request.meta_at_most, seed, labels)
    meta = replace(meta, cases=tuple(meta.cases[row] for row in rows))
    encoder = _encoder(request.encoder, context)
    x, scaling = scaled(features_of(train, encoder), features_of(meta, encoder))
    known = unique(train, meta)

    def write_model(theta: Parameters, folder: Path) -> None:
        about = {"kind": "labels", "labels": list(labels), "encoder": encoder.name, "fingerprint": encoder.fingerprint}
        if encoder.name == "lite0" and "weight" in theta:
            _write_probe(theta, labels, targets_of(train.cases, CHEXPERT_LABELS), scaling, encoder, folder)
        else:
            write_network(theta, {**about, "mean": scaling[0].tolist(), "scale": scaling[1].tolist()}, folder)

    def counted(part: Part, table: NDArray[np.float32]) -> dict[str, Any]:
        return {
            "manifest": part.split.manifest.hash, "subset": part.subset, "images": len(part.cases),
            "patients": len({case.patient for case in part.cases}),
            "labels": content_hash([[case.id, *(case.labels.get(name) for name in labels)] for case in part.cases]),
            "positives": {name: int((table[:, column] == 1).sum()) for column, name in enumerate(labels)},
        }  # fmt: skip

    facts = {
        "train": counted(train, targets[0]), "meta": counted(meta, targets[1][rows]), "encoder": encoder.fingerprint,
        "labels": list(labels),
    }  # fmt: skip
    return TableSource(
        kind="labels", train=Examples(x[0], targets[0]), meta=Examples(x[1], targets[1][rows]), outputs=len(labels),
        train_ids=known[0], meta_ids=known[1], facts=facts, data=entries(train, meta),
        base=f"{encoder.name} {encoder.fingerprint[:12]}", write=partial(write_parts, train, meta, known),
        write_model=write_model,
    )  # fmt: skip


def entries(*parts: Part) -> tuple[dict[str, Any], ...]:
    """What a record says of the data, one entry a part."""
    return tuple(
        {
            "name": part.split.name, "version": part.split.version, "subset": part.subset,
            "hash": part.split.manifest.hash, "licence": textwrap.shorten(part.split.licence, LICENCE),
            "credentialed": part.split.credentialed,
        }
        for part in parts
    )  # fmt: skip


def write_parts(
    train: Part, meta: Part, known: tuple[tuple[str, ...], tuple[str, ...]], found: Weighted, folder: Path
) -> None:
    """`weights.csv` and the weighted split; `known` are the ids by `unique`."""
    write_weights(known, found, folder)
    parts = [(train.split, case, float(w)) for case, w in zip(train.cases, found.weights, strict=True)]
    parts += [
        (meta.split, replace(case, id=name), found.meta_weight) for case, name in zip(meta.cases, known[1], strict=True)
    ]
    write_weighted_split(parts, dict(zip(known[1], meta.cases, strict=True)), folder)


def refuse_credentialed(request: Request, *parts: Part) -> None:
    """Raise UserError for a credentialed split without consent."""
    for part in parts:
        if part.split.credentialed and not request.include_credentialed:
            raise UserError(
                f"Split {part.split.name} is credentialed: a weighted split holds its labels and prompts in a file. If "
                "your data use agreement allows that on this machine, add --input include_credentialed=true."
            )


def chosen_labels(train: Sequence[Case], meta: Sequence[Case], asked: str) -> tuple[str, ...]:
    """Labels to learn: those asked for, else all that both sets know both ways.

    Raises:
        UserError: one that is no CheXpert label, one that a set does not know both ways, or none at all.
    """
    wanted = tuple(dict.fromkeys(each.strip() for each in asked.split(",") if each.strip())) or CHEXPERT_LABELS
    unknown = [each for each in wanted if each not in CHEXPERT_LABELS]
    if unknown:
        raise UserError(f"{unknown[0]!r} is no CheXpert label. They are: {', '.join(CHEXPERT_LABELS)}.")
    lacking = {
        name: where
        for name in wanted
        for where, cases in (("meta set", meta), ("training set", train))
        if not {0, 1} <= {case.labels.get(name) for case in cases}
    }
    if asked and lacking:
        name = next(iter(lacking))
        raise UserError(f"The {lacking[name]} does not have {name} both ways (1 and 0): leave it out of labels.")
    found = tuple(name for name in wanted if name not in lacking)
    if not found:
        raise UserError("No label stands both ways (1 and 0) in both the training set and the meta set.")
    return found


def targets_of(cases: Sequence[Case], labels: Sequence[str]) -> NDArray[np.float32]:
    """float32[n, l]: 1, 0, or NaN for what is uncertain or not stated."""
    table = np.full((len(cases), len(labels)), np.nan, np.float32)
    for row, case in enumerate(cases):
        for column, name in enumerate(labels):
            if case.labels.get(name) in (0, 1):
                table[row, column] = case.labels[name]
    return table


def features_of(part: Part, encoder: Encoder) -> NDArray[np.float32]:
    """float32[n, d]; taken from the feature store, computed where it has none.

    Raises:
        UserError: an image that cannot be read; nothing is put in its place.
    """
    store = FeatureStore(encoder.fingerprint, encoder.dim)
    images = SplitImages(part.split)
    extract(
        images.items(part.cases),
        encoder,
        store,
        total=len(part.cases),
        progress=progress_lines(f"{part.name}: features"),
    )
    if images.unreadable:
        name, why = next(iter(sorted(images.unreadable.items())))
        raise UserError(f"{len(images.unreadable)} image(s) of {part.name} cannot be read, such as {name}: {why}.")
    found, missing = store.get_many([images.hashes[case.id] for case in part.cases])
    if missing:
        raise UserError(f"{len(missing)} image(s) of {part.name} cannot be read by {encoder.name}.")
    return found


def scaled(
    train: NDArray[np.float32], meta: NDArray[np.float32]
) -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Both sets by (x - mean) / scale with the training set's mean and scale; and those two, float64[d]."""
    x = train.astype(np.float64)
    mean, spread = x.mean(axis=0), x.std(axis=0)
    scale = np.where(spread > 1e-12, spread, 1.0) * np.sqrt(x.shape[1]) / NORM
    found = tuple(((each - mean) / scale).astype(np.float32) for each in (train, meta))
    return (found[0], found[1]), (mean, scale)


def _encoder(name: str, context: BuildContext) -> Encoder:
    name = ENCODERS.resolve(name)
    missing = ENCODERS.requirements(name, context)
    if missing:
        raise UserError(f"{missing[0].what} missing: {missing[0].how}.")
    return ENCODERS.build(name, context)


def unique(train: Part, meta: Part) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Case ids; of the meta set's, those that the training set has too get a prefix."""
    own = {case.id for case in train.cases}
    return tuple(case.id for case in train.cases), tuple(
        f"meta-{case.id}" if case.id in own else case.id for case in meta.cases
    )


def _write_probe(
    theta: Parameters,
    labels: Sequence[str],
    everything: NDArray[np.float32],
    scaling: tuple[NDArray[np.float64], NDArray[np.float64]],
    encoder: Encoder,
    folder: Path,
) -> None:
    """A linear network as `lite0-probe`, all 14 labels: one that was not learnt gets its share among the training
    images, (positives + 1) / (known + 2)."""
    from model_adapters.predictors.folder import write_predictor

    known = np.isfinite(everything)
    share = (np.nan_to_num(everything).sum(axis=0) + 1.0) / (known.sum(axis=0) + 2.0)
    weight = np.zeros((len(CHEXPERT_LABELS), len(scaling[0])))
    bias = np.log(share / (1.0 - share)).astype(np.float64)
    for row, name in enumerate(labels):
        place = CHEXPERT_LABELS.index(name)
        weight[place], bias[place] = theta["weight"][row].numpy(), float(theta["bias"][row])
    arrays = {"mean": scaling[0], "scale": scaling[1], "weight": weight, "bias": bias, "strength": np.array([0.0])}
    write_predictor(folder, PROBE, CHEXPERT_LABELS, {"encoder": encoder.fingerprint}, arrays)
