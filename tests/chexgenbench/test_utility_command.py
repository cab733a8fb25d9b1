"""`chexgenbench utility` on made-up images whose brightness tells the label."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_splits import write_csv
from PIL import Image
from safetensors.numpy import load_file
from small_runs import SMALL_PHANTOM, evaluate, run

from chexgenbench import utility_command
from chexgenbench.utility_command import Request, resolve
from data_splits.errors import UserError
from leaderboards.records.io import read_record
from leaderboards.records.recompute import check_run
from leaderboards.records.schema import MetricResult


def folder(path: Path, n: int, prefix: str, seed: int, wrong: Sequence[int] = (), **columns: Any) -> str:
    """Bright images are Edema; rows in `wrong` say the opposite. Returns the split's name."""
    rng = np.random.default_rng(seed)
    rows: list[Mapping[str, Any]] = []
    for row in range(n):
        bright = bool(rng.random() < 0.5)
        pixels = rng.integers(0, 60, (32, 32)) + (90 if bright else 30)
        (path / "images").mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(path / "images" / f"{prefix}{row}.png")
        label = bright != (row in wrong)
        extra = {name: value(row) for name, value in columns.items()}
        rows.append({"image": f"{prefix}{row}.png", "patient": f"{prefix}{row // 2}", "Edema": int(label), **extra})
    write_csv(path / "cases.csv", rows)
    return f"folder:{path}"


@pytest.fixture(autouse=True)
def features(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session's feature cache."""
    monkeypatch.setenv("CHEXGENBENCH_CACHE", str(cache))


def results(path: Path) -> dict[str, MetricResult]:
    return {each.metric: each for each in read_record(path).results}


def test_a_training_set_is_scored_and_the_record_recomputes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, test = folder(tmp_path / "good", 60, "g", 0), folder(tmp_path / "test", 60, "e", 1)
    half = folder(tmp_path / "half", 60, "h", 2, wrong=range(0, 60, 2))
    output = tmp_path / "run"
    request = Request(half, None, test, real=good, output=output)
    utility_command.run(request, json=True)
    assert json.loads(capsys.readouterr().out)["record"]["model"]["kind"] == "training set"
    found = results(output)
    auroc = found["utility_auroc_lite0"]
    assert auroc.extra["trtr"] > 0.97 and auroc.extra["tstr_minus_trtr_high"] < 0
    assert {"augmented", "tstr.Edema"} <= set(auroc.extra) and auroc.n_generated == 60
    assert "no two subgroups" in str(found["utility_gap_lite0"].reason)
    assert check_run(output).discrepancies == ()
    before = (output / "record.json").read_bytes()
    utility_command.run(request, json=False)
    assert (output / "record.json").read_bytes() == before
    assert "utility_auroc_lite0" in capsys.readouterr().out
    with pytest.raises(UserError, match="holds another utility run"):
        utility_command.run(Request(good, None, test, output=output), json=False)


def test_a_credentialed_split_keeps_its_images_at_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train, test = folder(tmp_path / "train", 60, "g", 0), folder(tmp_path / "test", 60, "e", 1)
    output = tmp_path / "run"
    utility_command.run(
        Request(train, None, test, split_options={"credentialed": "true"}, trainings=1, output=output), json=False
    )
    found = results(output)["utility_auroc_lite0"]
    assert found.value is not None and found.low is None and check_run(output).discrepancies == ()
    for path in (output / "statistics").iterdir():
        arrays = load_file(path)
        assert all(len(array) <= 2 for array in arrays.values()), "30 patients make one block: whole scores alone"
    names = [f"e{row}.png" for row in range(60)]
    shown = (output / "record.json").read_text() + "".join(capsys.readouterr())
    assert not any(name in shown for name in names)


def test_weights_of_nought_take_images_out(tmp_path: Path) -> None:
    """Wrong labels that weigh nothing leave the split as good as a right one."""
    test = folder(tmp_path / "test", 60, "e", 1)
    wrong = range(0, 80, 2)
    spoilt = folder(tmp_path / "spoilt", 80, "s", 3, wrong=wrong)
    weighted = folder(tmp_path / "weighted", 80, "s", 3, wrong=wrong, weight=lambda row: 0 if row in wrong else 1)
    found = []
    for number, train in enumerate((spoilt, weighted)):
        utility_command.run(Request(train, None, test, output=tmp_path / f"{number}"), json=False)
        found.append(results(tmp_path / f"{number}")["utility_auroc_lite0"].value)
    assert found[0] < 0.8 < 0.97 < found[1]


def test_a_trained_predictor_is_kept_and_scored(tmp_path: Path) -> None:
    train, test = folder(tmp_path / "train", 60, "g", 0), folder(tmp_path / "test", 60, "e", 1)
    kept, once = tmp_path / "kept", tmp_path / "once"
    utility_command.run(Request(train, None, test, trainings=1, save=kept, output=once), json=False)
    utility_command.run(Request(None, kept, test, output=tmp_path / "alone"), json=False)
    one, alone = (results(path)["utility_auroc_lite0"] for path in (once, tmp_path / "alone"))
    assert one.value == alone.value and one.low == alone.low and alone.n_generated == 0
    assert read_record(tmp_path / "alone").model["kind"] == "predictor"


def test_it_gives_the_numbers_of_eval(tmp_path: Path, cache: Path) -> None:
    """A memoriser's training set is the split's own: one command and the other must agree to the last digit."""
    output = evaluate(tmp_path / "eval", "--metrics", "utility", cache=cache, model="memoriser")
    options = SMALL_PHANTOM[2:]
    run("utility", "--train", "phantom", *options, "--output", tmp_path / "alone", cache=cache)
    of_eval, alone = results(output), results(tmp_path / "alone")
    compared = 0
    for name, result in alone.items():
        assert (result.value, result.low, result.reason) == (
            of_eval[name].value, of_eval[name].low, of_eval[name].reason,
        ), name  # fmt: skip
        compared += result.value is not None
    assert compared >= 5


def test_mistakes_are_told(tmp_path: Path) -> None:
    train, test = folder(tmp_path / "a", 30, "a", 0), folder(tmp_path / "b", 30, "b", 1)
    silent = tmp_path / "silent"
    (silent / "images").mkdir(parents=True)
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(silent / "images" / "x.png")
    write_csv(silent / "cases.csv", [{"image": "x.png", "patient": "x"}])
    for request, message in (
        (Request(None, None, test), "either --train SPLIT"),
        (Request(train, tmp_path, test), "either --train SPLIT"),
        (Request(None, tmp_path, None), "Give --test SPLIT"),
        (Request(None, tmp_path, test), "no trained predictor"),
        (Request(train, None, None), "trained and tested on alike"),
        (Request(train, None, test, real=test), "is the test set"),
        (Request(train, None, test, arms=("tsrt",)), "No arm is called 'tsrt'"),
        (Request(train, None, test, name="resnet5"), "Did you mean resnet50"),
    ):
        with pytest.raises(UserError, match=message):
            resolve(request)
    from chexgenbench.utility.standalone import predicted, training_sets

    with pytest.raises(UserError, match="has no labels"):
        predicted(resolve(Request(f"folder:{silent}", None, test)), tmp_path)
    with pytest.raises(UserError, match="needs real images"):
        training_sets(resolve(Request(train, None, test, arms=("tstr", "augmented"))))
    other = folder(tmp_path / "c", 30, "c", 2)
    with pytest.raises(UserError, match="same case ids"):
        training_sets(resolve(Request(train, None, test, real=other, arms=("tstr", "mixed"))))
