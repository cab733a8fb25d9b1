"""Our squared MMD, floor, intervals and neighbours against the PyPI package m3-score, on the same features.

m3-score needs timm, which needs torchvision, so it gets an environment of its own, never this project's:

    python -m venv /tmp/m3env
    /tmp/m3env/bin/pip install torch==2.13.0
    /tmp/m3env/bin/pip install --no-deps m3-score==0.1.0 timm torchvision
    /tmp/m3env/bin/pip install numpy scipy pillow tqdm safetensors huggingface_hub pyyaml
    /tmp/m3env/bin/python -m benchmarks.m3_score                    # made-up features, half a minute
    /tmp/m3env/bin/python -m benchmarks.m3_score --run runs/mine    # and those of a run, encoder lite0

(`--no-deps`, because torchvision would replace torch by a newer one with CUDA. Where torchvision does not fit the torch
beside it, model_adapters.torchvision_extra repairs the import.) The package's public encoder is not downloaded: what is
compared is its arithmetic, on given features; and its whole path from pixels, with an encoder of random weights.

m3-score's fidelity is the unbiased MMD^2 of L2-normalised features under the mean of five RBF kernels, whose widths are
multiples of the (lower) median of the squared distances in both sets pooled. `mmd_rbf` is that of the features as they
are under one kernel, whose bandwidth is the median distance of real training images. So the two differ by definition;
here ours is computed with the kernels of theirs. Exits with an error where the numbers then differ.
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.kernels import pair_sums
from chexgenbench.metrics.base import Side
from chexgenbench.neighbours import Neighbours
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.kernel_tiles import RBF, median_distance, squared_distances
from leaderboards.statistics.mmd import mmd
from leaderboards.statistics.permutation import permutation

Float32 = NDArray[np.float32]

ROUNDING = 16 * 2.0**-24
"""m3-score takes squared distances of unit vectors in float32; over their median this bounds the error of its MMD^2."""

SHARE_LIMIT = 2e-3
"""It counts an image at exactly the radius as inside, from float32 distances."""


@dataclass(frozen=True)
class Data:
    """Two sets of features with the patient of each image."""

    name: str
    generated: Float32
    reference: Float32
    of_generated: NDArray[np.str_]
    of_reference: NDArray[np.str_]


def main() -> None:
    """Run, print and check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", type=Path, action="append", default=[], help="a run folder with permutation_p_lite0")
    parser.add_argument("--repeats", type=int, default=40, help="repetitions of the comparison of standard errors")
    options = parser.parse_args()
    theirs = _m3()
    print(_machine())
    print("The public encoder of m3-score is not used: its arithmetic on given features.\n")
    for data in [*made_up(), *(of_run(folder) for folder in options.run)]:
        compare(data, theirs)
    from_pixels(theirs)
    if options.repeats:
        standard_errors(theirs, options.repeats)


def compare(data: Data, theirs: ModuleType) -> None:
    """Every number of one data set, side by side.

    Raises:
        SystemExit: one that should agree does not.
    """
    print(f"{data.name}: {len(data.generated)} generated, {len(data.reference)} real, d = {data.generated.shape[1]}")
    x, y = data.generated, data.reference
    start = time.process_time()
    mine = mixture(data, theirs)
    between = time.process_time()
    other = theirs.mmd2_rbf(_tensor(y), _tensor(x), clamp=False)
    seconds = (between - start, time.process_time() - between)
    limit = ROUNDING / median_square(data)
    _same("MMD^2, all pairs", mine.extra["image_level"], other, limit)
    print(f"  {'':<34}CPU {seconds[0]:.2f} s with the jackknife, {seconds[1]:.2f} s without an interval")

    floor = theirs.real_floor(_tensor(y), list(data.of_reference))
    halves = halvings(data.of_reference, theirs.protocol.FLOOR_SPLITS)
    values = [mixture(split(data, half), theirs).extra["image_level"] for half in halves]
    _same("floor, the same halves", float(np.mean(values)), floor[0], limit, clamped=True)
    _same("floor, sd over halves", float(np.std(values, ddof=1)), floor[1], limit)

    found = Neighbours.of(x, y, k=5)
    precision, recall = theirs.precision_recall(_tensor(y), _tensor(x), 5)
    _same("coverage", float(found.covered.mean()), theirs.coverage(_tensor(y), _tensor(x), 5), SHARE_LIMIT)
    _same("precision", float(found.in_reference.mean()), precision, SHARE_LIMIT)
    _same("recall", float(found.in_generated.mean()), recall, SHARE_LIMIT)

    print("  by definition not the same:")
    low, high = theirs.bootstrap_ci(_tensor(y), _tensor(x))
    print(f"  {'MMD^2 [95 %]: pairs of patients':<34}ours   {_interval(mine.value, mine.low, mine.high)}")
    print(f"  {'              bootstrap of images':<34}theirs {_interval(max(other, 0.0), low, high)}")
    both = np.unique(np.concatenate([data.of_generated, data.of_reference]), return_inverse=True)[1].reshape(-1)
    arrays: dict[str, NDArray[Any]] = {
        "generated": x,
        "reference": y,
        "patient_generated": both[: len(x)],
        "patient_reference": both[len(x) :],
    }
    p = permutation(arrays, bandwidth=median_distance(np.concatenate([x, y])), seed=0)
    p_theirs = theirs.permutation_test(_tensor(y), _tensor(x))[0]
    print(f"  {'p: patients change sides':<34}ours   {p.value:.3f}")
    print(f"  {'   images change sides':<34}theirs {p_theirs:.3f}\n")


def mixture(data: Data, theirs: ModuleType) -> Estimate:
    """Our estimator with m3-score's kernels: sums over pairs are linear in the kernel, so the five are averaged."""
    x, y = on_sphere(data.generated), on_sphere(data.reference)
    bandwidth = np.sqrt(median_square(data))
    sides = (_side(x, data.of_generated), _side(y, data.of_reference))
    scales = theirs.protocol.RBF_BANDWIDTH_SCALES
    centre = y.mean(axis=0)
    sums = [pair_sums(*sides, RBF(bandwidth * float(np.sqrt(scale))), centre) for scale in scales]
    return mmd({key: np.mean([each[key] for each in sums], axis=0) for key in sums[0]})


def median_square(data: Data) -> float:
    """The lower median of the squared distances in both sets pooled, on the unit sphere."""
    pooled = on_sphere(np.concatenate([data.reference, data.generated]))
    pooled -= pooled.mean(axis=0)
    pairs = squared_distances(pooled, pooled)[np.triu_indices(len(pooled), 1)]
    middle = (len(pairs) - 1) // 2
    return float(np.partition(pairs, middle)[middle])


def on_sphere(features: Float32) -> NDArray[np.float64]:
    """Rows of length 1."""
    rows = features.astype(np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def halvings(patients: NDArray[np.str_], splits: int) -> list[NDArray[np.bool_]]:
    """The patient-disjoint halves that m3-score draws with seed 0."""
    rng = np.random.default_rng(0)
    names = sorted(set(patients.tolist()))
    halves = []
    for _ in range(splits):
        order = rng.permutation(len(names))
        halves.append(np.isin(patients, [names[index] for index in order[: len(names) // 2]]))
    return halves


def split(data: Data, half: NDArray[np.bool_]) -> Data:
    """Real against real: the two halves of the reference."""
    y, of = data.reference, data.of_reference
    return Data("floor", y[~half], y[half], of[~half], of[half])


def made_up() -> list[Data]:
    """Independent images of equal and of different distributions, unequal numbers; and several images a patient."""
    rng = np.random.default_rng(0)

    def images(n: int, shift: float, width: float) -> Float32:
        return _images(rng, n, 1, shift, width)

    def names(prefix: str, n: int, each: int = 1) -> NDArray[np.str_]:
        return np.array([f"{prefix}{row // each}" for row in range(n)])

    pairs = {
        "different": (images(500, 0.1, 0.9), images(700, 0.0, 1.0), names("g", 500), names("r", 700)),
        "equal": (images(600, 0.0, 1.0), images(600, 0.0, 1.0), names("g", 600), names("r", 600)),
        "equal, 6 images a patient": (
            _images(rng, 100, 6, 0.0, 1.0),
            _images(rng, 100, 6, 0.0, 1.0),
            names("g", 600, 6),
            names("r", 600, 6),
        ),
    }
    return [Data(name, *arrays) for name, arrays in pairs.items()]


def of_run(folder: Path) -> Data:
    """lite0 features and patients of a scored run, from its statistics."""
    from leaderboards.records.statistics_store import StatisticsReader

    arrays = StatisticsReader(folder / "statistics").arrays("metric.permutation_p_lite0.safetensors#overall/raw")
    of_generated, of_reference = (arrays[f"patient_{side}"].astype(np.str_) for side in ("generated", "reference"))
    return Data(f"run {folder.name}", arrays["generated"], arrays["reference"], of_generated, of_reference)


def from_pixels(theirs: ModuleType) -> None:
    """m3-score from pixels to fidelity with a transformer of random weights, and ours on that encoder's features.

    Raises:
        SystemExit: the two differ.
    """
    import m3score
    import torch

    from data_splits.errors import UserError
    from model_adapters import torchvision_extra

    try:
        timm = torchvision_extra.require("timm")
    except UserError as error:
        print(f"from pixels: left out. {error}\n")
        return
    torch.manual_seed(0)
    model = timm.create_model("vit_tiny_patch16_224", pretrained=False, num_classes=0, depth=3)
    metric = m3score.M3Score("cpu", backbone=model, layers=(3, 2, 1))
    rng = np.random.default_rng(0)
    coarse = rng.random((2, 40, 8, 8), dtype=np.float32)
    fine = np.ones((28, 28), np.float32)
    real, generated = np.kron(coarse[0], fine), np.float32(0.8) * np.kron(coarse[1], fine)
    features = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", m3score.M3ScoreWarning)
        for pixels, is_real in ((real, True), (generated, False)):
            images = torch.from_numpy(pixels)
            metric.update(images, real=is_real)
            backbone = metric._get_backbone()
            features.append(backbone.extract(backbone.prepare(images[:, None]), [3], "cpu")[3].numpy())
        value = metric.compute(stats=False).fidelity
    names = [np.array([f"{side}{row}" for row in range(len(real))]) for side in "gr"]
    repaired = ", torchvision repaired" if torchvision_extra.repaired() else ""
    print(f"from pixels: timm {timm.__version__}{repaired}, random weights, {len(real)} images a side")
    data = Data("pixels", features[1], features[0], names[0], names[1])
    mine = mixture(data, theirs)
    _same("MMD^2, all pairs", mine.extra["image_level"], value, ROUNDING / median_square(data), clamped=True)
    print()


def standard_errors(theirs: ModuleType, repeats: int) -> None:
    """How wide the two intervals are against the spread of the estimate over new data, for 1 and 6 images a patient."""
    print(f"standard error of MMD^2 over {repeats} repetitions: true (spread of the estimates), and stated (median)")
    for each in (1, 6):
        rng = np.random.default_rng(1)
        estimates, ours, boot = [], [], []
        names = [np.array([f"{side}{row // each}" for row in range(300)]) for side in "gr"]
        for _ in range(repeats):
            generated, reference = (_images(rng, 300 // each, each, *how) for how in ((0.2, 0.9), (0.0, 1.0)))
            estimate = mixture(Data("", generated, reference, *names), theirs)
            low, high = theirs.bootstrap_ci(_tensor(reference), _tensor(generated))
            assert estimate.value is not None and estimate.se is not None
            estimates.append(estimate.value)
            ours.append(estimate.se)
            boot.append((high - low) / (2 * 1.96))
        true = float(np.std(estimates, ddof=1))
        print(
            f"  {each} image(s) a patient: true {true:.2e}; ours {np.median(ours):.2e} ({np.median(ours) / true:.2f}), "
            f"theirs {np.median(boot):.2e} ({np.median(boot) / true:.2f})"
        )


def _images(rng: np.random.Generator, patients: int, each: int, shift: float, width: float, d: int = 384) -> Float32:
    """Rows of falling variance around a mean; images of one patient share three quarters of their variance."""
    spectrum = 1.0 / np.sqrt(1.0 + np.arange(d) / 10)
    own, shared = rng.standard_normal((patients * each, d)), rng.standard_normal((patients, d)).repeat(each, axis=0)
    mixed = own if each == 1 else 0.5 * own + np.sqrt(0.75) * shared
    return (width * mixed * spectrum + shift * spectrum + 0.5).astype(np.float32)


def _side(features: NDArray[Any], patients: NDArray[np.str_]) -> Side:
    rows = np.arange(len(features))
    return Side(features, patients, np.array([str(row) for row in rows]), rows, None)


def _same(what: str, mine: float, other: float, limit: float, clamped: bool = False) -> None:
    """Print both numbers; stop where they differ by more than the limit. `clamped`: theirs is never below 0."""
    gap = abs((max(mine, 0.0) if clamped else mine) - other)
    print(f"  {what:<34}ours {mine:.9f}  theirs {other:.9f}  difference {gap:.1e}")
    if not gap <= limit:
        raise SystemExit(f"{what} differs from m3-score by {gap:.1e}, more than {limit:.0e}")


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    return f"{value:.6f} [{low:.6f}, {high:.6f}]"


def _tensor(features: Float32) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(features))


def _m3() -> ModuleType:
    try:
        from m3score import stats
    except ModuleNotFoundError as error:
        raise SystemExit(f"No module {error.name}. Make the environment that `{__file__}` describes.") from error
    return stats


def _machine() -> str:
    from benchmarks._timing import machine

    return machine("m3-score", "numpy", "torch")


if __name__ == "__main__":
    main()
