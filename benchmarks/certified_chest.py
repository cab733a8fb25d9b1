"""Certified fusion and STEEL on radiographs: one classifier of pneumonia from classifiers of other findings.

    python -m benchmarks.certified_chest --nih nih/cases.csv --output runs/certified-chest

Patients are dealt into three parts, one image each in the last two: those that the pool is trained on, 100 for the
certified sample, the rest for tests. A two-layer network on lite0 features learns all source tasks together (opacity,
effusion, atelectasis, edema, view, sex, age); the pool holds it fine-tuned on each, the zoo heads fitted to each on
draws of half of the patients. No label of pneumonia is among them; but every opacity here is one of pneumonia, so two
source tasks come close. Prints a table and writes fusion/study.json and steel/study.json.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save

from benchmarks._timing import machine, revision
from data_splits.case import Case
from data_splits.integrity import atomic_write
from data_splits.sources import load_split
from leaderboards.records.method_io import write_study
from leaderboards.records.method_record import Arm, DataUsed, MethodRecord, own_score
from leaderboards.statistics.certificates.certificate import Certificate
from model_adapters.encoders import ENCODERS
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.bads.split_source import Part, features_of
from model_adapters.methods.certificates.setup import CERTIFICATE_FILE, TEST_SET_FILE
from model_adapters.methods.run import run_method
from model_adapters.protocols import BuildContext

Tensors = Mapping[str, torch.Tensor]


def _label(name: str, case: Case) -> int | None:
    return case.labels.get(name)


SOURCES: dict[str, Callable[[Case], int | None]] = {
    **{name: partial(_label, name) for name in ("Lung Opacity", "Pleural Effusion", "Atelectasis", "Edema")},
    "view": lambda case: None if case.view is None else int(case.view == "AP"),
    "sex": lambda case: None if case.sex is None else int(case.sex == "F"),
    "age": lambda case: None if case.age is None else int(case.age > 50),
}  # fmt: skip
SAMPLE, WIDTH, HIDDEN, HEADS = 100, 1280, 32, 20
"""Patients of the certified sample, features, width of the network, heads a task in the zoo."""


def write(path: Path, tensors: Tensors) -> str:
    """A safetensors file."""
    with atomic_write(path) as stream:
        stream.write(save({name: tensor.contiguous() for name, tensor in tensors.items()}))
    return str(path)


def logits(state: Tensors, x: torch.Tensor) -> torch.Tensor:
    """The network: linear, ReLU, linear."""
    return torch.relu(x @ state["0.weight"].T + state["0.bias"]) @ state["2.weight"].T + state["2.bias"]


def network() -> torch.nn.Module:
    """The same, as a module: heads are put into it one by one."""
    return torch.nn.Sequential(torch.nn.Linear(WIDTH, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, 2))


def trained(
    start: Tensors, tasks: Sequence[tuple[torch.Tensor, torch.Tensor]], learnt: Sequence[str], steps: int,
    heads: Sequence[Tensors] | None = None,
) -> tuple[dict[str, torch.Tensor], list[dict[str, torch.Tensor]]]:  # fmt: skip
    """Adam on the mean loss of tasks; each has a head of its own where heads are given."""
    state = {name: tensor.clone().requires_grad_(name in learnt) for name, tensor in start.items()}
    own = [{name: tensor.clone().requires_grad_() for name, tensor in head.items()} for head in heads or []]
    weights = [state[name] for name in learnt] + [tensor for head in own for tensor in head.values()]
    optimiser = torch.optim.Adam(weights, lr=3e-3, weight_decay=1e-2)
    for _ in range(steps):
        optimiser.zero_grad()
        each = [
            torch.nn.functional.cross_entropy(logits({**state, **(own[index] if own else {})}, x), y)
            for index, (x, y) in enumerate(tasks)
        ]
        torch.stack(each).mean().backward()
        optimiser.step()
    return (
        {name: tensor.detach() for name, tensor in state.items()},
        [{name: tensor.detach() for name, tensor in head.items()} for head in own],
    )


class Chest:
    """The three parts, the network, the pool and the zoo, as files in a folder."""

    def __init__(self, nih: Path, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.split = load_split(f"folder:{nih}")
        cases = [case for subset in ("train", "test") for case in self.split.cases(subset)]
        encoder = ENCODERS.build("lite0", BuildContext())
        found = torch.from_numpy(features_of(Part(self.split, "train and test", tuple(cases)), encoder))
        patients = sorted({case.patient for case in cases})
        order = np.random.default_rng(derive_seed(seed, "patients")).permutation(len(patients))
        half = (len(patients) - SAMPLE) // 2
        place = {patients[index]: turn for turn, index in enumerate(order)}
        rows: tuple[list[int], list[int], list[int]] = ([], [], [])
        once: set[str] = set()
        for row, case in enumerate(cases):
            turn = place[case.patient]
            part = 0 if turn < half else 1 if turn < half + SAMPLE else 2
            if part and case.patient in once:
                continue
            once.add(case.patient)
            rows[part].append(row)
        pool = found[rows[0]]
        x = (found - pool.mean(dim=0)) / pool.std(dim=0).clamp(min=1e-6)
        self.pool_cases = [cases[row] for row in rows[0]]
        self.pool_x, self.sample_x, self.test_x = (x[part] for part in rows)
        self.sample_cases, self.test_cases = ([cases[row] for row in part] for part in rows[1:])
        self.test_y = torch.tensor([case.labels["Pneumonia"] for case in self.test_cases])

    def build(self) -> None:
        """Train network, pool and zoo; write every file that the methods read."""
        generator = torch.Generator().manual_seed(derive_seed(self.seed, "network") % 2**62)

        def linear(out: int, inner: int, name: str) -> dict[str, torch.Tensor]:
            weight = torch.randn(out, inner, generator=generator) / inner**0.5
            return {f"{name}.weight": weight, f"{name}.bias": torch.zeros(out)}

        tasks = [self.task(name, torch.arange(len(self.pool_x))) for name in SOURCES]
        heads = [linear(2, HIDDEN, "2") for _ in SOURCES]
        trunk, learnt = trained(linear(HIDDEN, WIDTH, "0"), tasks, ("0.weight", "0.bias"), 60, heads)
        names = list(SOURCES)
        self.base = {**trunk, **learnt[names.index("view")]}
        write(self.folder / "base.safetensors", self.base)
        self.models = []
        for name, task in zip(names, tasks, strict=True):
            model, _ = trained({**trunk, **learnt[names.index(name)]}, [task], tuple(self.base), 30)
            self.models.append(write(self.folder / "pool" / f"{name.replace(' ', '-').lower()}.safetensors", model))
        rng = np.random.default_rng(derive_seed(self.seed, "zoo"))
        for name in names:
            for draw in range(HEADS):
                half = torch.from_numpy(rng.permutation(len(self.pool_x))[: len(self.pool_x) // 2])
                head, _ = trained(self.base, [self.task(name, half)], ("2.weight", "2.bias"), 60)
                kept = {key: head[key] for key in ("2.weight", "2.bias")}
                write(self.folder / "zoo" / f"{name.replace(' ', '-').lower()}-{draw:02d}.safetensors", kept)
        targets = torch.tensor([case.labels["Pneumonia"] for case in self.sample_cases])
        write(self.folder / "pneumonia.safetensors", {"inputs": self.sample_x, "targets": targets})
        for path, cases in (("sample.csv", self.sample_cases), ("pool.csv", self.pool_cases)):
            with (self.folder / path).open("w", newline="") as stream:
                csv.writer(stream).writerows([("case", "patient"), *((case.id, case.patient) for case in cases)])

    def task(self, name: str, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Features and labels of a source task, of the pool's images that have it."""
        found = [(row, SOURCES[name](self.pool_cases[row])) for row in rows.tolist()]
        held = [(row, int(value)) for row, value in found if value in (0, 1)]
        return self.pool_x[[row for row, _ in held]], torch.tensor([value for _, value in held])

    def wrong(self, state: Tensors) -> list[float]:
        """1 for every test patient that is told wrong."""
        return (logits(state, self.test_x).argmax(dim=1) != self.test_y).float().tolist()

    @property
    def common(self) -> dict[str, Any]:
        """Inputs of every method."""
        return {
            "network": "mlp", "sample": str(self.folder / "pneumonia.safetensors"),
            "cases": str(self.folder / "sample.csv"), "trained_on": str(self.folder / "pool.csv"),
        }  # fmt: skip


def arm(chest: Chest, name: str, role: Any, method: Any, inputs: Mapping[str, Any]) -> Arm:
    """Run a method, and score what it leaves on the test patients."""
    output = chest.folder / "runs" / name
    artifact = run_method(method, {**chest.common, **inputs}, output, chest.seed)
    state = {**chest.base, **load_file(next(iter(artifact.folder.glob("*.safetensors"))))}
    found: dict[str, Any] = {}
    for key, file in (("certificate", CERTIFICATE_FILE), ("test_set", TEST_SET_FILE)):
        path = artifact.folder / file
        found[key] = Certificate.model_validate_json(path.read_text("utf-8")) if path.is_file() else None
    if found["certificate"] is not None and found["certificate"] == found["test_set"]:
        found["test_set"] = None
    measured = json.loads((output / "work" / "measured.json").read_text("utf-8"))
    return Arm(
        name=name, role=role, seeds=[chest.seed], labelled=SAMPLE, trainable=int(artifact.record.get("trainable", 0)),
        seconds=measured.get("seconds"), peak_memory_mb=measured.get("peak_memory_mb"),
        scores=[own_score("NIH: pneumonia", "error", "lower", "patient", chest.wrong(state), indicator=True, **found)],
    )  # fmt: skip


def control(chest: Chest, name: str, state: Tensors) -> Arm:
    """A model that no sample chose: it has no certificate."""
    scores = [own_score("NIH: pneumonia", "error", "lower", "patient", chest.wrong(state), indicator=True)]
    return Arm(name=name, role="control", seeds=[chest.seed], scores=scores)


def study(chest: Chest, method: str, title: str, question: str, arms: list[Arm], reconstructed: list[str]) -> None:
    """Write a study and print it."""
    record = MethodRecord(
        method=method, title=title, question=question, base="two-layer network on lite0 features", arms=arms,
        data=[DataUsed(
            name=chest.split.name, version=chest.split.version, subset="train and test",
            hash=chest.split.manifest.hash, licence="free use with attribution (NIH Clinical Center)",
            credentialed=False,
        )],
        reconstructed=reconstructed, revision=revision(), machine=machine(),
        notes=["Every opacity of this selection stands beside pneumonia, so two source tasks come close to the target.",
               "One seed, one division of the patients."],
        command="python -m benchmarks.certified_chest --nih nih/cases.csv --output runs/certified-chest",
    )  # fmt: skip
    write_study(chest.folder / method / "study.json", record)
    for each in arms:
        score = each.scores[0]
        bounds = [f"{c.family} {c.value:.3f}" for c in (score.certificate, score.test_set) if c is not None]
        print(f"{method}: {each.name:22} error {score.value:.3f} [{score.low:.3f}, {score.high:.3f}]  {bounds}")


def main() -> None:
    """Both studies."""
    from model_adapters.methods.certificates.frank_wolfe import build as frank_wolfe
    from model_adapters.methods.certificates.fusion import build as fusion
    from model_adapters.methods.steel.method import RECONSTRUCTED, Steel

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nih", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    chest = Chest(given.nih, given.output, given.seed)
    chest.build()
    pool = {"base": str(chest.folder / "base.safetensors"), "models": chest.models}
    mean = {name: torch.stack([load_file(path)[name] for path in chest.models]).mean(dim=0) for name in chest.base}
    context = BuildContext()
    study(
        chest, "certified-fusion", "Classifiers of other findings, merged and certified for pneumonia",
        "What can be proved of a merge from 100 labelled patients, beside the same data without proof?",
        [
            control(chest, "average", mean), control(chest, "base", chest.base),
            arm(chest, "certified-fusion", "method", fusion(context), {**pool, "mode": "codes"}),
            arm(chest, "certified-fw", "method", frank_wolfe(context), pool),
        ],
        ["optimiser, levels and prior of certified fusion are ours: no code is public"],
    )  # fmt: skip
    zoo = {
        "zoo": str(chest.folder / "zoo"), "weights": str(chest.folder / "base.safetensors"), "rank": 0,
        "network": "benchmarks.certified_chest:network",
    }  # fmt: skip
    sizes = {"raw-zoo": str(HEADS * len(SOURCES))}
    kinds = {"raw-zoo": "zoo", "gaussian": "gaussian", "sgd": "sgd", "steel": "diffusion"}
    study(
        chest, "steel", "Heads drawn before 100 patients are seen, chosen and certified for pneumonia",
        "Do heads drawn from a diffusion model of other findings' heads serve as well as the heads themselves?",
        [arm(chest, name, "method" if name == "steel" else "control", Steel(),
             {**zoo, "candidates": kind, "sizes": sizes.get(name, "1000")})
         for name, kind in kinds.items()],
        list(RECONSTRUCTED),
    )  # fmt: skip


if __name__ == "__main__":
    main()
