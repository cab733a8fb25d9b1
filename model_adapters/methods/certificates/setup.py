"""What every certified learner over a pool is given, opened in the order that makes its certificate valid."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.claim import Source
from leaderboards.statistics.certificates.words import sentence
from model_adapters.card import ModelCard
from model_adapters.methods.certificates.course import Stage
from model_adapters.methods.certificates.plan import Plan
from model_adapters.methods.certificates.sample import Sample, open_sample, pool_source, require_independent
from model_adapters.methods.merging.method import texts, write_merged
from model_adapters.methods.merging.objective import Objective
from model_adapters.methods.merging.pool import Pool, open_pool
from model_adapters.methods.merging.proxy import open_proxy
from model_adapters.methods.merging.run import Merged
from model_adapters.protocols import Artifact, MethodInput

POOL_INPUTS = {
    "models": MethodInput(
        "the K models: .safetensors files, folders or cached hub ids (list, or comma-separated)", required=True
    ),
    "base": MethodInput(
        'what they were fine-tuned from, likewise; "zeros" for low-rank adapters', required=True
    ),
    "exclude": MethodInput("shell patterns of tensors that are copied from the base, not merged (heads)"),
    "hold": MethodInput("keep the pool in memory once read: faster, linear in K", default=False),
    "trained_on": MethodInput("what the models were fine-tuned on: CSV file with columns case, patient"),
    "trained_on_statement": MethodInput("instead of trained_on: why they cannot have seen the sample"),
}  # fmt: skip

SAMPLE_INPUTS = {
    "network": MethodInput("mlp, diffusers:FOLDER, transformers:FOLDER, peft:BASE:ADAPTER, MODULE:FUNCTION"),
    "sample": MethodInput("a .safetensors file of the labelled examples (docs/merging.md), one task"),
    "objective": MethodInput("in Python, instead of network and sample: an Objective of one task"),
    "cases": MethodInput("CSV file with columns case, patient, in the order of the examples", required=True),
    "loss": MethodInput("cross-entropy, binary-cross-entropy or tokens", default="cross-entropy"),
    "chunk": MethodInput("most examples of one forward pass; 0 for all", default=0),
    "delta": MethodInput("failure probability of a certificate", default=0.05),
    "simultaneous": MethodInput("certificates that shall hold together; each gets delta / simultaneous", default=1),
    "name": MethodInput("of the model, on its card"),
    "model_kind": MethodInput("what the model is: predictor, generator, vlm or encoder", default="predictor"),
    "licence": MethodInput("of the model", default="that of the models it is made of"),
    "labelled_at_most": MethodInput("most labelled examples that may be used", budget=True),
}

CERTIFICATE_FILE, TEST_SET_FILE = "certificate.json", "test-set-certificate.json"


def numbers(text: str, what: str) -> tuple[float, ...]:
    """Comma-separated numbers.

    Raises:
        UserError: something that is none.
    """
    try:
        return tuple(float(each) for each in str(text).split(",") if each.strip())
    except ValueError:
        raise UserError(f"{what} is {text!r}; it is a list of numbers such as 1,3,5.") from None


def require_common(inputs: Mapping[str, Any]) -> None:
    """Raise UserError for settings that every learner shares and that cannot be."""
    if not 0 < inputs["delta"] < 1:
        raise UserError(f"delta is {inputs['delta']}; a failure probability lies between 0 and 1, such as 0.05.")
    if inputs["model_kind"] not in get_args(ModelCard.model_fields["kind"].annotation)[:-1]:
        raise UserError(f"model_kind is {inputs['model_kind']!r}; it is predictor, generator, vlm or encoder.")
    if inputs["loss"] == "mean-square":
        raise UserError("A squared error is not bounded: certificates hold for cross-entropy's errors and for scores.")


def pool_of(inputs: Mapping[str, Any]) -> tuple[Pool, Source]:
    """The pool and what it was trained on.

    Raises:
        UserError: models that do not fit each other, or nothing is known of their data.
    """
    pool = open_pool(texts(inputs["models"]), inputs["base"], texts(inputs["exclude"]), inputs["hold"])
    return pool, pool_source(inputs["trained_on"], inputs["trained_on_statement"])


def plan_facts(
    method: str, settings: Mapping[str, Any], pool: Any, inputs: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """Everything that the sample must not change."""
    return {
        "method": method, "settings": dict(settings), "pool": pool, "delta": inputs["delta"],
        "simultaneous": inputs["simultaneous"], "exclude": str(inputs["exclude"]), "loss": inputs["loss"], **more,
    }  # fmt: skip


def sample_of(inputs: Mapping[str, Any], pool: Pool, source: Source, work: Path, device: str) -> Sample:
    """The sample, opened now; call it after the plan is written.

    Raises:
        UserError: it is missing, or not the file that an earlier call in `work` had; Refused where its cases are not
            independent of each other or of what the pool saw.
    """
    objective: Objective
    if inputs["objective"] is not None:
        if isinstance(inputs["objective"], str):
            raise UserError("objective is a Python object. In a file, name network and sample.")
        objective = inputs["objective"]
    else:
        if inputs["network"] is None or inputs["sample"] is None:
            raise UserError(
                'A certificate needs network = "..." and sample = "a.safetensors" (docs/certified-learners.md).'
            )
        objective = open_proxy(
            inputs["network"], texts(inputs["sample"]), inputs["loss"], pool, inputs["chunk"], device
        )
    sample = open_sample(objective, inputs["cases"])
    require_independent(sample, source)
    Plan(work / "sample.json", {**objective.facts(), "cases": sample.cases.digest}, "when the work began")
    return sample


def write_model(
    pool: Pool, merged: Merged, folder: Path, stage: Stage, certificates: Mapping[str, Certificate]
) -> Path:
    """Weights, ledger and certificates into the artifact's folder; the weights' path."""
    from leaderboards.statistics.certificates.files import write_certificate

    file = write_merged(pool, merged, folder, {}, stage.tell)
    for name, certificate in certificates.items():
        write_certificate(folder / name, certificate)
    return file


def record_of(
    method: str, arm: str, inputs: Mapping[str, Any], settings: Mapping[str, Any], seed: int, sample: Sample,
    trainable: int, certificates: Mapping[str, Certificate], facts: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """The record that the methods board reads, with both certificates whole."""
    main, beside = certificates[CERTIFICATE_FILE], certificates[TEST_SET_FILE]
    return {
        "method": method,
        "arm": arm,
        "control": arm == "lorahub",
        "controls": [] if arm == "lorahub" else ["test-set bound", "lorahub"],
        "base": Path(str(inputs["base"])).name if inputs.get("base") else "",
        "settings": dict(settings),
        "seed": seed,
        "budget": {"labelled_at_most": sample.size},
        "labelled": sample.size,
        "trainable": trainable,
        "data": [],
        "scores": [],
        "objective": sample.objective.facts(),
        "certificate": main.model_dump(mode="json"),
        "certificate_words": sentence(main),
        "test_set": beside.model_dump(mode="json"),
        "test_set_words": sentence(beside),
        "facts": dict(facts),
    }


def artifact_of(
    name: str, inputs: Mapping[str, Any], source: str, pool: Pool, file: Path, record: dict[str, Any]
) -> Artifact:
    """The folder of the merged model, with its card; an adapter where the pool's tensors are low-rank factors."""
    card = ModelCard(
        name=inputs["name"] or name,
        kind=inputs["model_kind"],
        source=source,
        licence=inputs["licence"],
        parameters=sum(pool.entry(each).numel for each in pool.template.entries),
        weight_hashes={file.name: sha256_file(file)},
        notes=(record["certificate_words"],),
    )
    low_rank = any("lora_" in each for each in pool.merged)
    return Artifact(file.parent, "adapter" if low_rank else "checkpoint", card, record)
