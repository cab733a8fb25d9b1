"""`chexgenbench reports` on made-up images whose brightness tells the report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from bright_images import PROMPTS, bright_split
from chat_checks import folder_of

from chexgenbench import reports_command
from chexgenbench.reports_command import Request, resolve
from data_splits.errors import UserError
from leaderboards.records.io import read_record
from leaderboards.records.recompute import check_run
from leaderboards.records.schema import MetricResult


@pytest.fixture(autouse=True)
def features(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session's feature cache."""
    monkeypatch.setenv("CHEXGENBENCH_CACHE", str(cache))


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """Real training images, the same with a third of the reports wrong, and test images."""
    folder = tmp_path_factory.mktemp("reports")
    return (
        bright_split(folder / "real", 60, "r", 0),
        bright_split(folder / "drawn", 60, "r", 0, wrong=range(0, 60, 3)),
        bright_split(folder / "test", 60, "e", 1),
    )


def results(path: Path) -> dict[str, MetricResult]:
    return {each.metric: each for each in read_record(path).results}


def test_a_training_set_is_scored_and_the_record_recomputes(
    splits: tuple[str, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real, drawn, test = splits
    output = tmp_path / "run"
    request = Request(drawn, test, real, arms=("tstr", "trtr", "mixed"), output=output)
    reports_command.run(request, json=True)
    assert json.loads(capsys.readouterr().out)["record"]["model"]["writer"]["name"] == "nearest-report"
    found = results(output)
    assert list(found) == [f"report_{name}_lite0" for name in ("label_f1", "bleu1", "bleu4", "rouge_l")]
    f1 = found["report_label_f1_lite0"]
    assert f1.value is not None and f1.extra["trtr"] > 0.95 > f1.extra["mixed"] > f1.value > 0.4
    assert f1.extra["tstr_minus_trtr_high"] < 0 and check_run(output).discrepancies == ()
    before = (output / "record.json").read_bytes()
    reports_command.run(request, json=False)
    assert (output / "record.json").read_bytes() == before
    assert "report_label_f1_lite0" in capsys.readouterr().out
    with pytest.raises(UserError, match="holds another reports run"):
        reports_command.run(replace(request, train=real, real=None, arms=None), json=False)
    for path in output.rglob("*"):
        assert path.is_dir() or not any(prompt.encode() in path.read_bytes() for prompt in PROMPTS)


def test_v1_has_the_published_scale(splits: tuple[str, str, str], tmp_path: Path) -> None:
    real, _, test = splits
    reports_command.run(Request(real, test, protocol="v1", scores=("bleu1",), output=tmp_path / "v1"), json=True)
    bleu = results(tmp_path / "v1")["report_bleu1_lite0"]
    assert bleu.value is not None and 50 < bleu.value <= 100 and read_record(tmp_path / "v1").protocol == "v1"
    assert check_run(tmp_path / "v1").discrepancies == ()


def test_a_vlm_learns_to_write_them(splits: tuple[str, str, str], tmp_path: Path) -> None:
    real, _, test = splits
    options = {"epochs": "1", "rate": "0.01", "batch": "4", "rank": "4", "max_tokens": "12"}
    output = tmp_path / "lora"
    writer = f"vlm-lora:llava:{folder_of('llava')}"
    request = Request(real, test, writer=writer, options=options, scores=("bleu1", "rouge-l"), output=output)
    reports_command.run(request, json=True)
    found = results(output)
    assert list(found) == ["report_bleu1_vlm-lora", "report_rouge_l_vlm-lora"]
    assert read_record(output).model["writer"]["source"].startswith("llava (local:")
    assert any((output / "scratch").glob("*-lora.safetensors"))


def test_a_credentialed_split_is_scored_in_blocks(splits: tuple[str, str, str], tmp_path: Path) -> None:
    real, _, test = splits
    options = {"credentialed": "true"}
    reports_command.run(Request(real, test, split_options=options, output=tmp_path / "c"), json=True)
    found = results(tmp_path / "c")["report_bleu1_lite0"]
    assert found.value is not None and found.low is None and found.extra["clusters"] == 1


def test_what_does_not_fit_is_said(splits: tuple[str, str, str]) -> None:
    real, _, test = splits
    with pytest.raises(UserError, match="trained and tested on alike"):
        resolve(Request(real, real))
    with pytest.raises(UserError, match="Did you mean rouge_l"):
        resolve(Request(real, test, scores=("rouge",)))
    with pytest.raises(UserError, match="No arm is called"):
        resolve(Request(real, test, arms=("augmented",)))
    with pytest.raises(UserError, match="not among --scores"):
        resolve(Request(real, test, score_weights={"green": "x"}))
    with pytest.raises(UserError, match="needs real images"):
        reports_command.run(Request(real, test, arms=("trtr",)), json=False)
    with pytest.raises(UserError, match="name one"):
        reports_command.run(Request(real, test, writer="vlm-lora"), json=False)
