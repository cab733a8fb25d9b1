"""The registry: names, folders, and what `model-adapters` says about them."""

import json
from pathlib import Path

import pytest
from chat_checks import folder_of
from typer.testing import CliRunner

from data_splits.errors import UserError
from model_adapters.cli import app
from model_adapters.vlms import VLMS, parse_vlm


def test_names_targets_and_aliases() -> None:
    assert parse_vlm("llava") == ("llava", None)
    assert parse_vlm("llava:/weights") == ("llava", "/weights")
    assert parse_vlm("openai:Qwen/Qwen2-VL-7B-Instruct") == ("openai", "Qwen/Qwen2-VL-7B-Instruct")
    assert parse_vlm("majority") == ("text-only", None)
    with pytest.raises(UserError, match=r"Did you mean qwen2"):
        parse_vlm("qwen2vl")


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"model_type": "llava", "text_config": {"model_type": "llama"}}, "llava"),
        ({"model_type": "llava", "text_config": {"model_type": "qwen2"}}, "llava-interleave"),
        ({"model_type": "qwen3_vl_moe"}, "qwen3-vl"),
        ({"model_type": "idefics2"}, "idefics2"),
    ],
)
def test_a_folder_is_told_by_its_configuration(tmp_path: Path, config: dict, name: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert parse_vlm(str(tmp_path)) == (name, str(tmp_path))


def test_folders_that_nobody_runs(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no config\.json"):
        parse_vlm(str(tmp_path))
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(UserError, match="openai:MODEL"):
        parse_vlm(str(tmp_path))


def test_every_card_is_of_its_kind_and_names_itself() -> None:
    for name in VLMS.names():
        card = VLMS.card(name)
        assert card.kind == "vlm" and card.name == name


def run(*args: str) -> str:
    return CliRunner().invoke(app, list(args), catch_exceptions=False, standalone_mode=False).stdout


def test_the_command_lists_shows_and_checks() -> None:
    rows = json.loads(run("list", "--json"))
    assert {"llava", "qwen2.5-vl", "openai", "vila"} <= {row["name"] for row in rows if row["kind"] == "vlm"}
    shown = json.loads(run("show", "qwen2.5-vl", "--json"))
    assert shown["options"]["max_pixels"] == 0 and "hf download" in shown["missing_here"][0]
    assert json.loads(run("show", "vlm/constant", "--json"))["card"]["kind"] == "vlm"
    assert json.loads(run("show", "constant", "--json"))["card"]["kind"] == "generator"
    for name in ("vlm/constant", "text-only"):
        assert all(each["passed"] is not False for each in json.loads(run("check", name, "--json")))


def test_a_checkpoint_folder_can_be_shown() -> None:
    shown = json.loads(run("show", str(folder_of("idefics3")), "--json"))
    assert shown["card"]["name"] == "idefics3" and shown["missing_here"] == []
