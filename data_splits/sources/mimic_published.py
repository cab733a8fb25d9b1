"""What was published about the benchmark's MIMIC-CXR rows, and how a user's copy differs from it.

Sources: CheXGenBench (arXiv 2505.10496) and its code, the header and aggregates of its 20K file, and third parties who
reprint its counts. The counts are second-hand: a difference is a warning, never an error.
"""

from __future__ import annotations

from collections.abc import Sequence

from data_splits.sources.mimic_annotations import Annotation

PRIVACY_SEEDS = (639, 25, 275, 223, 736, 677, 892, 87, 422, 30)
"""The ten seeds each privacy prompt is drawn with (published)."""

PRIVACY_PROMPTS = 2000
"""Unique training prompts of the privacy test: `sample(n=2000, random_state=42)` (published)."""

UTILITY_ROWS = 20_000
RANDOM_STATE = 42

TRAIN = {"image-text pairs": 237_388}
TEST = {"rows": 5_034, "unique prompts": 4_352}
UTILITY = {
    "rows": 20_000,
    "patients": 14_485,
    "unique prompts": 18_575,
    "AP": 11_169,
    "PA": 8_831,
    "No Finding": 8_754,
    "Support Devices": 5_579,
    "Pleural Effusion": 4_116,
    "Cardiomegaly": 3_721,
    "Atelectasis": 3_686,
    "Lung Opacity": 3_051,
    "Edema": 2_187,
    "Pneumonia": 1_228,
    "Pneumothorax": 932,
    "Consolidation": 671,
    "Enlarged Cardiomediastinum": 550,
    "Lung Lesion": 514,
    "Fracture": 371,
    "Pleural Other": 160,
}


def differences(part: str, found: dict[str, int], published: dict[str, int]) -> list[str]:
    """One line for each count that is not the published one."""
    return [
        f"{part}: {found.get(name, 0):,} {name}, published {count:,} ({found.get(name, 0) - count:+,})"
        for name, count in published.items()
        if found.get(name, 0) != count
    ]


def counts(pairs: Sequence[Annotation]) -> dict[str, int]:
    """Counts under the names of the published ones."""
    found = {
        "image-text pairs": len(pairs),
        "rows": len(pairs),
        "patients": len({pair.subject for pair in pairs}),
        "unique prompts": len({pair.prompt for pair in pairs}),
        "AP": sum(pair.view == "AP" for pair in pairs),
        "PA": sum(pair.view == "PA" for pair in pairs),
    }
    for pair in pairs:
        for label, value in pair.labels.items():
            if value == 1:
                found[label] = found.get(label, 0) + 1
    return found
