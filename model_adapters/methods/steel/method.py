"""`steel`: draw adapters before the examples are seen, choose the best on the examples, and prove its error.

Rezk et al., "Weight Space Learning for Certifiable Few-shot Transfer Learning" (arXiv 2502.06970), from a reading of
it: no code is public, so network, schedule, search and constants are ours.

1. a zoo of adapters of source tasks, given or fine-tuned here (LoRA-XS in any network)
2. an unconditional diffusion model of standardised adapter vectors
3. M draws, written down by hash before the examples are opened
4. the draw with fewest errors; R <= bound(errors, ln M), exact binomial where examples are right or wrong

Controls: candidates = zoo, gaussian (moments of the zoo) or sgd (fine-tuned on the examples; no finite set, so only the
test-set bound holds, and eq. 7 of the paper is told).

Layout of the output: `zoo.f32`, `diffusion.safetensors`, `candidates.f32`, `plan.json`, `scores.f32`, `course/`,
`measured.json`, `model/` (the artifact: adapter_model.safetensors, certificate.json, test-set-certificate.json).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_splits.integrity import sha256_file
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.files import write_certificate
from leaderboards.statistics.certificates.words import sentence
from model_adapters.card import ModelCard
from model_adapters.methods.certificates.course import Course
from model_adapters.methods.certificates.plan import Plan
from model_adapters.methods.certificates.sample import open_sample, require_independent
from model_adapters.methods.certificates.setup import CERTIFICATE_FILE, TEST_SET_FILE, require_common
from model_adapters.methods.measured import note_measured
from model_adapters.methods.merging.method import texts
from model_adapters.methods.steel import candidates as drawing
from model_adapters.methods.steel.choose import Chosen, choose, fine_tune
from model_adapters.methods.steel.diffusion import train_diffusion
from model_adapters.methods.steel.made_up import made_up_steel
from model_adapters.methods.steel.settings import (
    INPUTS,
    diffusion_of,
    plan_of,
    require_settings,
    sizes_of,
    zoo_source,
)
from model_adapters.methods.steel.tasks import open_host, write_adapter
from model_adapters.methods.steel.vectors import VectorFile, moments
from model_adapters.methods.steel.zoo import files_hash, files_of, read_zoo, train_zoo
from model_adapters.protocols import Artifact, BuildContext, MethodInput, Saved

NAME = "steel"

CARD = ModelCard(
    name=NAME,
    kind="method",
    source="computed",
    licence="Apache-2.0",
    notes=(
        "STEEL (arXiv 2502.06970) from a reading of the paper: no code is public; diffusion network, schedule, search "
        "and constants are ours.",
        "The certificate is of the adapter written: one fixed model.",
    ),
)

RECONSTRUCTED = (
    "diffusion network, noise schedule and training are ours: the paper's are not public",
    "hierarchical search: clusters ranked by the loss of their middle candidate is our reading",
)


class Steel:
    """Draws, then chooses."""

    card = CARD
    inputs: Mapping[str, MethodInput] = INPUTS

    def __init__(self, device: str = "cpu") -> None:
        self.device = device

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        """Zoo, diffusion, draws, plan; then open the examples, search, certify.

        Raises:
            UserError: settings or files that do not fit; Refused where the certificate would break a rule.
        """
        require_common(inputs)
        require_settings(inputs)
        source = zoo_source(inputs)
        given = inputs["zoo"] is not None
        files = files_of(inputs["zoo"] if given else inputs["sources"], "zoo" if given else "sources")
        kind, sizes, how = inputs["candidates"], sizes_of(inputs["sizes"]), diffusion_of(inputs, seed)
        steps = {
            "zoo": 1 if given else len(files),
            "diffusion": how.stage_steps if kind == "diffusion" else 0,
            "draw": 0 if kind == "sgd" else drawing.block_count(max(sizes)),
            "search": 2 if kind == "sgd" else -(-max(sizes) // 50),
            "write": 1,
        }
        course = Course(output / "course", steps, saved)
        rank = inputs["rank"]
        template = output / "template.safetensors" if rank else Path(files[0]).expanduser()
        layers = texts(inputs["layers"]) or ["*"]
        host = open_host(inputs["network"], inputs["weights"], rank, layers, template)
        zoo = VectorFile(output / "zoo.f32", host.layout.size)
        if given:
            read_zoo(files, host.layout, zoo, course["zoo"])
        else:
            train_zoo(
                files, host, inputs["loss"], inputs["chunk"], self.device, inputs["zoo_steps"], inputs["zoo_rate"],
                zoo, course["zoo"],
            )  # fmt: skip
        scale = moments(zoo)
        drawn = VectorFile(output / "candidates.f32", host.layout.size)
        if kind != "sgd":
            network = train_diffusion(zoo, scale, how, output, course["diffusion"]) if kind == "diffusion" else None
            drawing.write_candidates(kind, max(sizes), zoo, scale, network, how, drawn, course["draw"])
        facts = plan_of(inputs, seed, files_hash(files), zoo, drawn, host.fingerprint)
        plan = Plan(output / "plan.json", facts)

        objective = inputs["objective"] or host.objective(
            texts(inputs["sample"]), inputs["loss"], inputs["chunk"], self.device
        )
        sample = open_sample(objective, inputs["cases"])
        require_independent(sample, source)
        Plan(output / "sample.json", {**objective.facts(), "cases": sample.cases.digest}, "when the work began")
        name = inputs["name"] or f"{NAME}-{kind}"

        def used() -> dict[str, Any]:
            return plan_of(inputs, seed, files_hash(files), zoo, drawn, host.fingerprint)

        found: Chosen = (
            fine_tune(name, inputs, host, sample, source, output, course)
            if kind == "sgd"
            else choose(name, inputs, sizes, host, sample, source, scale, drawn, plan, used, output, course, seed)
        )
        file = output / "model" / "adapter_model.safetensors"
        fresh = not file.is_file()
        write_adapter(file, host.layout.tensors(found.vector))
        for each, certificate in ((CERTIFICATE_FILE, found.certificate), (TEST_SET_FILE, found.test_set)):
            if certificate is not None:
                write_certificate(file.parent / each, certificate)
        if fresh:
            course["write"].tell(1)
        note_measured(output, candidates_scored=found.facts.get("candidates_scored", 0))
        words = sentence(found.certificate or found.test_set)
        card = ModelCard(
            name=name,
            kind=inputs["model_kind"],
            source=f"chosen by {NAME} ({kind})",
            licence=inputs["licence"],
            parameters=host.layout.size,
            weight_hashes={file.name: sha256_file(file)},
            notes=(words,),
        )
        record = _record(inputs, kind, seed, facts, len(zoo), host.layout.size, sample.size, found, objective.facts())
        return Artifact(file.parent, "adapter", card, record)

    def made_up_inputs(self, folder: Path) -> dict[str, Any]:
        """A tiny network, twelve source tasks, and one more as the sample."""
        return made_up_steel(folder)


def build(context: BuildContext) -> Steel:
    """Make the method; the network runs on the context's device."""
    return Steel(context.device)


def _record(
    inputs: Mapping[str, Any], kind: str, seed: int, plan: Mapping[str, Any], zoo: int, size: int, n: int,
    found: Chosen, objective: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    def plain(certificate: Certificate | None) -> Any:
        return None if certificate is None else certificate.model_dump(mode="json")

    return {
        "method": NAME,
        "arm": NAME if kind == "diffusion" else kind,
        "control": kind != "diffusion",
        "controls": ["zoo", "gaussian", "sgd"] if kind == "diffusion" else [],
        "base": plan["host"],
        "settings": plan["settings"],
        "seed": seed,
        "budget": {"labelled_at_most": n},
        "labelled": n,
        "trainable": size,
        "data": [],
        "scores": [],
        "zoo": {"adapters": zoo, "length": size, "sha256": plan["zoo"], "candidates_sha256": plan["candidates"]},
        "objective": dict(objective),
        "certificate": plain(found.certificate),
        "certificate_words": None if found.certificate is None else sentence(found.certificate),
        "test_set": plain(found.test_set),
        "test_set_words": sentence(found.test_set),
        "facts": dict(found.facts),
        "reconstructed": list(RECONSTRUCTED),
    }
