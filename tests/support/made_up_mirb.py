"""Invented copies of MIRB in both of its layouts. No question, answer or image of the real data is in here."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

OPTIONS = "\nA. Food 1\nB. Food 2\nC. Food 3\nD. None of the Above"
FOUR = "\nA. First\nB. Second\nC. Third\nD. Fourth"
RECORDS: dict[str, list[tuple[str, Any, list[str]]]] = {
    "food": [("Which soup has no leeks?" + OPTIONS, "B", ["f0.jpg", "f1.jpg"])],
    "sightseeing": [("Is this in Oz?", "No", ["s0.png", "s1.png"]), ("Which city?", "St. Bees", ["s2.png"])],
    "codeu": [
        ("What is printed?\nA. 1\nB. 2\nC. 3\nD. 4", "C", ["c0.png", "c1.png"]),
        ("What is returned?\nA. 5\nB. 6\nC. 7\nD. 8", "A", ["c2.png", "c3.png"]),
    ],
    "plot_code": [("Which code drew it?" + FOUR, "Third", ["p0.png", "p1.png", "p2.png"])],
    "analogy": [("Is it an analogy?", "Yes", ["a0.png", "a1.png", "a2.png", "a3.png"])],
    "3d_scene": [("How many cones?", 4, ["t0.png", "t1.png"])],
    "image_jigsaw": [("Which order?\nA. [0, 1]\nB. [1, 0]", "B", ["j0.png", "j1.png"])],
    "count": [
        ("How many kites are in these two images?", 5, ["k0.jpg", "k1.jpg"]),
        ("How many dogs are in these two images?", "2", ["k1.jpg", "k2.jpg"]),
        ("How many cows are in these two images?", 3, ["k3.jpg", "k4.jpg"]),
    ],
    "attribute": [("Do all share the style?", "no", ["d0.png", "d1.png"])],
    "visual_chain": [("What is the value of c?", 29, ["v0.png", "v1.png"])],
    "arxiv": [("What is the paper title of citation [3] on page 2?", "On Invented Things", ["x0.png", "x1.png"])],
}
OLD_NAMES = {
    "food": "foods",
    "sightseeing": "places",
    "plot_code": "plot",
    "attribute": "domain",
    "visual_chain": "image_needles",
}


def picture(name: str) -> bytes:
    """An encoded image that follows from its name."""
    seed = sum(name.encode())
    pixels = np.random.default_rng(seed).integers(0, 255, (12, 16, 3)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG" if name.endswith(".jpg") else "PNG")
    return stream.getvalue()


def folder(root: Path, old_names: bool = False) -> Path:
    """The folder layout: a JSON file a task, images/<task>/<file>, and ablation files."""
    for task, records in RECORDS.items():
        stem = OLD_NAMES.get(task, task) if old_names else task
        rows = []
        for question, answer, names in records:
            paths = [f"images/{stem}/{name}" for name in names]
            for path, name in zip(paths, names, strict=True):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(picture(name))
            rows.append({"questions": question, "answers": answer, "images": paths})
        write(root / f"{stem}.json", rows)
    for name, task in (("codeu_text", "codeu"), ("plot_text", "plot_code"), ("arxiv_text", "arxiv")):
        texts = [
            {"questions": f"(code of {number}) {question}", "answers": answer, "images": []}
            for number, (question, answer, _) in enumerate(RECORDS[task])
        ]
        write(root / f"{name}.json", texts)
    for name in ("3d_scene_concat", "count_concat", "visual_chain_concat"):
        write(root / f"{name}.json", [{"questions": "?", "answers": 1, "images": ["images/none.png"]}])
    return root


def write(path: Path, value: Any) -> None:
    """Write JSON, making folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def rows(structs: bool = True) -> list[dict[str, Any]]:
    """The rows of the parquet layout; images as structs of bytes and path, or as plain bytes."""
    found = []
    for task, records in RECORDS.items():
        for number, (question, answer, names) in enumerate(records):
            images = [{"bytes": picture(name), "path": name} if structs else picture(name) for name in names]
            row = {"question_id": f"{task}_{number}", "subset": task, "questions": question, "answers": str(answer)}
            found.append(row | {"image_list": images})
    return found


def parquet(path: Path, table: list[dict[str, Any]], row_group_size: int = 4) -> Path:
    """Write rows as parquet."""
    import pyarrow
    import pyarrow.parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(table), path, row_group_size=row_group_size)
    return path
