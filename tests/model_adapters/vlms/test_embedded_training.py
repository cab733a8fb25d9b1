"""Training of the embedded VLM on a handful of questions: losses by hand, kills and resumes, seeds, radiographs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional

from data_splits.errors import UserError
from data_splits.sources import load_questions
from model_adapters.inference.prompts import v2_parts
from model_adapters.vlms import smollm2
from model_adapters.vlms.embedded_network import TOKENS, Projector, load_weights, suffix
from model_adapters.vlms.embedded_pixels import Pixels, thumbnail
from model_adapters.vlms.embedded_training import stages
from model_adapters.vlms.embedded_training.batches import Batches
from model_adapters.vlms.embedded_training.chest import TASK, chest_pairs
from model_adapters.vlms.embedded_training.evaluate import SEED, chance, same, summary
from model_adapters.vlms.embedded_training.items import Items, chunks_of, write_chunk
from model_adapters.vlms.embedded_training.language import answer_loss, prompt_row, with_lora
from model_adapters.vlms.embedded_training.mixing import Mixer
from model_adapters.vlms.embedded_training.perception import Lists, Reader, reader_loss
from model_adapters.vlms.embedded_training.plan import FIRST_TRAINING_SEED, Plan

WORDS = 60
PLAN = replace(Plan(), width=24, blocks=1, layers=2, perception_batch=4, language_batch=4, rank=2)


class Letters:
    """A tokenizer of characters."""

    def encode(self, text: str) -> Any:
        return SimpleNamespace(ids=[3 + ord(letter) % (WORDS - 3) for letter in text])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Items:
    folders = []
    for task in ("count", "analogy"):
        split = load_questions("mirb-procedural", seed=FIRST_TRAINING_SEED, per_task=3, tasks=task)
        folders.append(tmp_path_factory.mktemp("items") / task)
        write_chunk(split.questions, split.read_image, folders[-1])
    return Items(folders)


@pytest.fixture(scope="module")
def batches(data: Items) -> Batches:
    table = torch.randn(WORDS, smollm2.WIDTH, generator=torch.Generator().manual_seed(0)) * 0.1
    return Batches(data, {"count": 1.0, "analogy": 1.0}, Letters(), table)


def small_llama() -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = {"vocab_size": WORDS, "num_hidden_layers": 2, "intermediate_size": 32, "num_attention_heads": 9}
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**(smollm2.CONFIG | shape | {"num_key_value_heads": 3})))
    return model.eval().requires_grad_(False)


def test_features_are_kept_per_image_and_read_back(data: Items) -> None:
    assert data.rows == sum(len(each.images) for each in data.items)
    last = data.items[-1].images
    fine, coarse = data.features(last)
    assert fine.shape == (len(last), 14, 14, 272)
    assert coarse.shape == (len(last), 7, 7, 320)
    one, _ = data.features(last[1:2])
    assert np.array_equal(one[0], fine[1])
    assert not np.array_equal(fine[0], fine[1])


def test_a_chunk_holds_what_its_stage_needs(tmp_path: Path) -> None:
    split = load_questions("mirb-procedural", seed=FIRST_TRAINING_SEED, per_task=2, tasks="analogy")
    folders = [tmp_path / holds for holds in ("evidence", "thumbnails", "maps")]
    for folder in folders:
        write_chunk(split.questions, split.read_image, folder, folder.name)
    found = Items(folders)
    assert found.rows == 3 * 8
    evidence, small, whole = found.items[0], found.items[2], found.items[4]
    assert replace(evidence, images=()) == replace(small, images=()) == replace(whole, images=())
    assert np.array_equal(found.thumbnails(small.images), found.thumbnails(whole.images))
    assert np.array_equal(found.thumbnails(small.images[1:2])[0], thumbnail(split.read_image("analogy-s100000-0000.1")))
    assert [found.has_thumbnails(each.images[0]) for each in (evidence, small, whole)] == [False, True, True]
    with pytest.raises(ValueError, match="made without"):
        found.features(small.images)


def test_texts_are_those_of_the_v2_prompt(data: Items) -> None:
    split = load_questions("mirb-procedural", seed=FIRST_TRAINING_SEED, per_task=3, tasks="count")
    question, item = split.questions[0], data.items[0]
    parts = v2_parts(question, [split.read_image(key) for key in question.images])
    assert item.texts == tuple(part for part in parts if isinstance(part, str))
    assert (item.answer, len(item.images)) == (question.answer, len(question.images))
    assert sum(int(target["count/count"]) for target in item.targets) == int(item.answer)


def test_the_answer_loss_is_that_of_each_question_alone(batches: Batches, data: Items) -> None:
    model, items = small_llama(), [data.items[0], data.items[2], data.items[3]]
    seen = ["12", None, "Yes"]
    tokens = torch.randn(sum(len(each.images) for each in items), TOKENS, smollm2.WIDTH)
    at, total, count = 0, 0.0, 0
    for each, said in zip(items, seen, strict=True):
        row = prompt_row(batches, batches.table, each, tokens[at : at + len(each.images)], said)
        texts = [*each.texts[:-1], each.texts[-1] + suffix(said)]
        assert len(row) == sum(map(len, texts)) + TOKENS * len(each.images)
        at += len(each.images)
        answer = [*batches.ids(each.answer), smollm2.EOS]
        for place, gold in enumerate(answer):  # token by token, no padding, no teacher forcing in one go
            known = torch.cat([row, batches.table[answer[:place]]])
            hidden = model.model(inputs_embeds=known[None]).last_hidden_state[0, -1]
            total -= float(functional.linear(hidden, batches.table).log_softmax(-1)[gold])
            count += 1
    loss = answer_loss(model, batches.table, batches, tokens, items, seen)
    assert float(loss) == pytest.approx(total / count, rel=1e-5)


def test_lora_learns_and_the_language_model_does_not(batches: Batches, data: Items) -> None:
    model = small_llama()
    lora = with_lora(model, 2, 4)
    assert len(lora) == 2 * 2 * 3
    tokens = torch.randn(len(data.items[0].images), TOKENS, smollm2.WIDTH, requires_grad=True)
    answer_loss(model, batches.table, batches, tokens, data.items[:1], [None]).backward()
    assert tokens.grad is not None
    assert tokens.grad.abs().sum() > 0
    assert all(each.grad is not None for each in lora.values())
    assert all(p.grad is None for name, p in model.named_parameters() if "lora_" not in name)


def parts_of(data: Items, batches: Batches) -> dict[str, torch.nn.Module]:
    torch.manual_seed(1)
    projector = stages.new_projector(PLAN, batches.table, data)
    return {"projector": projector, "reader": Reader(Lists(data.items), 0.1), "pixels": Pixels()}


def weights(parts: dict[str, torch.nn.Module]) -> dict[str, torch.Tensor]:
    return {f"{n}.{k}": v.clone() for n, part in parts.items() for k, v in part.state_dict().items()}


def test_a_killed_run_ends_in_the_same_weights(tmp_path: Path, data: Items, batches: Batches) -> None:
    """Both stages; and the file that is exported holds LoRA as the language model used it."""
    draw = partial(batches.draw_mixed, Mixer(data.items, 0.0))
    results = []
    for name, stops in (("whole", (4,)), ("killed", (1, 3, 4))):
        folder = tmp_path / name
        for stop in stops:  # everything is made anew, as in a new process
            parts = parts_of(data, batches)
            plan = replace(PLAN, perception_steps=4, language_steps=4)
            learnt = {name: parts[name] for name in ("projector", "reader")}
            trainer = stages.Logged("perception", learnt, folder, plan.fingerprint("perception"), workers=1)
            if stop < 4:
                _run_until(trainer, stop, plan, batches, draw, parts)
                continue
            stages.learn_to_see(plan, folder, parts, batches, draw, lambda line: None, 1)
        model = small_llama()
        torch.manual_seed(2)
        before = weights(parts)
        lora = with_lora(model, plan.rank, plan.alpha)
        stages.learn_to_speak(plan, folder, parts, lora, model, batches, draw, lambda line: None, 1)
        after = weights(parts)
        assert all(torch.equal(value, after[key]) for key, value in before.items()), "the projector moved"
        results.append((weights(parts), load_file(folder / stages.FILE)))
    for one, other in zip(*results, strict=True):
        assert set(one) == set(other)
        assert all(torch.equal(value, other[key]) for key, value in one.items())
    fresh = small_llama()
    state = {key: value.clone() for key, value in fresh.state_dict().items()}
    projector, guess, pixels = load_weights(tmp_path / "whole" / stages.FILE, state)
    assert isinstance(projector, Projector)
    asked = next(each for each in data.items if each.task == "analogy")
    assert stages.said_of(pixels, batches, asked) == stages.said_of(parts["pixels"].half().float(), batches, asked)
    item = data.items[0]
    assert stages.said_of(pixels, batches, item) is None
    with torch.no_grad():
        tokens = projector(batches.asked([item]))
        told, _ = parts["reader"](tokens, [len(item.images)])
    start, stop = parts["reader"].lists.starts["count"]
    assert guess(tokens, "count") == parts["reader"].lists.answers["count"][int(told[0, start:stop].argmax())]
    assert guess(tokens, "arxiv") is None
    changed = [key for key, value in fresh.state_dict().items() if not torch.equal(value, state[key])]
    assert len(changed) == 2 * 3
    assert all(key.split(".")[-2] in ("q_proj", "v_proj", "o_proj") for key in changed)


def _run_until(trainer: Any, stop: int, plan: Plan, batches: Batches, draw: Any, parts: Any) -> None:
    """Steps of the perception stage with the learning rates of the whole run, saved and left there."""
    from model_adapters.generators.embedded_training.loop import generator, learning_rate

    def look(items: Any) -> Any:
        return reader_loss(parts["reader"], parts["projector"](batches.asked(items)), items)

    for part in parts.values():
        part.train()
    while trainer.step < stop:
        rng = generator(plan.seed, "perception", trainer.step)
        trainer._gradients(stages._shards(look, batches, draw, plan.perception_batch, 2, rng))
        trainer._update(learning_rate(trainer.step, 4, plan.perception_lr, min(100, max(1, 4 // 10)), 0.3))
        trainer.step += 1
    trainer.save()


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"projector.place": torch.zeros(1)}, tmp_path / "w.safetensors", metadata={"embedded": '{"width": 24}'})
    with pytest.raises(UserError, match="does not hold weights of the embedded model"):
        load_weights(tmp_path / "w.safetensors", {})


def test_no_training_seed_can_be_an_evaluation_seed() -> None:
    chunks = chunks_of(Plan(), Path("run"))
    assert min(each.seed for each in chunks) == FIRST_TRAINING_SEED == 100_000
    assert len({each.folder for each in chunks}) == len(chunks)
    assert len({(each.task, each.seed) for each in chunks}) == len(chunks), "a stage would see another's questions"
    assert SEED < 1000


def test_a_plan_is_told_from_another() -> None:
    plan = Plan()
    assert plan.fingerprint("perception") == replace(plan, perception_steps=1).fingerprint("perception")
    assert plan.fingerprint("perception") == replace(plan, rank=4).fingerprint("perception")
    assert plan.fingerprint("language") != replace(plan, rank=4).fingerprint("language")
    assert plan.fingerprint("perception") != replace(plan, width=8).fingerprint("perception")
    assert plan.fingerprint("perception") == replace(plan, jigsaws=4).fingerprint("perception")
    assert plan.fingerprint("comparing") != replace(plan, jigsaws=4).fingerprint("comparing")


def test_the_heads_are_asked_for_what_the_evidence_says(data: Items) -> None:
    reader = Reader(Lists(data.items), 0.1)
    torch.nn.init.zeros_(reader.answer.weight)
    torch.nn.init.zeros_(reader.answer.bias)
    torch.nn.init.zeros_(reader.image.weight)
    torch.nn.init.zeros_(reader.image.bias)
    items = data.items[:2]  # two counts: flat logits cost the logarithm of the list's length
    tokens = torch.randn(sum(len(each.images) for each in items), TOKENS, smollm2.WIDTH)
    loss, figures = reader_loss(reader, tokens, items)
    answers, values = len(reader.lists.answers["count"]), len(reader.lists.targets["count/count"])
    assert figures["answer"] == pytest.approx(np.log(answers), rel=1e-5)
    assert figures["heads"] == pytest.approx(np.log(values), rel=1e-5)
    assert float(loss.detach()) == pytest.approx(np.log(answers) + np.log(values), rel=1e-5)


def test_a_row_of_the_evaluation_by_hand() -> None:
    questions = load_questions("mirb-procedural", seed=SEED, per_task=6, tasks="attribute").questions
    golds = [each.answer for each in questions]
    answers = [golds[0].lower() + ".", f" {golds[1]}", *("neither" for _ in golds[2:])]
    row = summary(questions, answers)
    assert (row["n"], row["correct"], row["chance"]) == (6, 2, 0.5)
    assert row["majority"]["accuracy"] == round(max(golds.count("Yes"), golds.count("No")) / 6, 4)
    assert row["interval"] == pytest.approx([0.0968, 0.7000], abs=1e-4)  # Wilson, 2 of 6
    assert row["beats_both"] is False
    assert sum(n for _, n in row["by_difficulty"].values()) == 6
    assert same("3.", "3")
    assert not same("13", "3")
    sights = load_questions("mirb-procedural", seed=SEED, per_task=9, tasks="sightseeing").questions
    assert {chance(each) for each in sights} == {0.0, 0.5}


def test_radiograph_pairs_hold_one_sick_patient_of_the_same_view(shared_data: Path) -> None:
    import csv

    with (shared_data / "nih" / "cases.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["image"]: row for row in csv.DictReader(stream)}
    patients = {}
    for subset in ("train", "test"):
        split = chest_pairs(shared_data / "nih", subset, 40, 3)
        for each in split.questions:
            shown = [rows[image] for image in each.images]
            assert {row["split"] for row in shown} == {subset}
            assert len({row["view"] for row in shown}) == 1
            assert [row["Pneumonia"] for row in shown] == (["1", "0"] if each.answer == "A" else ["0", "1"])
        answers = [each.answer for each in split.questions]
        assert answers.count("A") == answers.count("B")
        patients[subset] = {rows[image]["patient_id"] for each in split.questions for image in each.images}
        assert split.read_image(split.questions[0].images[0]).shape == (256, 256, 3)
    assert not patients["train"] & patients["test"]
    assert v2_parts(split.questions[0], [])[-1].endswith("Answer with the option symbol.")
    assert split.questions[0].task == TASK


def test_a_folder_without_radiographs_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no cases\.csv"):
        chest_pairs(tmp_path, "train", 1, 0)
