"""A pool of embedded vision-language models, each fine-tuned on one task, and what a merge of them is asked.

What is fine-tuned is all that sees: the projector and its answer head (3.6 M weights); SmolLM2, its LoRA and the second
look at pixels stay. Every expert starts from the weights that ship, on questions of generator seeds that neither the
training of those weights (100000 and up) nor an evaluation (below 1,000) uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from data_splits.integrity import content_hash, write_json
from model_adapters.inference.seeds import derive_seed
from model_adapters.vlms import smollm2
from model_adapters.vlms.embedded import FILE, FOLDER
from model_adapters.vlms.embedded_network import Guess, Projector, load_weights
from model_adapters.vlms.embedded_training.batches import Batches
from model_adapters.vlms.embedded_training.items import Chunk, Item, Items, make_items
from model_adapters.vlms.embedded_training.mixing import Mixer

TARGETS = ("3d_scene", "attribute", "count")
"""Tasks that the merged model is for."""
OTHERS = ("sightseeing", "food", "codeu", "plot_code", "visual_chain")
"""Tasks of which experts only disturb: the embedded model learns none of them."""

SEEDS = {"train": 300_000, "proxy": 400_000, "certify": 500_000, "test": 600_000}
"""First generator seed of each part: no question occurs in two."""
CHUNK = 60
"""Questions of a task and generator seed."""
BATCH, RATE = 16, 3e-4

Say = Callable[[str], None]


class Seen(nn.Module):
    """Projector and answer head: images and words to the logits of all answers of all closed lists."""

    def __init__(self, projector: Projector, guess: Guess) -> None:
        super().__init__()
        self.projector, self.guess = projector, guess
        self.places: dict[str, tuple[int, int]] = {}
        at = 0
        for task, values in guess.answers.items():
            self.places[task] = (at, at + len(values))
            at += len(values)

    def forward(self, asked: Any) -> Tensor:
        """float [questions, answers]."""
        tokens = self.projector(asked)
        told = self.guess.head(tokens[:, 0] * self.guess.gain)
        return torch.stack([part.mean(0) for part in told.split(list(asked.counts))])

    def logits(self, asked: Any, task: str) -> Tensor:
        """Of one task's list, float [questions, values]."""
        first, last = self.places[task]
        found: Tensor = self(asked)[:, first:last]
        return found


def new_seen(path: Path = FOLDER / FILE) -> Seen:
    """The parts that see, out of a file of weights."""
    state = dict(_language())
    projector, guess, _ = load_weights(path, state)
    return Seen(projector, guess)


@cache
def _language() -> dict[str, Tensor]:
    return smollm2.load()[0]


@cache
def _tokenizer() -> Any:
    return smollm2.load()[1]


def chunks(folder: Path, part: str, tasks: Sequence[str], count: int) -> list[Chunk]:
    """Files of questions with the features of their images."""
    first = SEEDS[part]
    return [
        Chunk(task, seed, folder / part / f"{task}-{seed}") for task in tasks for seed in range(first, first + count)
    ]


def questions(folder: Path, part: str, task: str, count: int, say: Say, per_task: int = CHUNK) -> Batches:
    """The questions of one task and part, made where they are missing."""
    wanted = chunks(folder, part, (task,), count)
    make_items(wanted, per_task, 1, say)
    data = Items([each.folder for each in wanted])
    return Batches(data, {task: 1.0}, _tokenizer(), _language()["model.embed_tokens.weight"])


def golds(module: Seen, items: Sequence[Item]) -> Tensor:
    """Place of each right answer in its task's list; an answer that no training question had is an error."""
    return torch.tensor([module.guess.answers[each.task].index(each.answer) for each in items])


def known(module: Seen, items: Sequence[Item]) -> list[Item]:
    """Questions whose answer the model can name at all."""
    return [each for each in items if each.answer in module.guess.answers[each.task]]


def expert(folder: Path, task: str, steps: int, count: int, seed: int, say: Say) -> Path:
    """Fine-tune on one task, once; returns the file, in the form that ships."""
    path = folder / "pool" / f"{task}-{seed}-{steps}.safetensors"
    if path.is_file():
        return path
    batches = questions(folder, "train", task, count, say)
    module = new_seen().train().requires_grad_(True)
    mixer = Mixer(batches.data.items, 0.5)
    rng = torch.Generator().manual_seed(derive_seed(seed, task, purpose="expert"))
    optimiser = torch.optim.Adam(module.parameters(), lr=RATE)
    for step in range(steps):
        items = known(module, batches.draw_mixed(mixer, BATCH, rng))
        loss = functional.cross_entropy(module.logits(batches.asked(items), task), golds(module, items))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimiser.step()
        if step % 10 == 9:
            say(f"  {task}: step {step + 1} of {steps}, loss {float(loss.detach()):.3f}")
    write_weights(path, {name: value.detach() for name, value in module.state_dict().items()})
    return path


def write_weights(path: Path, tensors: Mapping[str, Tensor], base: Path = FOLDER / FILE) -> None:
    """A whole file of weights: the base's with some tensors replaced, in the base's types."""
    held = load_file(base)
    with safe_open(base, "pt") as file:
        metadata = file.metadata()
    for name, value in tensors.items():
        held[name] = value.to(held[name].dtype).contiguous()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    save_file(held, partial, metadata=metadata)
    partial.replace(path)


def release(folder: Path, merged: Path, name: str, trained: Sequence[str], notes: Sequence[str]) -> Path:
    """A folder that `--vlm embedded:FOLDER` takes: merged weights, the metadata of the embedded model, and a name."""
    tensors = {key: value for key, value in load_file(merged).items() if key.startswith(("projector.", "guess."))}
    write_weights(folder / FILE, tensors)
    write_json(folder / "facts.json", {"name": name, "training_data": list(trained), "notes": list(notes)})
    return folder


class Answers:
    """What a merge minimises: cross-entropy of the right answers in their tasks' lists (an `Objective`)."""

    def __init__(self, parts: Mapping[str, tuple[Batches, Sequence[Item]]], chunk: int = 20) -> None:
        """Args: parts: task -> its questions; those whose answer is in no list count for the score alone."""
        self.module = new_seen()
        self.parts = {task: (batches, list(items)) for task, (batches, items) in parts.items()}
        self.tasks = tuple(self.parts)
        self.chunk = chunk

    def examples(self, task: str) -> int:
        """Number of questions."""
        return len(self.parts[task][1])

    def losses(self, weights: Mapping[str, Tensor], task: str, rows: Tensor) -> Tensor:
        """float[rows]."""
        items = self._items(task, rows)
        return functional.cross_entropy(self._logits(weights, task, items), golds(self.module, items), reduction="none")

    def entropies(self, weights: Mapping[str, Tensor], task: str, rows: Tensor) -> Tensor:
        """float[rows], nats."""
        logits = self._logits(weights, task, self._items(task, rows))
        return -(logits.softmax(-1) * logits.log_softmax(-1)).sum(-1)

    def scores(self, weights: Mapping[str, Tensor], task: str, rows: Tensor) -> Tensor:
        """float[rows], 1 where the head names the right answer."""
        items = self._items(task, rows)
        values = self.module.guess.answers[task]
        said = self._logits(weights, task, items).argmax(-1).tolist()
        return torch.tensor([float(values[i] == each.answer) for i, each in zip(said, items, strict=True)])

    def facts(self) -> dict[str, Any]:
        """Names, counts and a hash of the questions."""
        return {
            "kind": "closed answer lists of the embedded model",
            "tasks": {task: len(items) for task, (_, items) in self.parts.items()},
            "questions": content_hash(
                [[each.task, each.answer, list(each.texts)] for _, items in self.parts.values() for each in items]
            ),
        }

    def _items(self, task: str, rows: Tensor) -> list[Item]:
        return [self.parts[task][1][row] for row in rows.tolist()]

    def _logits(self, weights: Mapping[str, Tensor], task: str, items: Sequence[Item]) -> Tensor:
        first, last = self.module.places[task]
        asked = self.parts[task][0].asked(items)
        found: Tensor = functional_call(self.module, dict(weights), (asked,))[:, first:last]
        return found


def main() -> None:
    """Make the pool alone: `python -m benchmarks.vlm_pool --output runs/merging-vlm`."""
    import argparse
    import time

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--chunks", type=int, default=4, help="of 60 questions for each expert")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)

    def say(line: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)

    for task in (*TARGETS, *OTHERS):
        say(f"{task}: {expert(given.output, task, given.steps, given.chunks, given.seed, say)}")


if __name__ == "__main__":
    main()
