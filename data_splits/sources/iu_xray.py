"""Indiana University chest X-rays (Open-i): real reports and images that anyone may download.

The collection holds about 4,000 reports of as many patients with 7,470 images, frontal and lateral, without an official
split. Patients are the group key (one report each, so the report's number); the split is drawn from a seed by hash, so
that it does not change when files are missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.images.symmetry import mirror_correlation
from data_splits.sources.catalogue import SourceInfo
from data_splits.sources.files import ImageFiles
from data_splits.sources.openi_reports import Report, mesh_labels, read_report
from data_splits.sources.registry import describe
from data_splits.sources.tables import read_csv, refuse, require_columns, safe_id
from data_splits.split import Split

VERSION = "1"
FRONTAL = ("projections", "symmetry")
TEXTS = ("findings", "impression")


def load(
    path: Path, *, text: str = "findings", frontal: str = "projections", seed: int = 0, test_share: float = 0.2
) -> Split:
    """The frontal images with a report text.

    Args:
        path: folder that holds the XML reports and the PNG files, each at any depth.
        text: the section that becomes the prompt, "findings" or "impression". Reports without it are left out and
            counted. The collection's "XXXX" for removed words is kept.
        frontal: how frontal images are known. "projections": by `indiana_projections.csv` (uid, filename, projection)
            somewhere below `path`. "symmetry": of each report's images the most left-right symmetric one, an
            unvalidated heuristic that reads every image once.
        seed, test_share: a patient is in test if the hash of (seed, report number) falls below the share.

    Raises:
        UserError: no reports, images or projections; broken XML; listed images that are missing.
    """
    _check_options(text, frontal, test_share)
    info = describe("iu-xray")
    reports = [read_report(file) for file in sorted(path.rglob("*.xml"))]
    if not reports:
        raise UserError(info.missing(f"no XML report below {path}."))
    files = {file.name.removesuffix(".png").removesuffix(".dcm"): file for file in sorted(path.rglob("*.png"))}
    if not files:
        raise UserError(info.missing(f"no PNG image below {path}."))
    usable = [report for report in reports if getattr(report, text) and report.images]
    chosen = (
        _by_projection(path, usable, files, info) if frontal == "projections" else _by_symmetry(path, usable, files)
    )
    subsets: dict[str, list[Case]] = {"train": [], "test": []}
    for report in usable:
        for name in chosen.get(report.uid, ()):
            image = files[name].relative_to(path).as_posix()
            subsets["test" if _share(seed, report.uid) < test_share else "train"].append(
                Case(
                    id=safe_id(name),
                    patient=report.uid,
                    image=image,
                    prompt=getattr(report, text),
                    labels=mesh_labels(report.major),
                    study=report.uid,
                )
            )
    if not all(subsets.values()):
        raise UserError(f"Split {info.name}: {len(usable)} usable reports are too few for a train and a test subset.")
    images = ImageFiles(path)
    left_out = {
        f"without {text}": sum(not getattr(report, text) for report in reports),
        "without an image": sum(not report.images for report in reports),
        "without a frontal image": sum(not chosen.get(report.uid) for report in usable),
    }
    return Split(
        name=info.name,
        version=VERSION,
        licence=info.licence,
        credentialed=False,
        subsets={key: tuple(sorted(cases, key=lambda case: case.id)) for key, cases in subsets.items()},
        read_image=images.read,
        options={"text": text, "frontal": frontal, "seed": seed, "test_share": test_share},
        warnings=tuple(f"{count:,} reports {what}: left out" for what, count in left_out.items() if count),
        locate=images.locate,
    )


def _check_options(text: str, frontal: str, test_share: float) -> None:
    for key, value, allowed in (("text", text, TEXTS), ("frontal", frontal, FRONTAL)):
        if value not in allowed:
            raise UserError(f"Option {key} of split iu-xray is one of {', '.join(allowed)}, not {value!r}.")
    if not 0 < test_share < 1:
        raise UserError(f"Option test_share of split iu-xray lies between 0 and 1, not {test_share}.")


def _by_projection(
    path: Path, reports: Sequence[Report], files: Mapping[str, Path], info: SourceInfo
) -> dict[str, list[str]]:
    tables = sorted(path.rglob("*projections*.csv"))
    if not tables:
        raise UserError(
            info.missing(
                f"no indiana_projections.csv below {path}, so frontal and lateral images cannot be told apart "
                "(option frontal=symmetry guesses)."
            )
        )
    table = read_csv(tables[0])
    columns = require_columns(table, {"filename": ("filename", "image"), "projection": ("projection", "view")})
    frontal: set[str] = set()
    unknown = []
    for number, (name, view) in enumerate(zip(table[columns["filename"]], table[columns["projection"]], strict=True)):
        if view.strip().lower() == "frontal":
            frontal.add(_core(name))
        elif view.strip().lower() != "lateral":
            unknown.append(f"row {number + 1}")
    refuse(tables[0], "projection(s) that are neither Frontal nor Lateral", unknown)
    chosen: dict[str, list[str]] = {}
    missing = []
    by_core = {_core(name): name for name in files}
    for report in reports:
        for image in report.images:
            if _core(image) in frontal:
                if _core(image) in by_core:
                    chosen.setdefault(report.uid, []).append(by_core[_core(image)])
                else:
                    missing.append(f"{image}.png")
    refuse(path, "frontal image file(s) missing", missing)
    return chosen


def _by_symmetry(path: Path, reports: Sequence[Report], files: Mapping[str, Path]) -> dict[str, list[str]]:
    by_core = {_core(name): name for name in files}
    missing = [f"{image}.png" for report in reports for image in report.images if _core(image) not in by_core]
    refuse(path, "image file(s) missing", missing)
    chosen = {}
    for report in reports:
        names = [by_core[_core(image)] for image in report.images]
        chosen[report.uid] = [max(names, key=lambda name: mirror_correlation(files[name]))]
    return chosen


def _core(name: str) -> str:
    """The part of an image name that all distributions share: "CXR1_1_IM-0001-3001" and "1_IM-0001-3001.dcm.png"."""
    name = name.strip().removesuffix(".png").removesuffix(".dcm")
    head, separator, rest = name.partition("_IM-")
    return f"{head.rpartition('_')[2].removeprefix('CXR')}{separator}{rest}" if separator else name


def _share(seed: int, uid: str) -> float:
    return int.from_bytes(hashlib.sha256(f"iu-xray/{seed}/{uid}".encode()).digest()[:8]) / 2**64
