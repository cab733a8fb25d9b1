"""The curated data set on disk.

train/ID.png, train/metadata.jsonl   what `datasets.load_dataset("imagefolder", data_dir=...)` reads
cases.csv                            the same for `--split folder:...`
README.md                            data card with a YAML header
curation.json                        what was graded, by whom, how; hashes of everything
grades.jsonl                         every grade, also of what was left out
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chexgenbench.curation.candidates import Candidate, Pool
from chexgenbench.curation.data_card import data_card
from chexgenbench.curation.grades import Graded, Tally
from data_splits.case import CHEXPERT_LABELS, Case
from data_splits.integrity import atomic_write, canonical_json, sha256_bytes, write_json, write_text
from model_adapters.inference.sample_store import encode_png

SUBSET = "train"
COLUMNS = ("id", "image", "patient_id", "study", "age", "sex", "view", *CHEXPERT_LABELS, "prompt", "split", "sha256")


@dataclass(frozen=True)
class Kept:
    """An image of the new set. sha256: of its pixels. patient: of the case it was drawn for, hashed if credentialed."""

    candidate: Candidate
    graded: Graded
    sha256: str
    patient: str

    @property
    def case(self) -> Case:
        """The case it was drawn for."""
        return self.candidate.case


def write_data_set(
    folder: Path,
    pool: Pool,
    graded: Sequence[Graded],
    hashes: Sequence[str],
    keep: Sequence[str],
    grader: Mapping[str, Any],
) -> list[Kept]:
    """Write everything but grades.jsonl; the same grades give the same bytes (for one version of Pillow)."""
    kept = [
        Kept(candidate, outcome, pixels, _patient(pool, candidate.case))
        for candidate, outcome, pixels in zip(pool.candidates, graded, hashes, strict=True)
        if outcome.grade in keep
    ]
    files = [_write_image(folder / SUBSET / f"{each.candidate.id}.png", each) for each in kept]
    _remove_others(folder / SUBSET, {f"{each.candidate.id}.png" for each in kept})
    lines = [canonical_json(_metadata(each, data, pool)) for each, data in zip(kept, files, strict=True)]
    write_text(folder / SUBSET / "metadata.jsonl", "".join(f"{line}\n" for line in lines))
    write_text(folder / "cases.csv", _table(kept, files))
    write_text(folder / "ATTRIBUTION.md", f"{_licence(pool)}\n")
    tally = Tally.of(graded).counts
    write_json(
        folder / "curation.json",
        {
            "source": pool.name,
            "split": {"name": pool.split.name, "version": pool.split.version, "hash": pool.split.manifest.hash},
            "credentialed": pool.split.credentialed,
            "model": pool.model,
            "grader": dict(grader),
            "kept_grades": list(keep),
            "images": {"candidates": len(graded), "without_image": pool.failed, "kept": len(kept), "by_grade": tally},
            "files": {
                f"{SUBSET}/{each.candidate.id}.png": sha256_bytes(data) for each, data in zip(kept, files, strict=True)
            },
        },
    )
    write_text(folder / "README.md", data_card(pool, [each.case for each in kept], tally, keep, grader))
    return kept


def _metadata(each: Kept, data: bytes, pool: Pool) -> dict[str, Any]:
    """One line of metadata.jsonl: prompt, labels and provenance."""
    case = each.case
    return {
        "file_name": f"{each.candidate.id}.png",
        "id": each.candidate.id,
        "prompt": case.prompt,
        "case_id": case.id,
        "patient": each.patient,
        "view": case.view,
        "sex": case.sex,
        "age": case.age,
        **{name: case.labels.get(name) for name in CHEXPERT_LABELS},
        "seed": None if each.candidate.seed is None else str(each.candidate.seed),
        "draw": each.candidate.draw,
        "model": None if pool.model is None else pool.model["name"],
        "grade": each.graded.grade,
        "grade_score": each.graded.score,
        "pixels_sha256": each.sha256,
        "file_sha256": sha256_bytes(data),
    }


def _table(kept: Sequence[Kept], files: Sequence[bytes]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for each, data in zip(kept, files, strict=True):
        case = each.case
        writer.writerow(
            {
                "id": each.candidate.id,
                "image": f"{SUBSET}/{each.candidate.id}.png",
                "patient_id": each.patient,
                "study": "",
                "age": "" if case.age is None else f"{case.age:g}",
                "sex": case.sex or "",
                "view": case.view or "",
                **{name: case.labels.get(name, "") for name in CHEXPERT_LABELS},
                "prompt": case.prompt or "",
                "split": SUBSET,
                "sha256": sha256_bytes(data),
            }
        )
    return stream.getvalue()


def _write_image(path: Path, each: Kept) -> bytes:
    data = encode_png(each.candidate.load())
    if not (path.is_file() and path.read_bytes() == data):
        with atomic_write(path) as stream:
            stream.write(data)
    return data


def _remove_others(folder: Path, names: set[str]) -> None:
    """Images of an earlier choice of grades; they were written here."""
    for path in folder.glob("*.png"):
        if path.name not in names:
            path.unlink()


def _patient(pool: Pool, case: Case) -> str:
    if not pool.split.credentialed:
        return case.patient
    return sha256_bytes(f"{pool.split.name}/{pool.split.version}/patient/{case.patient}".encode())[:16]


def _licence(pool: Pool) -> str:
    return f"Prompts and labels: {pool.split.licence}"
