"""A made-up split on which a fit takes seconds: bright squares left or right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from data_splits.case import Case
from data_splits.materialise import materialise
from data_splits.split import Split

IMAGES, SIDE = 12, 8


def made_up_split(images: int = IMAGES, side: int = SIDE) -> Split:
    """A square on the left is Pneumonia, one on the right is No Finding; every image its own patient."""

    def case(number: int) -> Case:
        left = number % 2 == 0
        labels = {"Pneumonia": int(left), "No Finding": int(not left)}
        return Case(id=f"made-{number:02d}", patient=f"p{number}", labels=labels, view=("AP", "PA")[number % 2])

    def read_image(case: Case) -> np.ndarray:
        number = int(case.id[5:])
        image = np.random.default_rng(number).integers(0, 60, (side, side)).astype(np.uint8)
        half = side // 2
        top = number % half
        image[top : top + half, slice(half) if number % 2 == 0 else slice(half, None)] += 150
        return image

    cases = tuple(case(number) for number in range(images))
    return Split("made-up", "1", "CC0", False, {"train": cases}, read_image, evaluation="train")


def made_up_inputs(folder: Path) -> dict[str, Any]:
    """The split as a folder, and a fit of eleven steps."""
    path = materialise(made_up_split(), folder / "made-up")
    return {
        "split": f"folder:{path}", "classes": "Pneumonia,No Finding", "images_per_class": 2, "side": SIDE,
        "network": "mlp:8", "experts": 2, "epochs": 3, "start_before": 2, "span": 1, "expert_batch": 4,
        "iterations": 4, "save_every": 2, "inner_steps": 4, "kept_steps": 3,
    }  # fmt: skip
