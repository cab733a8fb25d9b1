"""FedP2EFT on text: clients are languages, their text the message catalogues of a large project.

    pip download django --no-deps && unzip -q Django-*.whl -d django
    python -m benchmarks.fedp2eft_languages --catalogues django/django --output runs/languages

A byte-level Llama of two layers is trained on the catalogues of Django's own applications in the seen languages;
clients have those of its core (conf/locale), in disjoint parts. It is then personalised: every
arm at the same rank budget, from the same start. Of a language one client takes part in training and one does not; four
languages take no part. A score is the share of next bytes told right. Resumes; prints a table, writes study.json.
"""

from __future__ import annotations

import argparse
import statistics
import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks._federation_study import write_study_of
from data_splits.errors import UserError
from data_splits.integrity import atomic_write, content_hash
from leaderboards.records.method_record import DataUsed
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.fedp2eft.method import FedP2eft
from model_adapters.methods.run import run_method

SEEN = ("de", "fr", "pl", "tr", "fi", "id", "el", "ru", "ar", "he", "hu", "es")
UNSEEN = ("it", "uk", "sv", "fa")
LENGTH, TRAIN, TEST = 64, 48, 64
ARMS = ("uniform-lora", "tuned-lora", "rank-only", "bayestune-local", "no-adaptation", "fedp2eft")
SETTINGS: dict[str, Any] = {
    "max_rank": 8, "alpha": 16.0, "rank": 2, "rounds": 40, "clients_per_round": 8, "epochs": 4, "batch": 16,
    "rate": 3e-3, "generator_rate": 3e-3, "sparsity": 0.1, "loss": "tokens", "exclude": "lm_head", "adapters": False,
}  # fmt: skip


def messages(path: Path) -> list[str]:
    """The translations in a compiled gettext catalogue (.mo), in the order of the file; no header."""
    data = path.read_bytes()
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    _, count, _, table = struct.unpack_from(f"{order}4I", data, 4)
    found = []
    for index in range(count):
        length, start = struct.unpack_from(f"{order}2I", data, table + 8 * index)
        found.append(data[start : start + length].decode("utf-8").split("\x00")[0])
    return found[1:]


def blocks(text: list[str], number: int, seed: int) -> torch.Tensor:
    """int64[number, 64]: bytes of the messages in a random order, cut in blocks.

    Raises:
        UserError: there is not enough text.
    """
    rng = np.random.default_rng(seed)
    joined = "\n".join(text[index] for index in rng.permutation(len(text))).encode()
    if len(joined) < number * LENGTH:
        raise UserError(f"A catalogue has {len(joined)} bytes; {number * LENGTH} are needed. Choose a larger project.")
    return torch.frombuffer(bytearray(joined[: number * LENGTH]), dtype=torch.uint8).long().reshape(number, LENGTH)


def network() -> Any:
    """The language model: 2 layers of width 64, untied."""
    from transformers import LlamaConfig, LlamaForCausalLM

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return LlamaForCausalLM(
            LlamaConfig(
                vocab_size=256, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
                max_position_embeddings=LENGTH, tie_word_embeddings=False, bos_token_id=None, eos_token_id=None,
            )
        )  # fmt: skip


def write_base(folder: Path, data: torch.Tensor, steps: int) -> None:
    """Train on blocks of text (AdamW, cosine), and save as an ordinary checkpoint."""
    if (folder / "model.safetensors").exists():
        return
    model = network()
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


def write_clients(folder: Path, catalogues: Path, seed: int) -> tuple[list[str], list[str]]:
    """Client files, seen and unseen. No message is in two of them."""
    from safetensors.torch import save

    seen, unseen = [], []
    for language in (*SEEN, *UNSEEN):
        text = messages(catalogues / "conf" / "locale" / language / "LC_MESSAGES" / "django.mo")
        rng = np.random.default_rng(derive_seed(seed, language, purpose="catalogue"))
        order = [text[index] for index in rng.permutation(len(text))]
        parts = [order[index::4] for index in range(4)]
        for half in (0, 1):
            train = blocks(parts[2 * half], min(TRAIN, _room(parts[2 * half])), 1)
            test = blocks(parts[2 * half + 1], min(TEST, _room(parts[2 * half + 1])), 2)
            path = folder / f"{language}-{half}.safetensors"
            tensors = {f"train.{name}": train.clone() for name in ("inputs", "targets")}
            tensors |= {f"test.{name}": test.clone() for name in ("inputs", "targets")}
            with atomic_write(path) as stream:
                stream.write(save(tensors))
            (seen if half == 0 and language in SEEN else unseen).append(str(path))
    return seen, unseen


def base_text(catalogues: Path) -> torch.Tensor:
    """Blocks of the applications' catalogues in the seen languages."""
    found = []
    for language in SEEN:
        files = sorted(catalogues.glob(f"contrib/*/locale/{language}/LC_MESSAGES/django*.mo"))
        text = [message for file in files for message in messages(file)]
        found.append(blocks(text, _room(text), 0))
    return torch.cat(found)


def _room(text: list[str]) -> int:
    return len("\n".join(text).encode()) // LENGTH


def main() -> None:
    """Run every arm over seeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalogues", type=Path, required=True, help="folder of the package django")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--base-steps", type=int, default=800)
    given = parser.parse_args()
    torch.set_num_threads(1)
    base = given.output / "base"
    write_base(base, base_text(given.catalogues), given.base_steps)
    found: dict[str, list[tuple[Path, Any]]] = {arm: [] for arm in ARMS}
    for seed in range(given.seeds):
        here = given.output / f"seed-{seed}"
        seen, unseen = write_clients(here / "clients", given.catalogues, seed)
        common = {
            "clients": seen, "unseen": unseen, "base": str(base), "network": f"transformers:{base}",
            **SETTINGS,
        }  # fmt: skip
        for arm in ARMS:
            artifact = run_method(FedP2eft(), {**common, "arm": arm}, here / arm, seed)
            found[arm].append((here / arm, artifact.record))
            means = [statistics.mean(score["values"]) for score in artifact.record["scores"]]
            print(f"seed {seed}: {arm}: " + ", ".join(f"{mean:.4f}" for mean in means), flush=True)
    hashes = [content_hash([client["sha256"] for client in record["clients"]]) for _, record in found["fedp2eft"]]
    write_study_of(
        given.output / "study.json", found, title="FedP2EFT over languages",
        question="Do ranks chosen in a federation serve clients of seen and unseen languages better than even ones?",
        base="byte-level Llama, 2 layers of width 64, trained on the seen languages",
        data=[DataUsed(
            name="message catalogues of Django", version="django.conf.locale", subset=" ".join((*SEEN, *UNSEEN)),
            hash=content_hash(hashes), licence="BSD-3-Clause", credentialed=False,
        )],
        command="python -m benchmarks.fedp2eft_languages --catalogues django/django --output runs/languages",
    )  # fmt: skip


if __name__ == "__main__":
    main()
