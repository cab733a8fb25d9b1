"""Sequences of the embedded VLM: prompts of generated MIRB questions as it embeds them, with their right answers.

Generator seeds are those of its training, never those of evaluation (below 1,000). Only what it has learnt is asked.
"""

from __future__ import annotations

from typing import Any

from data_splits.integrity import content_hash
from model_adapters.methods.mobilequant.sources import Source
from model_adapters.methods.mobilequant.texts import IGNORED, QUESTIONS, Data, Item

TASKS = ("3d_scene", "analogy", "attribute", "count", "image_jigsaw")
FIRST_SEED = 150_000
"""Far from the seeds of evaluation, and from those that training drew."""


def read_questions(source: Source, samples: int, held_out: int, seed: int) -> Data:
    """Questions of the five tasks in turn; calibration and held-out ones come from different generator seeds."""
    first = FIRST_SEED + 2 * seed
    kept, told = _items(source, samples, first)
    held, also = _items(source, held_out, first + 1)
    fact = {
        "name": QUESTIONS,
        "version": f"generator seeds {first} and {first + 1}",
        "subset": "calibration and held-out parts",
        "hash": content_hash(told + also),
        "licence": "Apache-2.0",
        "credentialed": False,
    }
    return Data(kept, held, [fact])


def _items(source: Source, count: int, seed: int) -> tuple[list[Item], list[str]]:
    import torch

    from data_splits.sources import load_questions
    from model_adapters.inference.prompts import v2_parts
    from model_adapters.protocols import AnswerRequest

    each = -(-count // len(TASKS))
    split = load_questions("mirb-procedural", seed=seed, per_task=each, tasks=",".join(TASKS))
    by_task = [split.of(task) for task in TASKS]
    chosen: list[Any] = [questions[i] for i in range(each) for questions in by_task][:count]
    found = []
    table = source.model.model.embed_tokens
    for question in chosen:
        images = [split.read_image(key) for key in question.images]
        prompt = source.vlm.prompt(AnswerRequest(question.id, question.task, v2_parts(question, images)))
        answer = torch.tensor([*source.vlm.answer_ids(question.answer)], device=prompt.device)
        with torch.no_grad():
            embeds = torch.cat([prompt, table(answer[:-1])])[None]
        targets = torch.full((embeds.shape[1],), IGNORED, device=prompt.device)
        targets[len(prompt) - 1 :] = answer
        found.append(Item(embeds.clone(), targets))
    return found, [question.id for question in chosen]
