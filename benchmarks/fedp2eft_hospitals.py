"""FedP2EFT on radiographs: clients are a site and a view, as hospitals are; the classifier reads lite0 features.

    python -m benchmarks.fedp2eft_hospitals --nih nih/cases.csv --hannover hannover/cases.csv --output runs/hospitals

The task is the patient's sex, the one label that both sites know. A two-layer network on 1280 features, random at the
start, is trained over the seen clients (`--base-trainer fedavg` or `feddpa-t`), then personalised: every arm at the
same rank budget, from the same start. A patient is in one client and on one side of it; images of another view than the
patient's first are left out. One client of each kind takes no part in training. Resumes; prints a table and writes
study.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks._federation_study import Found, run_arms, write_study_of
from data_splits.case import Case
from data_splits.integrity import atomic_write
from data_splits.sources import load_split
from leaderboards.records.method_record import DataUsed
from model_adapters.encoders import ENCODERS
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.bads.split_source import Part, features_of
from model_adapters.protocols import BuildContext

ARMS = (
    "uniform-lora", "tuned-lora", "ada-lora", "fedl2p", "bayestune-local", "no-adaptation", "fedp2eft", "rank-only",
)  # fmt: skip
OWN: dict[str, dict[str, Any]] = {"fedl2p": {"rounds": 10, "generator_rate": 1e-3}}
"""A quarter of the others' rounds, of three outer steps each, at ten times the published rate; not tuned."""
CLIENTS = {"nih-AP": 4, "nih-PA": 4, "hannover-AP": 3, "hannover-PA": 2}
"""Site and view -> clients that its patients are dealt to; the last of each is unseen."""
HIDDEN = 32
SETTINGS: dict[str, Any] = {
    "network": "mlp", "max_rank": 8, "alpha": 16.0, "rank": 2, "rounds": 40, "clients_per_round": 5, "epochs": 8,
    "batch": 16, "rate": 5e-3, "generator_rate": 2e-2, "sparsity": 0.1, "base_rounds": 15, "adapters": False,
}  # fmt: skip
BASES = {"fedavg": 3e-4, "feddpa-t": 3e-3}
"""Trainer of the base -> its learning rate; adapters have ten times that of all weights, by custom: not tuned."""
NAMES = {"fedavg": "federated averaging", "feddpa-t": "FedDPA-T"}


def dealt(cases: Mapping[str, list[Case]], seed: int) -> dict[str, tuple[list[Case], list[Case]]]:
    """Client -> (training cases, test cases); patients are shuffled and dealt in turn; every third is for tests."""
    found: dict[str, tuple[list[Case], list[Case]]] = {}
    for site, rows in cases.items():
        first: dict[str, str] = {}
        for case in rows:
            if case.view and case.sex:
                first.setdefault(case.patient, case.view)
        for view in ("AP", "PA"):
            kind = f"{site}-{view}"
            patients = sorted(patient for patient, seen in first.items() if seen == view)
            rng = np.random.default_rng(derive_seed(seed, kind, purpose="hospitals"))
            place = {patients[index]: turn for turn, index in enumerate(rng.permutation(len(patients)))}
            for case in rows:
                if case.patient in place and case.view == view and case.sex:
                    turn = place[case.patient]
                    client = found.setdefault(f"{kind}-{turn % CLIENTS[kind]}", ([], []))
                    client[turn // CLIENTS[kind] % 3 == 2].append(case)
    return found


def write_clients(
    folder: Path, found: Mapping[str, tuple[list[Case], list[Case]]], features: Mapping[str, torch.Tensor]
) -> tuple[list[str], list[str]]:
    """Client files, seen and unseen; features standardised by the seen clients' training images."""
    from safetensors.torch import save

    def unseen(name: str) -> bool:
        kind, _, number = name.rpartition("-")
        return int(number) == CLIENTS[kind] - 1

    train = torch.stack([features[case.id] for name in sorted(found) if not unseen(name) for case in found[name][0]])
    mean, deviation = train.mean(dim=0), train.std(dim=0).clamp(min=1e-6)
    files: tuple[list[str], list[str]] = ([], [])
    for name in sorted(found):
        tensors = {}
        for part, cases in zip(("train", "test"), found[name], strict=True):
            tensors[f"{part}.inputs"] = (torch.stack([features[case.id] for case in cases]) - mean) / deviation
            tensors[f"{part}.targets"] = torch.tensor([int(case.sex == "F") for case in cases])
        path = folder / f"{name}.safetensors"
        with atomic_write(path) as stream:
            stream.write(save(tensors))
        files[unseen(name)].append(str(path))
    return files


def write_start(path: Path, width: int, seed: int) -> None:
    """A two-layer network at random, which federated averaging trains."""
    from safetensors.torch import save

    generator = torch.Generator().manual_seed(seed)
    sides = {"0": (HIDDEN, width), "1": (2, HIDDEN)}
    tensors = {
        f"{name}.weight": torch.randn(shape, generator=generator) / shape[1] ** 0.5 for name, shape in sides.items()
    }
    tensors |= {f"{name}.bias": torch.zeros(shape[0]) for name, shape in sides.items()}
    with atomic_write(path) as stream:
        stream.write(save(tensors))


def main() -> None:
    """Run every arm over seeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nih", type=Path, required=True)
    parser.add_argument("--hannover", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--base-trainer", choices=tuple(BASES), default="fedavg")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    splits = {"nih": load_split(f"folder:{given.nih}"), "hannover": load_split(f"folder:{given.hannover}")}
    encoder = ENCODERS.build("lite0", BuildContext())
    cases: dict[str, list[Case]] = {}
    features: dict[str, torch.Tensor] = {}
    for site, split in splits.items():
        cases[site] = [case for subset in ("train", "test") for case in split.cases(subset)]
        found = features_of(Part(split, "train and test", tuple(cases[site])), encoder)
        features.update({case.id: torch.from_numpy(row) for case, row in zip(cases[site], found, strict=True)})
    found_runs: Found = {arm: [] for arm in ARMS}
    trainer = given.base_trainer
    for seed in range(given.seeds):
        here = given.output / f"seed-{seed}"
        seen, unseen = write_clients(here / "clients", dealt(cases, seed), features)
        write_start(here / "start.safetensors", encoder.dim, seed)
        inputs = {"clients": seen, "unseen": unseen, "base": str(here / "start.safetensors"), **SETTINGS}
        inputs |= {"base_trainer": trainer, "base_rate": BASES[trainer]}
        run_arms(ARMS, inputs, here, seed, found_runs, OWN)
    licences = {"nih": "free use with attribution (NIH Clinical Center)", "hannover": "CC BY 3.0"}
    write_study_of(
        given.output / "study.json", found_runs, title=f"FedP2EFT over hospitals, base by {NAMES[trainer]}",
        question="Do ranks chosen in a federation serve the radiographs of a site and view better than even ones?",
        base=f"two-layer network on lite0 features, random, then trained by {NAMES[trainer]}",
        data=[
            DataUsed(
                name=split.name, version=split.version, subset="train and test", hash=split.manifest.hash,
                licence=licences[site], credentialed=split.credentialed,
            )
            for site, split in splits.items()
        ],
        command="python -m benchmarks.fedp2eft_hospitals --nih nih/cases.csv --hannover hannover/cases.csv "
        f"--base-trainer {trainer} --output runs/hospitals",
        notes=["The task is the patient's sex, the one label that both sites know."],
    )  # fmt: skip


if __name__ == "__main__":
    main()
