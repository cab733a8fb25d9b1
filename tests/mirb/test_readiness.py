"""What a run lacks is said at once, with how to get it, the cost, and a command that works now."""

from __future__ import annotations

import pytest

from data_splits.errors import UserError
from mirb.readiness import check, default_device, default_split, duration
from mirb.run_folder import RunConfig


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.delenv("DATA_SPLITS_MIRB", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))


def test_llava_without_data_weights_or_gpu_lists_all_of_it() -> None:
    with pytest.raises(UserError) as caught:
        check(RunConfig(vlm="llava", split="mirb"))
    text = str(caught.value)
    for words in (
        "1. Split mirb",
        "point to it: --split mirb:",
        "llava-hf/llava-1.5-7b-hf",
        "GB",
        "a GPU",
        "Cost: 969",
    ):
        assert words in text, text
    assert text.splitlines()[-1].startswith("Works right now: mirb eval --vlm ")


def test_only_what_is_missing_is_listed() -> None:
    with pytest.raises(UserError) as caught:
        check(RunConfig(vlm="text-only", split="mirb"))
    assert "checkpoint" not in str(caught.value) and "Works right now" in str(caught.value)
    split = check(RunConfig(vlm="text-only", split="mirb-procedural", split_options={"per_task": "1"}))
    assert len(split.questions) == 11


def test_a_wrong_name_is_reported_alone() -> None:
    for wrong in ({"vlm": "lava", "split": "mirb"}, {"vlm": "text-only", "split": "mirb-procedurl"}):
        with pytest.raises(UserError) as caught:
            check(RunConfig(**wrong))  # type: ignore[arg-type]
        assert "Did you mean" in str(caught.value) and "\n" not in str(caught.value)


def test_defaults_follow_the_model() -> None:
    assert default_split("llava") == "mirb" and default_split("text-only") == "mirb-procedural"
    for name in ("embedded", "embedded-quantised:runs/mq", "embedded-tuned:runs/trust"):
        assert (default_split(name), default_device(name)) == ("mirb-procedural", "cpu")
    for default in (default_split, default_device):
        with pytest.raises(UserError, match="chance is no model"):
            default("chance")
    assert default_device("text-only") == "cpu"


@pytest.mark.parametrize(("seconds", "text"), [(41, "41 s"), (600, "10 min"), (90_000, "25 h"), (700_000, "8 days")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
