"""Made-up data sets in the layouts of the real ones: no row of a real data set is used."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from data_splits.case import CHEXPERT_LABELS

CANARY = "CANARY-TEXT"


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_png(path: Path, seed: int = 0, size: int = 8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def mimic_rows(patients: range, images: int = 2, first_prompt: int = 0) -> list[dict[str, Any]]:
    """Rows of an annotation CSV; every third prompt repeats."""
    rows = []
    for number in patients:
        subject = f"{10_000_000 + number}"
        for k in range(images):
            dicom = f"{number:08x}-aaaaaaaa-bbbbbbbb-cccccccc-{k:08x}"
            serial = first_prompt + number * images + k
            labels: dict[str, Any] = dict.fromkeys(CHEXPERT_LABELS)
            labels |= {"Edema": 1.0, "Pneumonia": -1.0 if serial % 5 == 0 else 0.0}
            rows.append(
                {
                    "id": f"{subject}_{50_000_000 + number}",
                    "path": f"mimic/p{subject[:2]}/p{subject}/s{50_000_000 + number}/{dicom}.jpg",
                    "generate_method": "gpt4",
                    "view": "AP" if k else "PA",
                    "chexpert_labels": str(labels),
                    "annotated_prompt": f"{CANARY} findings, number {serial - serial % 3}",
                    "patientID": subject,
                }
            )
    return rows


def mimic_json(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same rows as the JSON of PhysioNet holds them."""
    entries = []
    for row in rows:
        labels = dict.fromkeys(CHEXPERT_LABELS, float("nan")) | {"Edema": 1.0}
        talk = [{"from": "human", "value": "<image>\nDescribe."}, {"from": "gpt", "value": row["annotated_prompt"]}]
        entry = {key: row[key] for key in ("id", "generate_method", "view")}
        entries.append(entry | {"image": row["path"], "chexpert_labels": labels, "conversations": talk})
    return entries


def mimic(root: Path, train: int = 8, test: int = 6) -> Path:
    """A tiny MIMIC-CXR-JPG root with annotations beside the images."""
    parts = {"TRAIN": mimic_rows(range(train)), "TEST": mimic_rows(range(1000, 1000 + test))}
    for part, rows in parts.items():
        write_csv(root / f"LLAVARAD_ANNOTATIONS_{part}.csv", rows)
        for number, row in enumerate(rows):
            write_png(root / "files" / row["path"].removeprefix("mimic/").replace(".jpg", ".png"), number)
    return root


def nih(root: Path) -> Path:
    """A tiny NIH ChestX-ray14 folder: six images of four patients."""
    rows = []
    findings = ["No Finding", "Effusion|Mass", "Hernia", "Infiltration", "Pleural_Thickening", "No Finding"]
    for number, (patient, labels) in enumerate(zip([1, 1, 2, 3, 3, 4], findings, strict=True)):
        image = f"{patient:08d}_{number:03d}.png"
        rows.append(
            {
                "Image Index": image,
                "Finding Labels": labels,
                "Follow-up #": number,
                "Patient ID": patient,
                "Patient Age": "058Y" if number == 0 else 80 + number,
                "Patient Gender": "F" if patient % 2 else "M",
                "View Position": "PA" if number % 2 else "AP",
            }
        )
        write_png(root / ("images_001/images" if number < 3 else "images_002/images") / image, number)
    write_csv(root / "Data_Entry_2017.csv", rows)
    names = [str(row["Image Index"]) for row in rows]
    (root / "train_val_list.txt").write_text("\n".join(names[:3]) + "\n")
    (root / "test_list.txt").write_text("\n".join(names[3:]) + "\n")
    return root


OPENI = """<?xml version="1.0" encoding="utf-8"?>
<eCitation><uId id="CXR{uid}"/><MedlineCitation><Article><Abstract>
<AbstractText Label="COMPARISON">None.</AbstractText>
<AbstractText Label="FINDINGS">{findings}</AbstractText>
<AbstractText Label="IMPRESSION">Made up impression {uid}.</AbstractText>
</Abstract></Article></MedlineCitation>
<MeSH>{major}<automatic>heart</automatic></MeSH>
{images}</eCitation>
"""


def openi(root: Path, reports: int = 30) -> Path:
    """A tiny Open-i folder: each report has a frontal and a lateral image."""
    rows = []
    for uid in range(1, reports + 1):
        names = [f"CXR{uid}_{uid}_IM-{uid:04d}-{k}001" for k in (3, 4)]
        terms = ["normal"] if uid % 2 else ["Cardiomegaly/mild", "Opacity/lung/base/left"]
        text = OPENI.format(
            uid=uid,
            findings="" if uid == 5 else f"Made up finding {uid}.",
            major="".join(f"<major>{term}</major>" for term in terms),
            images="".join(f'<parentImage id="{name}"><caption>x</caption></parentImage>\n' for name in names),
        )
        path = root / "reports" / "ecgen-radiology" / f"{uid}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        for k, name in enumerate(names):
            write_png(root / "images" / f"{name}.png", uid * 2 + k)
            plain = f"{name.partition('_')[2]}.dcm.png"
            rows.append({"uid": uid, "filename": plain, "projection": "Lateral" if k == 0 else "Frontal"})
    write_csv(root / "indiana_projections.csv", rows)
    return root


def write_json(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path
