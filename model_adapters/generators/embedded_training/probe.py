"""Does a picture show what was asked for? A linear probe trained on real phantoms reads the generated ones.

For each label: AUROC of a logistic regression (standardised features, fitted on the train subset's real phantoms) on
the generated pictures, with the label of the prompt's study as truth. The same probe on the studies' real pictures is
the ceiling. 95 % intervals: percentile bootstrap over patients.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_splits.case import CHEXPERT_LABELS
from data_splits.integrity import atomic_write, write_json
from model_adapters.generators.embedded import GUIDANCE, STEPS
from model_adapters.generators.embedded_training.phantoms import load_phantoms
from model_adapters.generators.embedded_training.plan import Plan
from model_adapters.generators.embedded_training.stages import split_of, subset_of

Features = NDArray[np.float32]


def lite0_features(images: NDArray[np.uint8]) -> Features:
    """uint8 [n, s, s] -> float32 [n, 1280], about 30 ms an image on one thread."""
    from model_adapters.encoders.lite0 import build
    from model_adapters.protocols import BuildContext

    encoder = build(BuildContext())
    size, parts = encoder.compute_batch, []
    for start in range(0, len(images), size):
        batch = np.stack([encoder.preprocess(image) for image in images[start : start + size]])
        padding = np.repeat(batch[-1:], size - len(batch), axis=0)
        parts.append(encoder.encode(np.concatenate([batch, padding]))[: len(batch)])
    return np.concatenate(parts)


def pixel_features(images: NDArray[np.uint8]) -> Features:
    """uint8 [n, s, s] -> float32 [n, 4096]: 64 x 64 block means."""
    n, side = len(images), images.shape[1] // 64
    blocks: Features = images.reshape(n, 64, side, 64, side).mean((2, 4), dtype=np.float32)
    return blocks.reshape(n, -1)


FEATURES = {"pixels": pixel_features, "lite0": lite0_features}
SETTINGS: dict[str, dict[str, Any]] = {
    "pixels": {"components": 150, "c": 0.03},
    "lite0": {"components": None, "c": 0.003},
}


class Probe:
    """One logistic regression per label, on standardised features; pixels go through 150 principal components first."""

    def __init__(self, features: Features, labels: NDArray[np.uint8], components: int | None, c: float) -> None:
        from sklearn.decomposition import PCA
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        steps = [StandardScaler()] if components is None else [PCA(components, random_state=0), StandardScaler()]
        self.prepare = make_pipeline(*steps)
        x = self.prepare.fit_transform(features)
        self.heads = {
            name: LogisticRegression(C=c, max_iter=1000).fit(x, labels[:, k])
            for k, name in enumerate(CHEXPERT_LABELS)
            if 10 <= labels[:, k].sum() <= len(x) - 10
        }

    def scores(self, features: Features) -> dict[str, NDArray[np.float64]]:
        """Label -> decision values float64 [n]."""
        x = self.prepare.transform(features)
        return {name: head.decision_function(x) for name, head in self.heads.items()}


def auroc(scores: NDArray[np.float64], truth: NDArray[np.uint8]) -> float:
    """Area under the ROC curve by ranks (ties count half); NaN where a class is absent."""
    from scipy.stats import rankdata

    positive = int(truth.sum())
    negative = len(truth) - positive
    if not positive or not negative:
        return float("nan")
    return float((rankdata(scores)[truth == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))


def interval(
    scores: NDArray[np.float64], truth: NDArray[np.uint8], patients: Sequence[str], draws: int = 1000
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the AUROC, resampling patients."""
    rng = np.random.default_rng(0)
    groups = [np.flatnonzero(np.asarray(patients) == p) for p in sorted(set(patients))]
    values = []
    for _ in range(draws):
        pick = np.concatenate([groups[g] for g in rng.integers(len(groups), size=len(groups))])
        values.append(auroc(scores[pick], truth[pick]))
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


def read_out(
    probe: Probe, generated: Features, real: Features, labels: NDArray[np.uint8], patients: Sequence[str]
) -> dict[str, dict[str, float | int | list[float]]]:
    """Label -> AUROC on generated pictures with interval, on the real pictures of the same studies, and positives."""
    drawn, shown = probe.scores(generated), probe.scores(real)
    result: dict[str, dict[str, float | int | list[float]]] = {}
    for k, name in enumerate(CHEXPERT_LABELS):
        truth = labels[:, k]
        if name not in drawn or truth.sum() in (0, len(truth)):
            continue
        result[name] = {
            "generated": round(auroc(drawn[name], truth), 4),
            "interval": [round(v, 4) for v in interval(drawn[name], truth, patients)],
            "real": round(auroc(shown[name], truth), 4),
            "positives": int(truth.sum()),
        }
    return result


def draw(folder: Path, prompts: Sequence[str], options: Mapping[str, float] | None = None) -> NDArray[np.uint8]:
    """Pictures uint8 [n, s, s] of a trained pipeline; the seed is the prompt's place in the list."""
    from model_adapters.generators.embedded import build
    from model_adapters.protocols import BuildContext, GenerationRequest

    generator = build(BuildContext(weights=folder, options=dict(options or {})))
    return np.stack(generator.generate([GenerationRequest(f"p{i}", text, 1000 + i) for i, text in enumerate(prompts)]))


def real_features(run: Path, kind: str, subset: str, images: NDArray[np.uint8]) -> Features:
    """Features of all real phantoms of a subset, kept in the folder of the run."""
    path = run / f"{kind}-{subset}.npy"
    if not path.exists():
        with atomic_write(path) as stream:
            np.save(stream, FEATURES[kind](images))
    found: Features = np.load(path, allow_pickle=False)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Read 400 pictures of test prompts (or with --held-out, of train patients nothing was trained on)."""
    parser = argparse.ArgumentParser(
        prog="python -m model_adapters.generators.embedded_training.probe", description=__doc__
    )
    parser.add_argument("--output", type=Path, required=True, help="the folder of the training run")
    parser.add_argument("--pipeline", type=Path, default=None, help="default OUTPUT/pipeline")
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--guidance", type=float, default=GUIDANCE)
    given = parser.parse_args(arguments)
    import torch

    torch.set_num_threads(1)
    plan = Plan()

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")

    everything = load_phantoms(plan, given.output, say)
    fit, last = split_of(everything, plan)
    source = everything if given.held_out else load_phantoms(plan, given.output, say, "test")
    pick = last[: given.images] if given.held_out else np.arange(min(given.images, len(source.prompts)))
    asked = subset_of(source, pick)
    options = {"steps": given.steps, "guidance": given.guidance}
    pictures = draw(given.pipeline or given.output / "pipeline", asked.prompts, options)
    probes = {}
    for kind, features in FEATURES.items():
        known = real_features(given.output, kind, "train", everything.images)
        shown = known if given.held_out else real_features(given.output, kind, "test", source.images)
        probe = Probe(known[fit], everything.labels[fit], **SETTINGS[kind])
        probes[kind] = read_out(probe, features(pictures), shown[pick], asked.labels, asked.patients)
        for name, row in probes[kind].items():
            say(f"{kind:7s} {name:28s} {json.dumps(row)}")
    facts = {
        "images": len(pictures),
        "patients": len(set(asked.patients)),
        "held_out": given.held_out,
        "options": options,
    }
    write_json(given.output / "probe.json", facts | {"auroc": probes})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
