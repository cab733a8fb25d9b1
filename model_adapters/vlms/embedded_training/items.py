"""Stage: questions and Lite0's features of their images, in files of one task and one generator seed each."""

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
        items: all questions.
        fine, coarse: per chunk, the memory-mapped features.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.items: list[Item] = []
        self._fine: list[NDArray[np.float16]] = []
        self._coarse: list[NDArray[np.float16]] = []
        starts, rows = [], 0
        for folder in folders:
            for row in json.loads((folder / "items.json").read_text("utf-8")):
                images = tuple(rows + i for i in row["images"])
                texts, targets = tuple(row["texts"]), tuple(row["targets"])
                self.items.append(Item(row["task"], row["answer"], texts, images, targets))
            self._fine.append(np.load(folder / "fine.npy", mmap_mode="r"))
            self._coarse.append(np.load(folder / "coarse.npy", mmap_mode="r"))
            starts.append(rows)
            rows += len(self._fine[-1])
        self._starts = np.array(starts)
        self.rows = rows

    def features(self, images: Sequence[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Rows -> float32[n, 14, 14, 272], float32[n, 7, 7, 320]."""
        found = np.searchsorted(self._starts, np.asarray(images), side="right") - 1
        places = [(int(c), int(i - self._starts[c])) for c, i in zip(found, images, strict=True)]
        fine = np.stack([self._fine[c][i] for c, i in places]).astype(np.float32)
        return fine, np.stack([self._coarse[c][i] for c, i in places]).astype(np.float32)


def chunk_folders(plan: Plan, folder: Path) -> list[tuple[str, int, Path]]:
    """(task, generator seed, where it goes) of everything the plan trains on."""
    wanted = [
        (task, FIRST_TRAINING_SEED + number, folder / "items" / f"{task}-{FIRST_TRAINING_SEED + number}")
        for task, chunks in plan.chunks.items()
        for number in range(chunks)
    ]
    return sorted(wanted, key=lambda each: (each[1], each[0]))


def make_items(chunks: Sequence[tuple[str, int, Path]], per_task: int, workers: int, say: Say) -> None:
    """Make what is missing, several chunks at a time; a chunk is there only once it is complete."""
    missing = [(task, seed, path, per_task) for task, seed, path in chunks if not (path / "items.json").exists()]
    if not missing:
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for number, key in enumerate(pool.map(_make_chunk, missing), start=1):
            say(f"items {number}/{len(missing)} {key}")


def questions_of(task: str, seed: int, per_task: int) -> QuestionSplit:
    """One task of the generator."""
    from data_splits.sources import load_questions

    return load_questions("mirb-procedural", seed=seed, per_task=per_task, tasks=task)


def _make_chunk(key: tuple[str, int, Path, int]) -> str:
    import torch

    torch.set_num_threads(1)
    task, seed, folder, per_task = key
    split = questions_of(task, seed, per_task)
    write_chunk(split.questions, split.read_image, folder)
    return folder.name


def write_chunk(questions: Sequence[Question], read_image: Any, folder: Path) -> None:
    """Features first, the list of questions last."""
    from model_adapters.vlms.embedded_network import Eye

    eye = Eye()
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, int] = {}
    fine: list[NDArray[np.float16]] = []
    coarse: list[NDArray[np.float16]] = []
    listed: list[dict[str, Any]] = []
    placeholder: Image = np.zeros((1, 1), np.uint8)
    for each in questions:
        for key in each.images:
            if key not in rows:
                rows[key] = len(fine)
                seen = eye.look(read_image(key))
                fine.append(seen.fine[0])
                coarse.append(seen.coarse[0])
        parts = v2_parts(each, [placeholder] * len(each.images))
        listed.append(
            {
                "task": each.task,
                "answer": each.answer,
                "texts": [part for part in parts if isinstance(part, str)],
                "images": [rows[key] for key in each.images],
                "targets": targets_of(each),
            }
        )
    for name, values in (("fine", fine), ("coarse", coarse)):
        with atomic_write(folder / f"{name}.npy") as stream:
            np.save(stream, np.stack(values))
    with atomic_write(folder / "items.json", "w") as stream:
        json.dump(listed, stream)
