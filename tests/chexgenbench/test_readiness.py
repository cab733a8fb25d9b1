"""What is missing is said before a run starts, with what it would cost and what works now."""

from __future__ import annotations

from pathlib import Path

import pytest

from chexgenbench.readiness import WORKS_NOW, check, default_split, download, duration
from chexgenbench.run_folder import RunConfig
from data_splits.errors import UserError


@pytest.fixture(autouse=True)
def _empty_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DATA_SPLITS_MIMIC_CXR", raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))


def test_default_split_follows_the_model() -> None:
    assert default_split("sana") == "mimic-cxr"
    assert default_split("constant") == "phantom"


def test_sana_on_an_empty_machine_lists_data_weights_gpu_cost_and_a_way_out() -> None:
    with pytest.raises(UserError) as caught:
        check(RunConfig(model="sana", split="mimic-cxr"))
    text = str(caught.value)
    for part in ("mimic-cxr:/path", "PhysioNet", "CheXGenBench-Models-Sana-e20", "hf download", "--model sana:/path"):
        assert part in text, part
    assert "GPU" in text and "Cost: " in text and "estimated" in text
    assert text.endswith(WORKS_NOW)
    assert len(text.splitlines()) <= 12


def test_full_preset_also_lists_encoder_weights() -> None:
    with pytest.raises(UserError, match=r"microsoft/rad-dino.*--encoder-weights rad-dino=") as caught:
        check(RunConfig(model="constant", split="phantom", preset="full"))
    assert "Sana" not in str(caught.value)


def test_only_a_missing_split_is_reported_in_its_own_words() -> None:
    with pytest.raises(UserError, match="needs: ") as caught:
        check(RunConfig(model="constant", split="nih-chestxray14"))
    assert "cannot start here" not in str(caught.value)


def test_nothing_missing_gives_the_split() -> None:
    split = check(RunConfig(model="constant", split="phantom", split_options={"train": "4", "test": "4"}))
    assert split.name == "phantom", "loaded once, for the run to use"


@pytest.mark.parametrize(("seconds", "said"), [(40, "40 s"), (600, "10 min"), (7300, "2 h"), (200_000, "2 days")])
def test_duration(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_download_size() -> None:
    assert (download(8.94), download(0.028)) == ("8.9 GB", "28 MB")
