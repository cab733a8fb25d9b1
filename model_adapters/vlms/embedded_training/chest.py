"""The radiograph task: two real chest images of one view, one with pneumonia; which is it?

The images are the shared NIH ones (see the data README): they are read where they lie and nothing of them is kept but
Lite0's features in the folder of the run. Both images of a question have the same view, because the view alone tells
pneumonia from no finding better than chance there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data_splits.errors import UserError
from data_splits.question import ColourImage, Question, QuestionSplit
from model_adapters.inference.seeds import derive_seed

TASK = "chest_pair"
TEXT = "Which image shows pneumonia?\nA. Image 1\nB. Image 2"


def chest_pairs(folder: Path, subset: str, count: int, seed: int) -> QuestionSplit:
    """Questions about the images of one subset ("train" or "test" patients).

    Args:
        folder: of the NIH selection: cases.csv and images/.

    Raises:
        UserError: the folder is not there.
    """
    import csv

    if not (folder / "cases.csv").is_file():
        raise UserError(f"{folder} holds no cases.csv: give the folder of the shared NIH images with --chest.")
    with (folder / "cases.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == subset]
    pools = {
        (view, sick): sorted(r["image"] for r in rows if r["view"] == view and r["Pneumonia"] == sick)
        for view in ("AP", "PA")
        for sick in ("0", "1")
    }
    questions = []
    for number in range(count):
        rng = np.random.default_rng(derive_seed(seed, f"{subset}-{number}", purpose=TASK))
        view = ("AP", "PA")[int(rng.integers(2))]
        sick, well = (pools[view, kind][int(rng.integers(len(pools[view, kind])))] for kind in ("1", "0"))
        first = number % 2 == 0  # as many A as B
        questions.append(
            Question(
                id=f"{TASK}-{subset}-{number:04d}",
                task=TASK,
                question=TEXT,
                answer="A" if first else "B",
                images=(sick, well) if first else (well, sick),
                choices=("Image 1", "Image 2"),
                evidence={"sick": [first, not first], "view": view},
            )
        )
    return QuestionSplit(
        name=TASK,
        version="1",
        licence="see ATTRIBUTION.md of the shared data",
        credentialed=False,
        questions=tuple(questions),
        read_image=lambda key: _read(folder / "images" / key),
        options={"subset": subset, "seed": seed},
    )


def _read(path: Path) -> ColourImage:
    import PIL.Image

    with PIL.Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
