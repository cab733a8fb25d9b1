"""`merging`: one model from a pool of fine-tuned ones, by any of the merging methods. Resumable, flat in memory.

Layout of the output: `model/` (the artifact: weights, configuration of the base, ledger.json of a linear merge,
details.json), `state.json` (the learning so far), `measured.json` (tensor reads, beside the
runner's seconds and memory).
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from data_splits.errors import UserError
from data_splits.integrity import sha256_file, write_json
from model_adapters.card import ModelCard
from model_adapters.methods.contents import hold_to_contents
from model_adapters.methods.measured import note_measured
from model_adapters.methods.merging import table
from model_adapters.methods.merging.checkpoint import FLOATS, WEIGHT_FILES, Checkpoint
from model_adapters.methods.merging.ledger import write_ledger
from model_adapters.methods.merging.made_up import made_up_pool
from model_adapters.methods.merging.objective import Objective
from model_adapters.methods.merging.pool import Pool, open_pool
from model_adapters.methods.merging.run import Merged, MergeRun
from model_adapters.methods.merging.writer import TensorWriter
from model_adapters.protocols import Artifact, BuildContext, MethodInput, Saved

NAME = "merging"

CARD = ModelCard(
    name=NAME,
    kind="method",
    source="computed",
    licence="Apache-2.0",
    notes=(
        f"Methods: {', '.join(table.METHODS)}.",
        "fw-hard, fw-soft: FW-Merging (arXiv 2503.12649) by its definition; *-authors: by its released code.",
        "LoRAHub searches with an evolution strategy of our own in place of nevergrad.",
    ),
)

OWN_INPUTS = {
    "method": MethodInput(f"merging method: {', '.join(table.METHODS)}", required=True),
    "models": MethodInput(
        "the K models: .safetensors files, folders or cached hub ids (list, or comma-separated)", required=True
    ),
    "base": MethodInput('what they were fine-tuned from, likewise; "zeros" for low-rank adapters'),
    "exclude": MethodInput("shell patterns of tensors that are copied from the base, not merged (heads)"),
    "network": MethodInput(
        "for learning methods: mlp, diffusers:FOLDER, transformers:FOLDER, peft:BASE:ADAPTER, MODULE:FUNCTION"
    ),
    "tasks": MethodInput("for learning methods: a .safetensors file of a few examples for each task (docs/merging.md)"),
    "objective": MethodInput("in Python, instead of network and tasks: an Objective"),
    "loss": MethodInput("cross-entropy, binary-cross-entropy, tokens or mean-square", default="cross-entropy"),
    "chunk": MethodInput("most examples of one forward pass; 0 for a whole task", default=0),
    "hold": MethodInput("keep the pool in memory once read: faster, linear in K", default=False),
    "dtype": MethodInput("of the merged weights: keep, float32, float16 or bfloat16", default="keep"),
    "name": MethodInput("of the merged model, on its card"),
    "model_kind": MethodInput("what the merged model is: predictor, generator, vlm or encoder", default="predictor"),
    "licence": MethodInput("of the merged model", default="that of the models merged"),
    "labelled_at_most": MethodInput("most labelled examples that may be used", budget=True),
}


class Merging:
    """Merges; see `table.METHODS`."""

    card = CARD

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        settings = {key: MethodInput(text) for key, text in table.all_options().items()}
        self.inputs: Mapping[str, MethodInput] = {**OWN_INPUTS, **settings}

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        """Learn what the method learns, then write the merged model tensor by tensor.

        Raises:
            UserError: models that do not fit each other, settings that the method does not have, files that changed
                since an earlier call, or whatever the method says.
        """
        name = inputs["method"]
        given = {key: value for key, value in inputs.items() if key not in OWN_INPUTS and value is not None}
        settings = table.settings_of(name, given)
        if inputs["model_kind"] not in get_args(ModelCard.model_fields["kind"].annotation)[:-1]:
            raise UserError(f"model_kind is {inputs['model_kind']!r}; it is predictor, generator, vlm or encoder.")
        pool = open_pool(texts(inputs["models"]), inputs["base"], texts(inputs["exclude"]), inputs["hold"])
        dtypes = _dtypes(pool, inputs["dtype"])
        objective = self._objective(inputs, pool)
        contents = {"pool": pool.facts(), "objective": objective.facts() if objective else None}
        hold_to_contents(output / "pool.json", contents, "A model or task")
        run = MergeRun(pool, objective, settings, seed, output)
        planned = table.planned_steps(run, name)
        total = planned + len(pool.merged)
        run.step = lambda done: saved(done, total)
        merged = table.merge(run, name)
        file = write_merged(pool, merged, output / "model", dtypes, lambda done: saved(planned + done, total))
        record = _record(run, name, merged, file.parent)
        note_measured(output, tensor_reads=pool.reads, passes=pool.reads / (len(pool.merged) * pool.size))
        card = ModelCard(
            name=inputs["name"] or f"{name}-of-{pool.size}",
            kind=inputs["model_kind"],
            source=f"merged by {NAME} ({name})",
            licence=inputs["licence"],
            parameters=sum(pool.entry(each).numel for each in pool.template.entries),
            weight_hashes={file.name: sha256_file(file)},
        )
        low_rank = any("lora_" in each for each in pool.merged)
        return Artifact(file.parent, "adapter" if low_rank else "checkpoint", card, record)

    def made_up_inputs(self, folder: Path) -> dict[str, Any]:
        """Three tiny networks and two tasks, merged by fw-hard."""
        return made_up_pool(folder)

    def _objective(self, inputs: Mapping[str, Any], pool: Pool) -> Objective | None:
        if inputs["objective"] is not None:
            if isinstance(inputs["objective"], str):
                raise UserError("objective is a Python object. In a file, name network and tasks.")
            found: Objective = inputs["objective"]
            return found
        if inputs["network"] is None and inputs["tasks"] is None:
            return None
        if inputs["network"] is None or inputs["tasks"] is None:
            raise UserError("network and tasks go together: the one is tried on the other.")
        from model_adapters.methods.merging.proxy import open_proxy

        tasks = texts(inputs["tasks"])
        return open_proxy(inputs["network"], tasks, inputs["loss"], pool, inputs["chunk"], self.device)


def build(context: BuildContext) -> Merging:
    """Make the method; the network runs on the context's device."""
    return Merging(context.device)


def texts(value: Any) -> list[str]:
    """A list of texts, or one comma-separated text.

    Raises:
        UserError: neither.
    """
    if value is None:
        return []
    if isinstance(value, str):
        return [each.strip() for each in value.split(",") if each.strip()]
    if isinstance(value, list | tuple) and all(isinstance(each, str | Path) for each in value):
        return [str(each) for each in value]
    raise UserError(f"{value!r} is no list of texts.")


def _dtypes(pool: Pool, dtype: str) -> dict[str, str]:
    if dtype == "keep":
        return {}
    known = {name: stored for stored, name in FLOATS.items()}
    if dtype not in known:
        raise UserError(f"dtype is {dtype!r}; it is keep, {', '.join(known)}.")
    return dict.fromkeys(pool.merged, known[dtype])


def write_merged(pool: Pool, merged: Merged, folder: Path, dtypes: dict[str, str], step: Any) -> Path:
    """The weights, then what stands beside them."""
    writer = TensorWriter(
        folder / _weight_file(pool.template if pool.template.files else pool.models[0]), pool.template.entries, dtypes
    )
    for name in pool.copied:
        if name not in writer.done:
            writer.write(name, pool.template.raw(name))
    for done, name in enumerate(pool.merged, start=1):
        if name not in writer.done:
            writer.write(name, _finite(merged.tensor(name), name))
            step(done)
    file = writer.finish()
    source = pool.template.folder or pool.models[0].folder
    for each in sorted(source.iterdir()) if source else []:
        if each.suffix in (".json", ".txt") and not each.name.endswith(".index.json") and each.is_file():
            shutil.copyfile(each, folder / each.name)
    if merged.ledger is not None:
        write_ledger(folder / "ledger.json", merged.ledger, pool)
    return file


def _finite(tensor: Any, name: str) -> Any:
    if not bool(tensor.isfinite().all()):
        raise UserError(f"{name} of the merged model is not finite. Look for NaN in the pool.")
    return tensor


def _weight_file(model: Checkpoint) -> str:
    name = re.sub(r"-\d+-of-\d+", "", model.files[0].name) if model.files else ""
    return name if name in WEIGHT_FILES else WEIGHT_FILES[0]


def _record(run: MergeRun, name: str, merged: Merged, folder: Path) -> dict[str, Any]:
    """The method's facts; long ones lie in details.json."""
    long = {key: value for key, value in merged.facts.items() if len(json.dumps(value)) > 2000}
    if long:
        write_json(folder / "details.json", long)
    pool, uses_labels = run.pool, bool(merged.facts.get("uses_labels", False))
    examples = sum(run.objective.examples(task) for task in run.objective.tasks) if run.objective else 0
    record: dict[str, Any] = {
        "method": name,
        "settings": dict(run.settings),
        "seed": run.seed,
        "pool": pool.facts(),
        "merged_tensors": len(pool.merged),
        "copied_tensors": len(pool.copied),
        "merged_parameters": pool.parameters,
        "objective": run.objective.facts() if run.objective else None,
        "uses_labels": uses_labels,
        "budget": {"labelled_at_most": examples if uses_labels else 0},
        "facts": {key: "details.json" if key in long else value for key, value in merged.facts.items()},
    }
    if merged.ledger is not None:
        support = [pool.label(index) for index in merged.ledger.support()]
        record["ledger"] = {"blocks": len(merged.ledger.blocks), "support": support}
    return record
