"""What a sharpness-aware ascent does to condensed images: scikit-learn's digits, one image a class, no download.

A network of 64 hidden units, eight experts of twelve epochs, 1,200 training images; accuracy over the 597 others. Every
arm begins with the same real images and sees the same segments. Flatness on four experts of another seed; "perturbed":
the condensed images under Gaussian noise of one standard deviation of a pixel before a network is trained on them.
Run as `python -m benchmarks.satm_digits`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks._timing import machine
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.satm.condense import condense
from model_adapters.methods.satm.experts import ExpertPlan, Experts
from model_adapters.methods.satm.flatness import accuracy, flatness, perturbed, trained
from model_adapters.methods.satm.networks import parse_network
from model_adapters.methods.satm.selection import selected
from model_adapters.methods.satm.settings import Settings

TRAIN, CLASSES, TRAINING_STEPS, NETWORKS, NOISES = 1200, 10, 100, 3, 6
ITERATIONS = 250
BASE = Settings(network="mlp:64", expert_batch=32, inner_steps=20, kept_steps=15, span=2, start_before=8)
ARMS: dict[str, dict[str, Any]] = {
    "random": {"method": "random"},
    "mtt": {"method": "mtt"},
    "truncated": {"method": "truncated"},
    "satm": {"method": "satm"},
    "satm-rho-3": {"method": "satm", "rho": 3.0},
    "satm-asam": {"method": "satm", "ascent": "asam"},
    "satm-gsam": {"method": "satm", "ascent": "gsam"},
    "sam-mtt": {"method": "sam-mtt"},
}


@dataclass(frozen=True)
class Outcome:
    """Of one arm and seed: shares, losses without unit, processor seconds.

    Attributes:
        clean, perturbed, deeper: test accuracy; after noise on the condensed images; of an architecture of two hidden
            layers that took no part.
        loss, gap: matching loss on held-out experts, and how far an ascent step of length 1 raises it.
    """

    clean: float
    perturbed: float
    deeper: float
    loss: float
    gap: float
    seconds: float


def outcomes(seed: int, iterations: int, arms: Mapping[str, Mapping[str, Any]] = ARMS) -> dict[str, Outcome]:
    """Every arm of one seed."""
    images, targets = _digits(seed)
    learn, labels, test, truth = images[:TRAIN], targets[:TRAIN], images[TRAIN:], targets[TRAIN:]
    network, deeper = parse_network("mlp:64", 8, CLASSES), parse_network("mlp:64:64", 8, CLASSES)
    rows = torch.from_numpy(selected(learn.numpy(), labels.numpy(), CLASSES, 1, "random", seed))
    wanted, found = labels[rows], {}
    bounds = (float(images.min()), float(images.max()))
    with tempfile.TemporaryDirectory() as name:
        plan = ExpertPlan(BASE.experts, BASE.epochs, BASE.expert_rate, BASE.expert_batch)
        experts = Experts(Path(name) / "experts", network, learn, labels, plan, seed)
        held_out = Experts(Path(name) / "held-out", network, learn, labels, replace(plan, count=4), seed + 1000)
        experts.make()
        held_out.make()
        for arm, more in arms.items():
            settings = replace(BASE, iterations=iterations, **more)
            started = time.process_time()
            phi, step = learn[rows], settings.expert_rate
            if not settings.way.selects:
                state = condense(experts, wanted, phi, bounds, settings, seed)
                phi, step = state.images, state.step
            seconds = time.process_time() - started
            flat = flatness(held_out, phi, wanted, step, settings, rho=1.0)

            def worth(net: Any, some: torch.Tensor, number: int, step: float = step) -> float:
                return accuracy(net, trained(net, some, wanted, step, TRAINING_STEPS, number), test, truth)

            noisy = [worth(network, perturbed(phi, 1.0, draw), draw) for draw in range(NOISES)]
            clean, other = (
                float(np.mean([worth(net, phi, number) for number in range(NETWORKS)])) for net in (network, deeper)
            )
            found[arm] = Outcome(clean, float(np.mean(noisy)), other, flat.loss, flat.gap, seconds)
            print(f"  seed {seed}, {arm}: {found[arm]}", file=sys.stderr)
    return found


def means(runs: list[dict[str, Outcome]]) -> dict[str, Outcome]:
    """Over seeds."""
    return {
        arm: Outcome(**{name: float(np.mean([vars(run[arm])[name] for run in runs])) for name in vars(runs[0][arm])})
        for arm in runs[0]
    }


def _digits(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """float32[1797, 1, 8, 8], standardised, in an order of the seed, and their classes."""
    from sklearn.datasets import load_digits

    data = load_digits()
    order = np.random.default_rng(derive_seed(seed, "digits", purpose="split")).permutation(len(data.target))
    images = (data.data[order] / 16.0).astype(np.float32).reshape(-1, 1, 8, 8)
    images = (images - images[:TRAIN].mean()) / images[:TRAIN].std()
    return torch.from_numpy(images), torch.from_numpy(data.target[order].astype(np.int64))


def main() -> None:
    """Print a row an arm, the mean over seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--iterations", type=int, default=ITERATIONS)
    parser.add_argument("--arms", default=",".join(ARMS), help="comma-separated names")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arms = {name: ARMS[name] for name in arguments.arms.split(",")}
    found = means([outcomes(seed, arguments.iterations, arms) for seed in range(arguments.seeds)])
    print(f"Mean of {arguments.seeds} seeds, {arguments.iterations} iterations. {machine('torch', 'numpy')}\n")
    print("| arm | accuracy | perturbed | deeper network | held-out loss | gap | CPU s |")
    print("|---|---|---|---|---|---|---|")
    for arm, each in found.items():
        shares = " | ".join(f"{100 * share:.1f}" for share in (each.clean, each.perturbed, each.deeper))
        print(f"| {arm} | {shares} | {each.loss:.3f} | {each.gap:.4f} | {each.seconds:.0f} |")


if __name__ == "__main__":
    main()
