"""On a tiny LLaVA of the real class."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chat_checks import folder_of

from data_splits.errors import UserError
from model_adapters.protocols import BuildContext
from model_adapters.report_writers import REPORT_WRITERS, lora_training
from model_adapters.report_writers.base import ReportWriter
from model_adapters.report_writers.lora_training import IGNORED, Pairs, schedule
from model_adapters.report_writers.vlm_lora import VlmLora

IMAGES = [np.full((32, 32), level, np.uint8) for level in (0, 255)]
REPORTS = ["Clear.", "Edema"]
PATIENTS = np.array(["a", "b"])
FAST = {"epochs": 40, "rate": 0.02, "batch": 2, "rank": 8, "alpha": 16, "max_tokens": 12}


def writer(**options: Any) -> VlmLora:
    built = REPORT_WRITERS.build(
        "vlm-lora", BuildContext(target=f"llava:{folder_of('llava')}", options={**FAST, **options})
    )
    assert isinstance(built, VlmLora) and isinstance(built, ReportWriter)
    return built


def weights(built: VlmLora) -> list[np.ndarray]:
    return [each.detach().numpy().copy() for each in built._adapters.values()]


def test_it_learns_the_reports_of_its_images_and_nothing_but_adapters_moves() -> None:
    built = writer()
    with pytest.raises(UserError, match="fit it first"):
        built.write(IMAGES)
    frozen = {
        name: each.detach().clone() for name, each in built._model.network.named_parameters() if not each.requires_grad
    }
    assert len(frozen) > 20 and not any("lora_" in name for name in frozen)
    assert not any("vision" in name or "lm_head" in name for name in built._adapters)
    assert any("multi_modal_projector" in name for name in built._adapters)
    built.fit(IMAGES, REPORTS, PATIENTS, seed=1)
    assert built.write(IMAGES) == REPORTS
    now = dict(built._model.network.named_parameters())
    assert all((now[name] == each).all() for name, each in frozen.items())
    # another order of the same pairs is another training; from the start, whatever was fitted before
    first = weights(built)
    built.fit(IMAGES, REPORTS[::-1], PATIENTS, seed=1)
    assert built.write(IMAGES) == REPORTS[::-1]
    built.fit(IMAGES, REPORTS, PATIENTS, seed=1)
    assert all((a == b).all() for a, b in zip(first, weights(built), strict=True))


def test_a_killed_training_ends_in_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = {"epochs": 6, "batch": 1, "save_every": 5}
    whole = writer(**short)
    whole.fit(IMAGES, REPORTS, PATIENTS, seed=2)
    real, steps = lora_training._step, 0

    def dying(*arguments: Any) -> None:
        nonlocal steps
        steps += 1
        if steps == 8:
            raise KeyboardInterrupt
        real(*arguments)

    monkeypatch.setattr(lora_training, "_step", dying)
    killed = writer(**short, checkpoints=str(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        killed.fit(IMAGES, REPORTS, PATIENTS, seed=2)
    again = writer(**short, checkpoints=str(tmp_path))
    again.fit(IMAGES, REPORTS, PATIENTS, seed=2)
    assert steps == 8 + 7, "five of twelve steps were saved"
    assert all((a == b).all() for a, b in zip(weights(whole), weights(again), strict=True))
    again.fit(IMAGES, REPORTS, PATIENTS, seed=3)
    assert not all((a == b).all() for a, b in zip(weights(whole), weights(again), strict=True))


def test_the_loss_looks_at_the_report_and_its_end_alone() -> None:
    built = writer()
    inputs = Pairs(built._model, IMAGES, REPORTS, built.request, 12).inputs(1)
    labels = inputs["labels"][0].tolist()
    told = [each for each in labels if each != IGNORED]
    tokenizer = built._model.tokenizer
    assert tokenizer.decode(told[:-1]) == "Edema" and told[-1] == tokenizer.eos_token_id
    assert inputs["input_ids"][0].tolist()[-len(told) :] == told and labels[: -len(told)] == [IGNORED] * (
        len(labels) - len(told)
    )
    assert inputs["attention_mask"].sum() == len(labels)
    cut = Pairs(built._model, IMAGES, ["x" * 50, "a"], built.request, 12).inputs(0)
    assert int((cut["labels"] != IGNORED).sum()) == 12
    smuggled = Pairs(built._model, IMAGES, ["<image> edema", "a"], built.request, 12).inputs(0)
    assert (smuggled["input_ids"] == tokenizer.convert_tokens_to_ids("<image>")).sum() == 16


def test_the_rate_rises_and_falls() -> None:
    found = [schedule(step, 100, 0.03) for step in range(100)]
    assert found[:4] == [pytest.approx(1 / 3), pytest.approx(2 / 3), 1.0, 1.0]
    assert all(a >= b for a, b in itertools.pairwise(found[3:])) and found[-1] < 0.001


def test_what_is_missing_is_said() -> None:
    assert "name one" in REPORT_WRITERS.requirements("vlm-lora", BuildContext())[0].how
    with pytest.raises(UserError, match="hf download llava-hf"):
        REPORT_WRITERS.build("vlm-lora", BuildContext(target="llava"))
    with pytest.raises(UserError, match="is none"):
        REPORT_WRITERS.build("vlm-lora", BuildContext(target="constant"))
    with pytest.raises(UserError, match="Did you mean epochs"):
        writer(epoch=3)


def test_it_keeps_the_contract_of_report_writers() -> None:
    """With one epoch it learns little, which the check tells and does not hold against it."""
    from model_adapters.check_report_writer import check_report_writer

    checks = check_report_writer(lambda: writer(epochs=1, max_tokens=4), [*IMAGES, *IMAGES])
    assert [each.name for each in checks if each.passed is False] == [] and len(checks) == 8
