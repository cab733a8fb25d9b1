"""The whole fidelity suite on cached features, against the same numbers computed the published way in the same run.

    python -m benchmarks.whole_suite            # half a minute of one core
    python -m benchmarks.whole_suite --n 5000 --d 768

The published way: torchmetrics' FID and KID (100 subsets of min(n, m) images) and the `prdc` package (k = 5), one run
for the whole set and one more for each of the 14 pathologies. Ours is what `chexgenbench score` calls, under either
protocol, on the same arrays. Each runs alone in a fresh process on one core; imports and making the features are not
counted. Exits with an error where two definitions agree and the values do not.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._timing import Cost, alone, machine, one_core

if TYPE_CHECKING:
    from chexgenbench.scoring import Cases

K = 5
SUBSETS = 100
SMALLEST_GROUP = 24
PREVALENCE = (0.2, 0.25, 0.04, 0.1, 0.03, 0.024, 0.05, 0.3, 0.35, 0.22, 0.026, 0.12, 0.03, 0.28)
"""Made-up shares of the 14 labels, from common to rare."""

LIMITS = {"fid": 1e-4, "kid": 1e-6, "precision": 2e-3, "recall": 2e-3, "density": 2e-3, "coverage": 2e-3}
"""How far values may differ. torchmetrics rounds FID to float32 and takes roots of rounding noise below full rank; it
sums KID's kernel in float32; prdc compares float32 distances, which may flip an image or two."""

ENCODER = "lite0"

Features = NDArray[np.float32]
Values = Mapping[str, Mapping[str, float]]
"""Group -> metric -> value."""


@dataclass(frozen=True)
class Spec:
    """A made-up experiment: n images a side, d dimensions."""

    n: int
    d: int
    seed: int = 0

    def labels(self) -> NDArray[np.bool_]:
        """bool[n, 14]; label j is true of PREVALENCE[j] of the images, and of 24 at least."""
        rng = np.random.default_rng([self.seed, 1])
        labels = np.zeros((self.n, len(PREVALENCE)), bool)
        for column, share in enumerate(PREVALENCE):
            labels[rng.permutation(self.n)[: max(SMALLEST_GROUP, round(share * self.n))], column] = True
        return labels

    def features(self, part: str) -> Features:
        """float32[n, d] of square norm about d: correlated, moved by the labels; generated ones a little too narrow."""
        index = 1 + ("generated", "reference", "fit", "floor").index(part)
        fixed, rng = np.random.default_rng([self.seed, 2]), np.random.default_rng([self.seed, 2, index])
        mixing = fixed.standard_normal((self.d, self.d)) / np.sqrt(self.d)
        shifts = fixed.standard_normal((len(PREVALENCE), self.d)) * 0.2
        spectrum = 1.0 / np.sqrt(1.0 + np.arange(self.d) / 20)
        spectrum /= np.sqrt((spectrum**2).mean())
        rows = (rng.standard_normal((self.n, self.d)) * spectrum) @ mixing + self.labels() @ shifts
        if part == "generated":
            rows = 0.93 * rows + 0.05
        return rows.astype(np.float32)

    def cases(self, subgroups: bool) -> Cases:
        """One image a patient. Only with `subgroups` do view, sex and age make groups besides the pathologies."""
        from chexgenbench.scoring import Cases
        from data_splits.case import CHEXPERT_LABELS, Case

        labels = self.labels()

        def side(prefix: str) -> tuple[Case, ...]:
            return tuple(
                Case(
                    id=f"{prefix}{row}",
                    patient=f"{prefix}{row}",
                    labels={name: int(value) for name, value in zip(CHEXPERT_LABELS, labels[row], strict=True)},
                    view=("AP", "PA")[row % 2] if subgroups else None,
                    sex=("F", "M")[row // 2 % 2] if subgroups else None,
                    age=30.0 + row % 50 if subgroups else None,
                )
                for row in range(self.n)
            )

        test = side("test")
        return Cases(generated=test, reference=test, fit=side("fit"), floor=side("floor") if subgroups else ())

    def groups(self) -> dict[str, NDArray[np.intp]]:
        """Group -> rows: all, then the 14 pathologies."""
        from chexgenbench.groups import members

        return members(self.cases(subgroups=False).reference)


WARM_UP = Spec(n=100, d=8)


def published_fid(spec: Spec) -> Callable[[], Values]:
    """torchmetrics' FID by group; both sets are given as one batch, which favours it."""
    import torch
    from torchmetrics.image.fid import FrechetInceptionDistance

    generated, reference = (torch.from_numpy(spec.features(part)) for part in ("generated", "reference"))
    groups = spec.groups()

    def work() -> Values:
        values = {}
        for group, rows in groups.items():
            metric = FrechetInceptionDistance(feature=_identity(spec.d))
            metric.update(reference[rows], real=True)
            metric.update(generated[rows], real=False)
            values[group] = {"fid": float(metric.compute())}
        return values

    return work


def published_kid(spec: Spec) -> Callable[[], Values]:
    """torchmetrics' KID by group, with the published subset size."""
    import torch
    from torchmetrics.image.kid import KernelInceptionDistance

    warnings.filterwarnings("ignore", "Metric `Kernel Inception Distance`")
    generated, reference = (torch.from_numpy(spec.features(part)) for part in ("generated", "reference"))
    groups = spec.groups()

    def work() -> Values:
        values = {}
        for group, rows in groups.items():
            metric = KernelInceptionDistance(feature=_identity(spec.d), subsets=SUBSETS, subset_size=len(rows))
            metric.update(reference[rows], real=True)
            metric.update(generated[rows], real=False)
            values[group] = {"kid": float(metric.compute()[0])}
        return values

    return work


def published_prdc(spec: Spec) -> Callable[[], Values]:
    """The `prdc` package by group."""
    from prdc import compute_prdc

    generated, reference, groups = spec.features("generated"), spec.features("reference"), spec.groups()

    def work() -> Values:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints the numbers of images
            return {group: compute_prdc(reference[rows], generated[rows], K) for group, rows in groups.items()}

    return work


def ours(spec: Spec, name: str, everything: bool) -> Callable[[], tuple[Values, int]]:
    """`chexgenbench.scoring.score` under protocol `name`: the same metrics and groups, or all there are.

    The work returns raw values (KID over all pairs of images, as torchmetrics takes them) and the number of results.
    """
    from dataclasses import replace

    from chexgenbench.protocols import load
    from chexgenbench.scoring import EncodedSplit, score

    cases = spec.cases(subgroups=everything)
    protocol = load(name, "quick").narrowed(None if everything else list(LIMITS), [ENCODER])
    if not everything:
        protocol = replace(protocol, floor=False)
    parts: dict[str, Any] = {part: spec.features(part) for part in ("generated", "reference", "fit")}
    parts["floor"] = spec.features("floor")[: len(cases.floor)]

    if spec != WARM_UP:
        ours(WARM_UP, name, everything)()  # the parts of the package that are imported only when they are needed

    def work() -> tuple[Values, int]:
        encoded = {ENCODER: EncodedSplit(ENCODER, **parts)}
        results = score(protocol, cases, encoded, None, credentialed=False, store=lambda *_: None)
        values: dict[str, dict[str, float]] = {}
        for result in results:
            if result.variant == "raw" and result.value is not None:
                metric = result.metric.removesuffix(f"_{ENCODER}")
                value = result.extra.get("image_level", result.value) if metric == "kid" else result.value
                values.setdefault(result.group, {})[metric] = value
        return values, sum(result.value is not None for result in results)

    return work


def check(label: str, mine: Values, theirs: Values, kid_scale: float) -> str:
    """One line: the largest differences over the groups, of FID relative to its value, of KID to `kid_scale`.

    Raises:
        SystemExit: a value is missing, or differs by more than the other side's rounding explains.
    """
    found: dict[str, float] = {}
    for metric, limit in LIMITS.items():
        for group, values in theirs.items():
            if metric not in mine.get(group, {}):
                raise SystemExit(f"{label}: no {metric} for {group}")
            scale = {"fid": values["fid"], "kid": kid_scale}.get(metric, 1.0)
            gap = abs(mine[group][metric] - values[metric]) / scale
            if not gap <= limit:
                raise SystemExit(
                    f"{label} disagrees with the published way: {metric} of {group} is {mine[group][metric]!r}, "
                    f"not {values[metric]!r}"
                )
            found[metric] = max(gap, found.get(metric, 0.0))
    return "  ".join([f"{label:<44}", *(f"{metric} {gap:.0e}" for metric, gap in found.items())])


def main() -> None:
    """Run, print and check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000, help="images a side (default 1000; at least 100)")
    parser.add_argument("--d", type=int, default=512, help="dimensions of the features (default 512)")
    parser.add_argument(
        "--skip", action="append", default=[], choices=["published", "v1", "v2", "everything"], help="leave a part out"
    )
    options = parser.parse_args()
    spec = Spec(options.n, options.d)
    sizes = [len(rows) for rows in spec.groups().values()][1:]
    one_core()
    print(f"Fidelity suite on cached features: {spec.n} images a side, d = {spec.d}, float32; the whole set and")
    print(f"{len(sizes)} pathologies of {min(sizes)} to {max(sizes)} images. One image a patient.")
    print(machine("numpy", "torch", "torchmetrics", "prdc", "scikit-learn"), flush=True)
    print(f"\n{'':<44}{'CPU s':>8}{'wall s':>8}{'peak MiB':>10}", flush=True)

    theirs: dict[str, dict[str, float]] = {}
    total: Cost | None = None
    if "published" not in options.skip:
        for label, prepare in (
            ("published: torchmetrics FID", published_fid),
            (f"published: torchmetrics KID, {SUBSETS} subsets", published_kid),
            ("published: prdc", published_prdc),
        ):
            values, cost = alone(prepare, spec)
            for group, found in values.items():
                theirs.setdefault(group, {}).update(found)
            total = cost if total is None else total + cost
            line(label, cost)
        assert total is not None
        line("published: all", total)
    reports = []
    for key, label, name, everything in (
        ("v1", "ours: the same numbers (protocol v1)", "v1", False),
        ("v2", "ours: and intervals, matched n (v2)", "v2", False),
        ("everything", "ours: all metrics, groups, floors (v2)", "v2", True),
    ):
        if key in options.skip:
            continue
        (mine, count), cost = alone(ours, spec, name, everything)
        line(label, cost, total, f"  {count} results")
        if theirs:
            reports.append(check(label, mine, theirs, kid_scale(spec)))
    if reports:
        print(
            f"\nLargest difference from the published values over {len(theirs)} groups (FID: relative; KID: relative to"
        )
        print("the mean kernel value of an image with itself; the others: absolute)")
        print("\n".join(reports))


def line(label: str, cost: Cost, other: Cost | None = None, note: str = "") -> None:
    """One row of the table; with `other`, how many times less CPU and memory this took."""
    gain = (
        f"  {other.cpu / cost.cpu:.1f}x less CPU, {other.peak / max(cost.peak, 1.0):.1f}x less memory" if other else ""
    )
    print(f"{label:<44}{cost.cpu:>8.1f}{cost.wall:>8.1f}{cost.peak:>10.0f}{note}{gain}", flush=True)


def kid_scale(spec: Spec) -> float:
    """Mean kernel value of an image with itself: what the rounding of a float32 kernel is relative to."""
    rows = spec.features("reference").astype(np.float64)
    return float((((rows * rows).sum(axis=1) / spec.d + 1.0) ** 3).mean())


def _identity(dimension: int) -> Any:
    """A torchmetrics "feature extractor" for features that are already there."""
    import torch

    module: Any = torch.nn.Identity()
    module.num_features = dimension  # torchmetrics asks the extractor for its width
    return module


if __name__ == "__main__":
    main()
