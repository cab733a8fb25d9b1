"""Numbers of the board again, from the stored arrays, by numpy and scipy alone: none of this suite's code is imported.

    leaderboards build --output TABLES && python benchmarks/board_numbers.py TABLES

The formulae are written down a second time, from their definitions: KID and MMD from features and the kernel, Fréchet
distances from covariances, AUROC from ranks, rates from counts. Prints a line an estimator, and exits with 1 where a
number of the board differs from what its record says or from what is found here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from scipy.stats import rankdata

Arrays = dict[str, NDArray[Any]]
Key = tuple[str, str, str, str]
"""Record hash, metric, group, variant."""

ROOT = Path(__file__).resolve().parents[1] / "leaderboards" / "results"
RELATIVE, ABSOLUTE = 1e-6, 1e-9
"""Features are float32, and another order of summation moves the last digits of a distance near 0."""

MOST = 400
"""Images up to which a Fréchet distance is taken from the cross matrix of the centred features."""


class Found(NamedTuple):
    """A number. recorded: in record.json. again: as found here, None where no second formula is written down."""

    key: Key
    estimator: str
    recorded: float
    again: float | None


def auroc(positive: NDArray[Any], negative: NDArray[Any]) -> float:
    """Mann and Whitney: mean rank of the positives, less what ranks among themselves give."""
    n, m = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def frechet(one: NDArray[Any], two: NDArray[Any]) -> float:
    """|difference of means|^2 + tr A + tr B - 2 tr (A B)^(1/2), the last as the nuclear norm of the cross matrix."""
    a, b = one.astype(np.float64), two.astype(np.float64)
    gap = float(((a.mean(0) - b.mean(0)) ** 2).sum())
    a, b = (a - a.mean(0)) / np.sqrt(len(a) - 1), (b - b.mean(0)) / np.sqrt(len(b) - 1)
    cross = float(np.linalg.svd(a @ b.T, compute_uv=False).sum())
    return gap + float((a**2).sum() + (b**2).sum()) - 2 * cross


def mmd(sides: Arrays, parameters: dict[str, Any]) -> float:
    """The U-statistic over patients: mean kernel of two images of different patients, on a side and across."""
    a, b = (sides[name].astype(np.float64) for name in ("generated", "reference"))
    of_a, of_b = sides["patient_generated"], sides["patient_reference"]

    def kernel(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
        if parameters["kernel"] == "polynomial":
            return np.asarray((parameters["gamma"] * (x @ y.T) + parameters["coef"]) ** parameters["degree"])
        square = (x**2).sum(1)[:, None] + (y**2).sum(1)[None] - 2 * x @ y.T
        return np.exp(-square / (2 * parameters["bandwidth"] ** 2))

    def mean_of(x: NDArray[Any], y: NDArray[Any], of_x: NDArray[Any], of_y: NDArray[Any]) -> float:
        return float(kernel(x, y)[of_x[:, None] != of_y[None]].mean())

    return mean_of(a, a, of_a, of_a) + mean_of(b, b, of_b, of_b) - 2 * mean_of(a, b, of_a, of_b)


def by_label(score: NDArray[Any], truth: NDArray[Any]) -> float:
    """AUROC of each training and label, then their mean. score: [trainings, n, labels]; truth: 2 is unknown."""
    held = []
    for training in score.astype(np.float64):
        for label in range(truth.shape[1]):
            column, known = training[:, label], truth[:, label]
            held.append(auroc(column[known == 1], column[known == 0]))
    return float(np.mean(held))


def strata(arrays: Arrays) -> float:
    """Weighted mean over strata of the share of ones; with guesses, of what it exceeds the mean guess by, rescaled."""
    total = 0.0
    for index, weight in enumerate(arrays["weights"]):
        rows = arrays["stratum"] == index
        rate = float(arrays["values"][rows].mean())
        guess = float(arrays["chance"][rows].mean()) if "chance" in arrays else 0.0
        total += float(weight) * (rate - guess) / (1 - guess)
    return total


def entropy(share: NDArray[Any]) -> float:
    """-sum p log p of anything that is normalised first."""
    p = share[share > 0] / share.sum()
    return float(-(p * np.log(p)).sum())


def inception(arrays: Arrays) -> float:
    """exp of the entropy of the mean prediction less the mean entropy of a prediction."""
    mean_entropy = -float(arrays["negative_entropy"].sum() / arrays["count"].sum())
    return float(np.exp(entropy(arrays["class_sums"].astype(np.float64).sum(0)) - mean_entropy))


def copies(arrays: Arrays, parameters: dict[str, Any]) -> float:
    """Rogan and Gladen: the detected share, corrected for false alarms and for missed copies."""
    detected = float((arrays["score"] > parameters["threshold"]).mean())
    false = arrays["false_alarms"][0] / (arrays["false_alarms"][1] + 1)
    power = arrays["planted"][:, 0].sum() / arrays["planted"][:, 1].sum()
    return float(np.clip((detected - false) / (power - false), 0, 1))


def above(scores: NDArray[Any], arrays: Arrays) -> float:
    """Share above the threshold."""
    return float((scores > arrays["threshold"].reshape(-1)[0]).mean())


def recognised(arrays: Arrays, parameters: dict[str, Any]) -> float:
    """Share of training prompts above the threshold, less that of held-out prompts unless the rate is asked for."""
    held_out = 0.0 if parameters.get("value") == "rate" else above(arrays["controls_scores"], arrays)
    return above(arrays["scores"], arrays) - held_out


def dice(arrays: Arrays) -> float:
    """Mean over structures that ten images show, and over trainings, of the mean Dice of an image."""
    shown = arrays["count"].sum(0)
    per = arrays["tstr"].sum(1) / np.maximum(shown, 1)
    return float(per[:, shown >= 10].mean())


def mean(name: str) -> Callable[[Arrays, dict[str, Any]], float]:
    """Mean of an array, times the scale of the metric."""
    return lambda arrays, parameters: float(parameters.get("scale", 1.0)) * float(arrays[name].mean())


SECOND: dict[str, Callable[[Arrays, dict[str, Any]], float]] = {
    "against_held_out": mean("values"),
    "auroc": lambda arrays, _: auroc(arrays["members"], arrays["controls"]),
    "calibrated_rate": lambda arrays, _: above(arrays["scores"], arrays),
    "classification": lambda arrays, _: by_label(arrays["tstr"], arrays["truth"]),
    "clustered_mean": mean("values"),
    "copy_share": copies,
    "frechet": lambda arrays, _: frechet(arrays["generated"], arrays["reference"]),
    "image_text": mean("values"),
    "inception_score": lambda arrays, _: inception(arrays),
    "label_consistency": lambda arrays, _: by_label(arrays["generated"], arrays["truth"]),
    "pair_choice": lambda arrays, _: float(arrays["total_sum"][0] / arrays["total_count"][0]),
    "prompt_distances": mean("values"),
    "prompts_cut": mean("cut"),
    "recall_at_k": lambda arrays, parameters: float(arrays[f"hit_{parameters['k']}"].mean()),
    "recognised": recognised,
    "segmentation": lambda arrays, _: dice(arrays),
    "stratified_rate": lambda arrays, _: strata(arrays),
    "vendi": lambda arrays, _: float(np.exp(entropy(arrays["eigenvalues"]))),
}
"""Estimator -> the same number by a formula of its own. MMD and KID are taken from features, see `_kernels`."""


def numbers(root: Path = ROOT) -> Iterator[Found]:
    """Every number of every record of a results library that has stored arrays."""
    for path in sorted(root.glob("records/*/*/*/*/*/record.json")):
        text = path.read_bytes()
        record, digest = json.loads(text), hashlib.sha256(text).hexdigest()

        def stored(name: str, hashes: dict[str, str] = record["statistics"]) -> Arrays:
            sha256 = hashes[name]
            return load_file(root / "statistics" / sha256[:2] / f"{sha256}.safetensors")

        files = {name: stored(name) for name in record["statistics"]}
        features = _kernels(record["results"], files)
        for result in record["results"]:
            if result["value"] is None or not result["statistics"]:
                continue
            key = (digest, result["metric"], result["group"], result["variant"])
            yield Found(key, result["estimator"], result["value"], _again(result, files, features))


def _again(result: dict[str, Any], files: dict[str, Arrays], features: dict[Any, Arrays]) -> float | None:
    arrays, parameters = _arrays(result, files), result["parameters"]
    if result["estimator"] == "mmd":
        sides = features.get((result["metric"].rpartition("_")[2], result["group"], result["variant"]))
        return None if sides is None else mmd(sides, parameters)
    if result["estimator"] == "frechet" and (
        "generated" not in arrays or max(len(arrays["generated"]), len(arrays["reference"])) > MOST
    ):
        return None
    if result["estimator"] == "classification" and parameters.get("statistic", "auroc") != "auroc":
        return None
    second = SECOND.get(result["estimator"])
    return None if second is None else second(arrays, parameters)


def _arrays(result: dict[str, Any], files: dict[str, Arrays]) -> Arrays:
    """The arrays of a result; an array "x@source" names rows of a feature file by their hash."""
    file, _, prefix = result["statistics"].partition("#")
    found = {}
    for key, array in files[file].items():
        head, _, name = key.rpartition("/")
        if head == prefix:
            plain, _, source = name.partition("@")
            found[plain] = array
            if source:
                rows = files["rows.safetensors"][array.tobytes().hex()]
                found[plain] = files[f"features.{source}.safetensors"]["features"][rows]
    return found


def _kernels(results: Iterable[dict[str, Any]], files: dict[str, Arrays]) -> dict[Any, Arrays]:
    """(encoder, group, variant) -> features of both sides and their patients, from the permutation test."""
    found = {}
    for result in results:
        if result["estimator"] == "permutation" and result["statistics"]:
            found[result["metric"].rpartition("_")[2], result["group"], result["variant"]] = _arrays(result, files)
    return found


def close(one: float, two: float) -> bool:
    """Equal up to what float32 features and another order of summation explain."""
    return abs(one - two) <= ABSOLUTE + RELATIVE * max(abs(one), abs(two), 1e-3)


def main() -> None:
    """Compare the table with the records, and both with the numbers found here."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", type=Path, help="what `leaderboards build --output` wrote")
    parser.add_argument("--results", type=Path, default=ROOT)
    asked = parser.parse_args()
    import pyarrow.parquet as pq

    names = ("record", "metric", "group", "variant")
    board = {
        tuple(row[k] for k in names): row["value"]
        for row in pq.read_table(asked.tables / "results.parquet").to_pylist()
    }
    counts: dict[str, list[float]] = {}
    wrong = 0
    for found in numbers(asked.results):
        line = counts.setdefault(found.estimator, [0, 0, 0.0])
        line[0] += 1
        shown = board.get(found.key)
        bad = shown != found.recorded
        if found.again is not None:
            line[1] += 1
            line[2] = max(line[2], abs(found.recorded - found.again))
            bad |= not close(found.recorded, found.again)
        if bad:
            wrong += 1
            print(f"{' '.join(found.key)}: board {shown!r}, record {found.recorded!r}, here {found.again!r}")
    print(f"{'estimator':20s}{'numbers':>9s}{'again':>7s}{'largest difference':>20s}")
    for name, (whole, again, largest) in sorted(counts.items()):
        print(f"{name:20s}{whole:9.0f}{again:7.0f}{largest:20.1e}")
    total, again = (sum(line[k] for line in counts.values()) for k in (0, 1))
    print(f"{again:.0f} of {total:.0f} numbers found again, {wrong} wrong")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
