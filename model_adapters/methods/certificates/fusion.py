"""`certified-fusion`: merge coefficients learnt on a few examples, with a proof of the merged model's error.

Kim et al., "Model Merging is Secretly Certifiable" (arXiv 2505.15798): the models of the pool are fixed before the
examples are seen, so capacity is the number of coefficients, whatever the size of the network. Their optimiser, delta
and prior variances are not public; those here are ours.

method               coefficients of
task-arithmetic      every task vector, one a model
ties                 every trimmed and sign-elected task vector, one a model
ada-merging          every task vector, one a model and tensor; supervised
lorahub              every task vector, in [-1.5, 1.5], without gradients and with LoRAHub's penalty (baseline)

mode = posterior: a Gaussian over the coefficients, PAC-Bayes, certifies random draws of it (Gibbs). mode = codes: the
best of a finite set of coefficients, exact binomial Occam, certifies one merged model.

Layout of the output: `plan.json` (all that is fixed beforehand, written before the sample is opened), `course/`
(states), `measured.json`, `model/` (the artifact: weights, ledger.json, certificate.json, test-set-certificate.json,
coefficients.json).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import write_json
from model_adapters.card import ModelCard
from model_adapters.methods.certificates import fusion_codes, fusion_posterior
from model_adapters.methods.certificates.coefficients import Coefficients
from model_adapters.methods.certificates.course import Course
from model_adapters.methods.certificates.elected import elected_pool, elected_steps
from model_adapters.methods.certificates.fusion_run import Fused, FusionRun
from model_adapters.methods.certificates.plan import Plan
from model_adapters.methods.certificates.setup import (
    CERTIFICATE_FILE,
    POOL_INPUTS,
    SAMPLE_INPUTS,
    TEST_SET_FILE,
    artifact_of,
    plan_facts,
    pool_of,
    record_of,
    require_common,
    sample_of,
    write_model,
)
from model_adapters.methods.measured import note_measured
from model_adapters.methods.merging.made_up import made_up_pool
from model_adapters.methods.merging.run import Merged
from model_adapters.protocols import Artifact, BuildContext, MethodInput, Saved

NAME = "certified-fusion"

METHODS = ("task-arithmetic", "ties", "ada-merging", "lorahub")

CARD = ModelCard(
    name=NAME,
    kind="method",
    source="computed",
    licence="Apache-2.0",
    notes=(
        "Certified fusion (arXiv 2505.15798) from its description: no code is public; optimiser, prior variances and "
        "levels are ours.",
        "mode = posterior certifies random draws of the posterior (Gibbs), not the model of mean coefficients.",
        "LoRAHub searches with an evolution strategy of our own in place of nevergrad.",
    ),
)

SETTINGS = {
    "method": MethodInput(f"what coefficients are of: {', '.join(METHODS)}", default="task-arithmetic"),
    "mode": MethodInput("posterior (Gaussian, PAC-Bayes) or codes (finite set, exact binomial)", default="posterior"),
    "granularity": MethodInput("task, layer or patterns of tensor names; empty: the method's own", default=""),
    "density": MethodInput("share of each task vector's entries that TIES keeps", default=0.2),
    "search": MethodInput("posterior: gradient or gradient-free; codes: exhaustive or greedy; auto", default="auto"),
    **fusion_posterior.SETTINGS,
    **fusion_codes.SETTINGS,
}


class CertifiedFusion:
    """Learns coefficients and issues the certificate, beside it the test-set bound."""

    card = CARD
    inputs: Mapping[str, MethodInput] = {**POOL_INPUTS, **SAMPLE_INPUTS, **SETTINGS}

    def __init__(self, device: str = "cpu") -> None:
        self.device = device

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        """Fix the plan, open the sample, learn, certify, write the merged model.

        Raises:
            UserError: settings or files that do not fit; Refused where the certificate would break a rule.
        """
        require_common(inputs)
        settings = settings_of(inputs)
        pool, source = pool_of(inputs)
        mode = fusion_codes if settings["mode"] == "codes" else fusion_posterior
        elect = elected_steps(pool) if settings["method"] == "ties" else 0
        size = len(Coefficients(pool, settings["granularity"]).blocks) * pool.size
        steps = {"elect": elect, **mode.steps(settings, size), "write": len(pool.merged)}
        course = Course(output / "course", steps, saved)
        merged_pool = pool
        if settings["method"] == "ties":
            merged_pool = elected_pool(pool, settings["density"], output / "elected", course["elect"], inputs["hold"])
        space = Coefficients(merged_pool, settings["granularity"])
        plan = Plan(output / "plan.json", plan_facts(NAME, settings, pool.facts(), inputs, seed=seed))
        sample = sample_of(inputs, pool, source, output, self.device)
        name = inputs["name"] or f"{settings['method']}-of-{pool.size}"
        run = FusionRun(
            name, space, sample, settings, inputs["delta"], inputs["simultaneous"], seed, output, course, source,
            plan, lambda: plan_facts(NAME, settings, pool_of(inputs)[0].facts(), inputs, seed=seed),
        )  # fmt: skip
        fused: Fused = mode.learn(run)
        certificates = {CERTIFICATE_FILE: fused.certificate, TEST_SET_FILE: fused.test_set}
        ledger = space.ledger(fused.alpha)
        # A ledger speaks of the pool's own files: trimmed models are not among them.
        told = None if settings["method"] == "ties" else ledger
        merged = Merged(lambda each: ledger.tensor(merged_pool, each), {}, told)
        write_json(output / "model" / "coefficients.json", fused.coefficients)
        file = write_model(pool, merged, output / "model", course["write"], certificates)
        arm = f"{settings['method']}, {settings['mode']}"
        record = record_of(
            NAME, "lorahub" if settings["method"] == "lorahub" else arm, inputs, settings, seed, sample, space.size,
            certificates, {**fused.facts, "pool": pool.facts(), "coefficients": "coefficients.json"},
        )  # fmt: skip
        record["reconstructed"] = ["optimiser, delta, prior variances and levels are ours: the paper's are not public"]
        note_measured(output, tensor_reads=pool.reads + (merged_pool.reads if elect else 0))
        return artifact_of(name, inputs, f"merged by {NAME} ({arm})", pool, file, record)

    def made_up_inputs(self, folder: Path) -> dict[str, Any]:
        """Three tiny networks and one task, a posterior from its gradients."""
        return {**made_up_sample(folder), "steps": 8, "save_every": 2, "draws": 40}


def build(context: BuildContext) -> CertifiedFusion:
    """Make the method; the network runs on the context's device."""
    return CertifiedFusion(context.device)


def settings_of(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The settings alone, what is left to the method filled in.

    Raises:
        UserError: settings that exclude each other.
    """
    settings = {key: inputs[key] for key in SETTINGS}
    if settings["method"] not in METHODS:
        raise UserError(f"method is {settings['method']!r}; it is {', '.join(METHODS)}.")
    if settings["mode"] not in ("posterior", "codes"):
        raise UserError(f"mode is {settings['mode']!r}; it is posterior or codes.")
    if settings["method"] == "lorahub" and (settings["mode"] == "codes" or settings["train"] == "bound"):
        raise UserError("LoRAHub's weights are found by its own loss: use mode = posterior and train = loss.")
    settings["granularity"] = settings["granularity"] or ("layer" if settings["method"] == "ada-merging" else "task")
    return settings


def made_up_sample(folder: Path) -> dict[str, Any]:
    """The made-up pool of merging and its first task as a sample of 24 patients; inputs of any certified learner."""
    made = made_up_pool(folder)
    cases = folder / "cases.csv"
    cases.write_text("case,patient\n" + "".join(f"case-{row},patient-{row}\n" for row in range(24)), "utf-8")
    return {
        "base": made["base"], "models": made["models"], "network": made["network"], "sample": made["tasks"][0],
        "cases": str(cases), "trained_on_statement": "made up from random numbers",
    }  # fmt: skip
