"""`certified-fw`: Frank-Wolfe merging with a proof of the merged model's error. Deterministic: no Gaussian, no draws.

ln M = T (B ln(K + 1) + ln G) + ln H for T steps over K models and the base, B blocks, G step sizes, T one of H listed
numbers (references [6.1]). T is the one of least bound.

Layout of the output: as `certified-fusion`, with `path.json` (picks of both walks) in place of coefficients.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import write_json
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.claim import Source
from leaderboards.statistics.certificates.codes.iterates import iterates
from leaderboards.statistics.certificates.families import FAMILIES, Terms
from model_adapters.card import ModelCard
from model_adapters.methods.certificates.course import Course
from model_adapters.methods.certificates.fusion import made_up_sample
from model_adapters.methods.certificates.issue import NOTHING, finite_family, occam, test_set_bound
from model_adapters.methods.certificates.iterates import Walk, walk
from model_adapters.methods.certificates.plan import Plan
from model_adapters.methods.certificates.sample import Rows, Sample
from model_adapters.methods.certificates.setup import (
    CERTIFICATE_FILE,
    POOL_INPUTS,
    SAMPLE_INPUTS,
    TEST_SET_FILE,
    artifact_of,
    numbers,
    plan_facts,
    pool_of,
    record_of,
    require_common,
    sample_of,
    write_model,
)
from model_adapters.methods.measured import note_measured
from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.run import linear
from model_adapters.protocols import Artifact, BuildContext, MethodInput, Saved

NAME = "certified-fw"

CARD = ModelCard(
    name=NAME,
    kind="method",
    source="computed",
    licence="Apache-2.0",
    notes=(
        "FW-Merging (arXiv 2503.12649) by its definition; its certificate is this project's, not the paper's.",
        "The certificate is of the weights written: one fixed model.",
    ),
)

SETTINGS = {
    "iterations": MethodInput("numbers of steps, of which the one of least bound is taken", default="1,2,3,5,10"),
    "granularity": MethodInput("where one vertex is picked: task, or patterns of tensor names", default="task"),
    "grid": MethodInput("0: open-loop steps 2 / (t + 2); else a line search over 0 and so many even steps", default=0),
    "start": MethodInput("base or average: a start without data", default="base"),
}


class CertifiedFrankWolfe:
    """Walks, counts errors after each listed number of steps, certifies the best."""

    card = CARD
    inputs: Mapping[str, MethodInput] = {**POOL_INPUTS, **SAMPLE_INPUTS, **SETTINGS}

    def __init__(self, device: str = "cpu") -> None:
        self.device = device

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        """Fix the plan, open the sample, walk, certify, write the merged model.

        Raises:
            UserError: settings or files that do not fit; Refused where the certificate would break a rule.
        """
        require_common(inputs)
        settings = {key: inputs[key] for key in SETTINGS}
        counts = step_counts(settings["iterations"])
        pool, source = pool_of(inputs)
        way = Walk(pool, blocks_of(pool.merged, settings["granularity"]), settings["start"], settings["grid"])
        most = max(counts)
        course = Course(output / "course", {"half": most, "walk": most, "write": len(pool.merged)}, saved)
        plan = Plan(output / "plan.json", plan_facts(NAME, settings, pool.facts(), inputs))
        sample = sample_of(inputs, pool, source, output, self.device)
        share = inputs["delta"] / inputs["simultaneous"]
        first, second = sample.halves()
        name = inputs["name"] or f"{NAME}-of-{pool.size}"

        half = walk(way, sample.part(first), most, course["half"])
        tested = _best(way, half, counts, sample, first, share)
        told = {"learnt": "from one half of the sample", "trace": [line["picks"] for line in half[:tested]],
                "steps": [line["step"] for line in half[:tested]]}  # fmt: skip
        half_plan = Plan(output / "test-set-plan.json", told, "before the other half was scored")
        beside = test_set_bound(
            f"{name}, learnt on half of the sample", sample, first, second,
            sample.errors(way.replayed(half[:tested]).tensors(pool), second), (source,), half_plan.kept(told),
            inputs["delta"], inputs["simultaneous"],
        )  # fmt: skip

        trace = walk(way, sample.part(sample.all()), most, course["walk"])
        chosen = _best(way, trace, counts, sample, sample.all(), share)
        ledger = way.replayed(trace[:chosen])
        certificate = occam(
            name, sample, sample.errors(ledger.tensors(pool), sample.all()), "iterates",
            code_of(way, chosen, len(counts)), len(counts), (),
            (Source("hypotheses", "all iterates of the listed lengths", NOTHING), source),
            plan.kept(plan_facts(NAME, settings, pool_of(inputs)[0].facts(), inputs)),
            inputs["delta"], inputs["simultaneous"],
        )  # fmt: skip
        certificates: dict[str, Certificate] = {CERTIFICATE_FILE: certificate, TEST_SET_FILE: beside}
        write_json(output / "model" / "path.json", {"trace": trace, "chosen": chosen, "half": half, "tested": tested})
        file = write_model(pool, linear(pool, ledger, {}), output / "model", course["write"], certificates)
        record = record_of(
            NAME, NAME, inputs, settings, seed, sample, len(way.blocks) * chosen, certificates,
            {"certified": "the weights written", "iterations": chosen, "iterations_on_half": tested,
             "support": [pool.label(each) for each in ledger.support()], "gap": trace[chosen - 1]["gap"],
             "pool": pool.facts(), "path": "path.json"},
        )  # fmt: skip
        record["reconstructed"] = []
        note_measured(output, tensor_reads=pool.reads)
        return artifact_of(name, inputs, f"merged by {NAME}", pool, file, record)

    def made_up_inputs(self, folder: Path) -> dict[str, Any]:
        """Three tiny networks and one task."""
        return {**made_up_sample(folder), "iterations": "1,3"}


def build(context: BuildContext) -> CertifiedFrankWolfe:
    """Make the method; the network runs on the context's device."""
    return CertifiedFrankWolfe(context.device)


def step_counts(text: str) -> tuple[int, ...]:
    """The listed numbers of steps, rising.

    Raises:
        UserError: no whole positive numbers, or one twice.
    """
    found = numbers(text, "iterations")
    if not found or any(each != int(each) or each < 1 for each in found) or len(set(found)) != len(found):
        raise UserError(f"iterations is {text!r}; list different numbers of steps, such as 1,2,3,5,10.")
    return tuple(sorted(int(each) for each in found))


def code_of(way: Walk, steps: int, listed: int) -> dict[str, int]:
    """What a certificate stores of the price."""
    return {
        "steps": steps, "vertices": len(way.pool.vertices), "blocks": len(way.blocks), "step_sizes": way.step_sizes,
        "step_counts": listed,
    }  # fmt: skip


def _best(
    way: Walk, trace: Sequence[dict[str, Any]], counts: Sequence[int], sample: Sample, rows: Rows, share: float
) -> int:
    """The listed number of steps whose iterate has the least bound; of equal ones the smallest."""
    bound = FAMILIES[finite_family(sample.loss)].bound
    found = {}
    for count in counts:
        total = float(sample.errors(way.replayed(list(trace[:count])).tensors(way.pool), rows).sum())
        nats = iterates(**code_of(way, count, len(counts)))
        found[count] = bound(Terms(len(rows), total, min(total / len(rows), 1.0), nats, share))
    return min(found, key=lambda count: found[count])
