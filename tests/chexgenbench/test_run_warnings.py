"""What a reader must know is said, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from chexgenbench.plan import Plan, resolve
from chexgenbench.run_folder import RunConfig
from chexgenbench.run_warnings import warnings_of
from leaderboards.records.schema import MetricResult
from model_adapters.inference.hashing import image_hash
from model_adapters.inference.sample_store import SampleRow, SampleStore

BLACK = np.zeros((4, 4), np.uint8)


def plan(**changes: object) -> Plan:
    options = {"train": "8", "test": "8"}
    return resolve(
        RunConfig.model_validate({"model": "constant", "split": "phantom", "split_options": options} | changes)
    )


def store(folder: Path, run: Plan, training_data: tuple[str, ...] = ()) -> SampleStore:
    """A store with an image for every case."""
    samples = SampleStore(folder, {"model": {"training_data": list(training_data)}})
    samples.append((SampleRow(case.id, 0, 1, "ok", image_hash(BLACK)), BLACK) for case in run.cases)
    return samples


def result(**changes: object) -> MetricResult:
    data = {"metric": "fid_lite0", "family": "fidelity", "estimator": "frechet", "direction": "lower", "value": 1.0}
    return MetricResult.model_validate(data | {"n_generated": 9, "n_reference": 9} | changes)


def test_a_clean_full_run_has_none(tmp_path: Path) -> None:
    run = plan()
    run = replace(run, protocol=replace(run.protocol, preset="full"))
    assert warnings_of(run, [result(low=0.5, high=1.5)], store(tmp_path, run)) == []


def test_missing_refused_and_truncated_samples_are_counted(tmp_path: Path) -> None:
    run = plan()
    samples = store(tmp_path, run)
    first, second = run.cases[0].id, run.cases[1].id
    samples.append([(SampleRow(first, 0, 1, "refused", reason="GenerationRefused"), None)])
    samples.append([(SampleRow(second, 0, 1, "ok", image_hash(BLACK), info={"truncated": True}), BLACK)])
    found = "\n".join(warnings_of(run, [], samples))
    assert f"1 of {len(run.cases)} requests were refused" in found
    assert f"1 of {len(run.cases)} prompts were longer" in found
    fewer = SampleStore(tmp_path / "fewer", {"model": {}})
    assert f"{len(run.cases)} of {len(run.cases)} cases have no generated image." in warnings_of(run, [], fewer)


def test_small_n_empty_groups_and_contamination_are_named(tmp_path: Path) -> None:
    run = plan(subset="train")
    results = [
        result(interval_reason="64 dimensions need 96 images"),
        result(group="pathology=Edema", value=None, reason="3 image(s); at least 20 are needed"),
    ]
    found = "\n".join(warnings_of(run, results, store(tmp_path, run, training_data=("phantom",))))
    assert "n too small for fid_lite0: 64 dimensions need 96 images" in found
    assert "Too few cases for some metrics in 1 group(s): pathology=Edema." in found
    assert "trained on phantom" in found and "Preset quick" in found
    known = store(tmp_path / "known", run, training_data=("phantom/train",))
    assert any("trained on phantom" in each for each in warnings_of(run, [], known))
    other = plan()
    assert not any("trained on" in each for each in warnings_of(other, [], known)), "the test subset was held out"
