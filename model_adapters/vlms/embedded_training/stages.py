"""All stages in order, and the export of what ships."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from data_splits.integrity import append_lines, write_json
from model_adapters.generators.embedded_training.loop import Say, Shard, Trainer
from model_adapters.vlms import embedded_pixels, smollm2
from model_adapters.vlms.embedded_network import Guess, Projector
from model_adapters.vlms.embedded_pixels import Pixels
from model_adapters.vlms.embedded_training.batches import Batches
from model_adapters.vlms.embedded_training.chest import chest_pairs
from model_adapters.vlms.embedded_training.comparing import Comparisons
from model_adapters.vlms.embedded_training.items import Item, Items, chunks_of, make_items, write_chunk
from model_adapters.vlms.embedded_training.language import answer_loss, with_lora
from model_adapters.vlms.embedded_training.mixing import Mixer
from model_adapters.vlms.embedded_training.perception import Lists, Reader, guess_of, reader_loss
from model_adapters.vlms.embedded_training.plan import CHUNK, Plan

FILE = "weights.safetensors"
Draw = Callable[[int, torch.Generator], list[Item]]
MICRO = 4  # questions that go through the language model together: of like length, so that little is padding


class Logged(Trainer):
    """A trainer that also writes the figures of every step, one JSON line each; the last line of a step counts."""

    def _gradients(self, shards: list[Shard]) -> dict[str, float]:
        figures = super()._gradients(shards)
        line = {"step": self.step} | {key: round(value, 5) for key, value in figures.items()}
        append_lines(self.path.with_suffix(".jsonl"), [json.dumps(line)])
        return figures


def train(plan: Plan, folder: Path, chest: Path | None, say: Say, workers: int = 2) -> Path:
    """Run what is not done yet; returns the file of the weights.

    Args:
        chest: folder of the shared NIH images; None trains without radiographs.
    """
    torch.set_num_threads(1)  # parallel over parts of a batch instead, see Trainer
    folder.mkdir(parents=True, exist_ok=True)
    chunks = chunks_of(plan, folder)
    make_items(chunks, CHUNK, workers, say)
    folders = [each.folder for each in chunks if each.holds == "maps"]
    if chest is not None:
        folders.append(folder / "items" / "chest_pair")
        if not (folders[-1] / "items.json").exists():
            split = chest_pairs(chest, "train", plan.chest_pairs, plan.seed)
            write_chunk(split.questions, split.read_image, folders[-1])
    data = Items(folders)
    say(f"data: {len(data.items)} questions, {data.rows} images")
    state, tokenizer = smollm2.load()
    table = state["model.embed_tokens.weight"]
    batches = Batches(data, plan.shares, tokenizer, table)
    torch.manual_seed(plan.seed)
    projector = new_projector(plan, table, data)
    reader = Reader(Lists(data.items), float(table.std()))
    parts: dict[str, nn.Module] = {"projector": projector, "reader": reader}
    draw = partial(batches.draw_mixed, Mixer(data.items, plan.mixed))
    seen = learn_to_see(plan, folder, parts, batches, draw, say, workers)
    small = Items([each.folder for each in chunks if each.holds != "maps"])
    torch.manual_seed(plan.seed)
    pixels = Pixels()
    compared = learn_to_compare(plan, folder, pixels, Batches(small, {}, tokenizer, table), say, workers)
    parts["pixels"] = pixels
    model = smollm2.new_model(state)
    torch.manual_seed(plan.seed + 1)
    lora = with_lora(model, plan.rank, plan.alpha)
    batches = Batches(data, plan.spoken, tokenizer, table)
    draw = partial(batches.draw_mixed, Mixer(data.items, plan.mixed))
    spoken = learn_to_speak(plan, folder, parts, lora, model, batches, draw, say, workers)
    trainers = {"comparing": compared, "perception": seen, "language": spoken}
    seconds = {name: round(each.seconds, 1) for name, each in trainers.items()}
    facts: dict[str, object] = {name: each.last for name, each in trainers.items()}
    facts["plan"] = asdict(plan)
    facts |= {"seconds": seconds, "questions": len(data.items), "images": data.rows, "chest": chest is not None}
    facts["small_questions"] = len(small.items)
    write_json(folder / "training.json", facts)
    say(f"done: {folder / FILE}")
    return folder / FILE


def learn_to_compare(plan: Plan, folder: Path, pixels: Pixels, batches: Batches, say: Say, workers: int) -> Trainer:
    """Stage "comparing": analogies and jigsaws from thumbnails."""
    trainer = Logged("comparing", {"pixels": pixels}, folder, plan.fingerprint("comparing"), workers=workers)
    shards = partial(Comparisons(pixels, batches).shards, plan.analogies, plan.jigsaws, 2)
    trainer.run(shards, plan.comparing_steps, plan.comparing_lr, plan.seed, say, hold=0.3)
    return trainer


def learn_to_see(
    plan: Plan,
    folder: Path,
    parts: dict[str, nn.Module],
    batches: Batches,
    draw: Draw,
    say: Say,
    workers: int,
) -> Trainer:
    """Stage "perception": projector and reader, without the language model."""
    projector, reader = parts["projector"], parts["reader"]
    learnt = {"projector": projector, "reader": reader}
    trainer = Logged("perception", learnt, folder, plan.fingerprint("perception"), workers=workers)

    def look(items: list[Item]) -> tuple[Tensor, Mapping[str, float]]:
        return reader_loss(reader, projector(batches.asked(items)), items)  # type: ignore[arg-type]

    shards = partial(_shards, look, batches, draw, plan.perception_batch, 2)
    trainer.run(shards, plan.perception_steps, plan.perception_lr, plan.seed, say, hold=0.3)
    return trainer


def learn_to_speak(
    plan: Plan,
    folder: Path,
    parts: dict[str, nn.Module],
    lora: nn.ParameterDict,
    model: Any,
    batches: Batches,
    draw: Draw,
    say: Say,
    workers: int,
) -> Trainer:
    """Stage "language": LoRA alone; the projector stays, and its head's answer stands in the prompt as text."""
    projector: Any = parts["projector"].eval()
    guess = guess_of(parts["reader"])  # type: ignore[arg-type]
    pixels: Any = parts["pixels"].eval()
    trainer = Logged("language", {"lora": lora}, folder, plan.fingerprint("language"), plan.ema, workers)

    def speak(items: list[Item]) -> tuple[Tensor, Mapping[str, float]]:
        with torch.no_grad():
            tokens = projector(batches.asked(items))
            each = tokens.split([len(item.images) for item in items])
            seen = [
                said_of(pixels, batches, item) or guess(images, item.task)
                for images, item in zip(each, items, strict=True)
            ]
        loss = answer_loss(model, batches.table, batches, tokens, items, seen)
        return loss, {"words": float(loss.detach())}

    def export() -> None:
        save_weights(trainer, projector, guess, pixels, plan, folder / FILE)

    shards = partial(_shards, speak, batches, draw, plan.language_batch, plan.language_batch // MICRO)
    trainer.run(shards, plan.language_steps, plan.language_lr, plan.seed, say, hold=0.3, on_save=export)
    export()
    return trainer


def new_projector(plan: Plan, table: Tensor, data: Items) -> Projector:
    """A fresh projector that knows mean and deviation of every channel of the features."""
    projector = Projector(plan.width, plan.blocks, plan.layers, float(table.std()))
    fine, coarse = (torch.from_numpy(maps) for maps in data.features(range(0, data.rows, max(1, data.rows // 400))))
    for name, maps in (("fine", fine), ("coarse", coarse)):
        getattr(projector.glance, f"{name}_mean").copy_(maps.mean((0, 1, 2)))
        getattr(projector.glance, f"{name}_std").copy_(maps.std((0, 1, 2)) + 1e-3)
    return projector


def _shards(
    look: Callable[[list[Item]], tuple[Tensor, Mapping[str, float]]],
    batches: Batches,
    draw: Draw,
    size: int,
    parts: int,
    rng: torch.Generator,
) -> list[Shard]:
    """A batch, sorted by length and cut into equal parts."""
    items = draw(size, rng)
    items.sort(key=lambda each: 8 * len(each.images) + len(batches.ids(each.texts[-1])))
    step = size // parts
    return [partial(look, items[i : i + step]) for i in range(0, size, step)]


def said_of(pixels: Pixels, batches: Batches, item: Item) -> str | None:
    """What the thumbnails of a question say, as in the adapter."""
    if item.task not in embedded_pixels.TASKS:
        return None
    seen = embedded_pixels.scaled(batches.data.thumbnails(item.images))
    said: str | None = pixels(item.task, seen, batches.words(item.texts[-1]))
    return said


def save_weights(trainer: Trainer, projector: Projector, guess: Guess, pixels: Pixels, plan: Plan, path: Path) -> None:
    """Projector, its head, the look at pixels and LoRA (the average) in half precision, their shape as metadata."""
    known = trainer.average or {key: value.detach() for key, value in trainer.parameters.items()}
    tensors = {f"projector.{key}": value for key, value in projector.state_dict().items()}
    tensors |= {f"guess.{key}": value for key, value in guess.state_dict().items()}
    tensors |= {f"pixels.{key}": value for key, value in pixels.state_dict().items()}
    tensors |= {key.replace("/", "."): value for key, value in known.items()}
    facts = {"width": plan.width, "blocks": plan.blocks, "layers": plan.layers, "answers": guess.answers}
    facts |= {"embedding_std": 1 / projector.gain, "lora_scale": plan.alpha / plan.rank}
    partial_file = path.with_suffix(".partial")
    half = {key: value.half().contiguous() for key, value in tensors.items()}
    save_file(half, partial_file, metadata={"embedded": json.dumps(facts)})
    partial_file.replace(path)
