"""Splits of made-up images whose brightness tells the label, on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from made_up_splits import write_csv
from PIL import Image

PROMPTS = ("No pulmonary edema.", "Severe pulmonary edema.")


def bright_split(path: Path, n: int, prefix: str, seed: int, wrong: Sequence[int] = (), labels: bool = True) -> str:
    """Bright images are Edema; the prompts of rows in `wrong` say the opposite. Returns the split's name."""
    rng = np.random.default_rng(seed)
    rows: list[Mapping[str, Any]] = []
    for row in range(n):
        bright = bool(rng.random() < 0.5)
        pixels = rng.integers(0, 60, (32, 32)) + (90 if bright else 30)
        (path / "images").mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(path / "images" / f"{prefix}{row}.png")
        label = int(bright != (row in wrong))
        told = {"Edema": label} if labels else {}
        rows.append(
            {
                "image": f"{prefix}{row}.png",
                "patient": f"{prefix}{row // 2}",
                "prompt": PROMPTS[label],
                "split": "train",
            }
            | told
        )
    write_csv(path / "cases.csv", rows)
    return f"folder:{path}"
