"""Stage: questions with Lite0's features or thumbnails of their images, in files of one task and one generator seed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_splits.integrity import atomic_write
from data_splits.question import Question, QuestionSplit
from model_adapters.generators.embedded_training.loop import Say
from model_adapters.inference.prompts import v2_parts
from model_adapters.protocols import Image
from model_adapters.vlms import embedded_pixels
from model_adapters.vlms.embedded_training.evidence import targets_of
from model_adapters.vlms.embedded_training.plan import FIRST_TRAINING_SEED, Plan


@dataclass(frozen=True)
class Item:
    """One question, ready for training.

    Attributes:
        task, answer: of the question. texts: the text parts of the v2 prompt; images stand between them.
        images: rows of the features.
        targets: per image, name -> what evidence says of it.
    """

    task: str
    answer: str
    texts: tuple[str, ...]
    images: tuple[int, ...]
    targets: tuple[dict[str, str], ...]


class Items:
    """Questions and features of several chunks.

    Attributes:
        items: all questions. rows: how many images.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.items: list[Item] = []
        self._arrays: dict[str, list[NDArray[Any] | None]] = {name: [] for name in ("fine", "coarse", "thumbnails")}
        starts, rows = [], 0
        for folder in folders:
            most = 0
            for row in json.loads((folder / "items.json").read_text("utf-8")):
                images = tuple(rows + i for i in row["images"])
                texts, targets = tuple(row["texts"]), tuple(row["targets"])
                self.items.append(Item(row["task"], row["answer"], texts, images, targets))
                most = max(most, 1 + max(row["images"], default=-1))
            for name, arrays in self._arrays.items():
                path = folder / f"{name}.npy"
                arrays.append(np.load(path, mmap_mode="r") if path.exists() else None)
            starts.append(rows)
            rows += most
        self._starts = np.array(starts)
        self.rows = rows

    def features(self, images: Sequence[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Rows -> float32[n, 14, 14, 272], float32[n, 7, 7, 320]."""
        return self._read("fine", images).astype(np.float32), self._read("coarse", images).astype(np.float32)

    def thumbnails(self, images: Sequence[int]) -> NDArray[np.uint8]:
        """Rows -> uint8[n, 96, 96, 3]."""
        return self._read("thumbnails", images)

    def has_thumbnails(self, image: int) -> bool:
        """Whether the chunk of this row holds thumbnails."""
        return self._arrays["thumbnails"][int(np.searchsorted(self._starts, image, side="right")) - 1] is not None

    def _read(self, name: str, images: Sequence[int]) -> NDArray[Any]:
        found = np.searchsorted(self._starts, np.asarray(images), side="right") - 1
        rows = []
        for chunk, image in zip(found, images, strict=True):
            array = self._arrays[name][chunk]
            if array is None:
                raise ValueError(f"chunk {chunk} was made without {name}")
            rows.append(array[image - self._starts[chunk]])
        return np.stack(rows)


@dataclass(frozen=True)
class Chunk:
    """Some questions of one task and one generator seed.

    Attributes:
        folder: where they go.
        holds: "maps" of Lite0 (and thumbnails, where the task needs them), "thumbnails" alone, or the "evidence" alone.
    """

    task: str
    seed: int
    folder: Path
    holds: str = "maps"


def chunks_of(plan: Plan, folder: Path) -> list[Chunk]:
    """Everything the plan trains on."""
    wanted = {"maps": plan.chunks, "thumbnails": plan.thumbnails, "evidence": plan.evidence}
    found, first = [], FIRST_TRAINING_SEED
    for holds, chunks in wanted.items():
        name = "items" if holds == "maps" else holds
        for task, count in chunks.items():
            found += [Chunk(task, s, folder / name / f"{task}-{s}", holds) for s in range(first, first + count)]
        first += 1000  # other questions
    return sorted(found, key=lambda each: (each.seed, each.task))


def make_items(chunks: Sequence[Chunk], per_task: int, workers: int, say: Say) -> None:
    """Make what is missing, several chunks at a time; a chunk is there only once it is complete."""
    missing = [(each, per_task) for each in chunks if not (each.folder / "items.json").exists()]
    if not missing:
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for number, key in enumerate(pool.map(_make_chunk, missing), start=1):
            say(f"items {number}/{len(missing)} {key}")


def questions_of(task: str, seed: int, per_task: int) -> QuestionSplit:
    """One task of the generator."""
    from data_splits.sources import load_questions

    return load_questions("mirb-procedural", seed=seed, per_task=per_task, tasks=task)


def _make_chunk(key: tuple[Chunk, int]) -> str:
    import torch

    torch.set_num_threads(1)
    chunk, per_task = key
    split = questions_of(chunk.task, chunk.seed, per_task)
    write_chunk(split.questions, split.read_image, chunk.folder, chunk.holds)
    return f"{chunk.holds} {chunk.folder.name}"


def write_chunk(questions: Sequence[Question], read_image: Any, folder: Path, holds: str = "maps") -> None:
    """Arrays first, the list of questions last; `holds` as in `Chunk`."""
    arrays = _arrays(questions, read_image, holds)
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in arrays.items():
        with atomic_write(folder / f"{name}.npy") as stream:
            np.save(stream, np.stack(values))
    rows: dict[str, int] = {}
    listed: list[dict[str, Any]] = []
    placeholder: Image = np.zeros((1, 1), np.uint8)
    for each in questions:
        parts = v2_parts(each, [placeholder] * len(each.images))
        listed.append(
            {
                "task": each.task,
                "answer": each.answer,
                "texts": [part for part in parts if isinstance(part, str)],
                "images": [rows.setdefault(key, len(rows)) for key in each.images],
                "targets": targets_of(each),
            }
        )
    with atomic_write(folder / "items.json", "w") as stream:
        json.dump(listed, stream)


def _arrays(questions: Sequence[Question], read_image: Any, holds: str) -> dict[str, list[NDArray[Any]]]:
    """What is kept of each image, by name of the file, in the order in which the images first appear."""
    from model_adapters.vlms.embedded_network import Eye

    found: dict[str, list[NDArray[Any]]] = {}
    if holds == "evidence":
        return found
    eye = Eye() if holds == "maps" else None
    for key in dict.fromkeys(key for each in questions for key in each.images):
        image = read_image(key)
        if eye is not None:
            seen = eye.look(image)
            found.setdefault("fine", []).append(seen.fine[0])
            found.setdefault("coarse", []).append(seen.coarse[0])
        if questions[0].task in embedded_pixels.TASKS:
            found.setdefault("thumbnails", []).append(embedded_pixels.thumbnail(image))
    return found
