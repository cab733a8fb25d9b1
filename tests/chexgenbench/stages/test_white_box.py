"""The noise norms of a white box: asked once, kept batch by batch, found again after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chexgenbench.plan import Plan, resolve
from chexgenbench.run_folder import RunConfig, RunFolder
from chexgenbench.stages import white_box
from model_adapters.protocols import GenerationRequest


class Glass:
    """A generator whose norm is the length of the prompt; it fails at its third batch when told to."""

    def __init__(self, fail: bool = False) -> None:
        self.asked: list[str] = []
        self.fail = fail

    def noise_norm(self, requests: Sequence[GenerationRequest]) -> np.ndarray:
        if self.fail and len(self.asked) >= 4:
            raise RuntimeError("pulled the plug")
        self.asked += [request.case_id for request in requests]
        return np.array([float(len(request.prompt)) for request in requests])


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[RunFolder, Plan]:
    config = RunConfig(model="constant", split="phantom", split_options={"train": "12", "test": "8"}, batch_size=2)
    folder = RunFolder(tmp_path / "run")
    folder.open(config)
    plan = resolve(config)
    monkeypatch.setattr(type(plan.protocol), "needs", frozenset({"noise", "probes", "controls"}))
    return folder, plan


def test_every_probe_and_control_is_asked_once_and_a_crash_keeps_whole_batches(run: Any) -> None:
    folder, plan = run
    wanted = [each.case_id for each in white_box.requests_of(plan)]
    assert wanted == [case.id for case in (*plan.probes, *plan.drawn)] and len(set(wanted)) == len(wanted) > 6
    broken = Glass(fail=True)
    with pytest.raises(RuntimeError):
        white_box.run(folder, plan, broken)  # type: ignore[arg-type]
    assert len(white_box.read_noise(folder)) == 4
    with (folder.root / "white_box.jsonl").open("a") as stream:
        stream.write('["torn')
    healthy = Glass()
    assert white_box.run(folder, plan, healthy) == len(wanted) - 4  # type: ignore[arg-type]
    assert healthy.asked == wanted[4:]
    prompts = {case.id: case.prompt or "" for case in (*plan.probes, *plan.drawn)}
    assert white_box.read_noise(folder) == {(name, 0): float(len(prompts[name])) for name in wanted}
    assert white_box.run(folder, plan, Glass()) == 0  # type: ignore[arg-type]


def test_a_black_box_and_a_run_without_such_a_metric_are_left_alone(run: Any, monkeypatch: Any) -> None:
    folder, plan = run
    assert white_box.run(folder, plan, object()) == 0  # type: ignore[arg-type]
    monkeypatch.setattr(type(plan.protocol), "needs", frozenset({"encoder"}))
    glass = Glass()
    assert white_box.run(folder, plan, glass) == 0 and glass.asked == []  # type: ignore[arg-type]


def test_a_norm_that_is_no_number_is_refused(run: Any) -> None:
    folder, plan = run

    class Broken:
        def noise_norm(self, requests: Sequence[GenerationRequest]) -> np.ndarray:
            return np.full(len(requests), np.nan)

    with pytest.raises(ValueError, match="noise_norm"):
        white_box.run(folder, plan, Broken())  # type: ignore[arg-type]
    assert white_box.read_noise(folder) == {}
