"""The commands as a user types them: bounds, refusals with exit code 2, and a forged certificate."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from data_splits.errors import UserError
from leaderboards.cli import app
from leaderboards.statistics.certificates.bounds.exact_occam import exact_occam
from leaderboards.statistics.certificates.bounds.held_out import held_out


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = [f"c{i},p{i},{int(i < 7)}" for i in range(100)]
    (tmp_path / "losses.csv").write_text("\n".join(["case,patient,loss", *lines]))
    (tmp_path / "train.csv").write_text("case,patient\nt1,q1\n")
    (tmp_path / "candidates.txt").write_text("\n".join(f"weights-{i}" for i in range(20)))
    return tmp_path


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["certify", str(folder / "losses.csv"), *words])


def refusal(folder: Path, *words: str) -> str:
    error = run(folder, *words).exception
    assert isinstance(error, UserError)
    return str(error)


def trained(folder: Path) -> tuple[str, str]:
    return "--trained-on", str(folder / "train.csv")


def test_bounds_of_a_fixed_model(folder: Path) -> None:
    done = run(folder, *trained(folder), "--model", "densenet")
    assert done.exit_code == 0 and float(held_out(7, 100, 0.05)) < 0.128
    assert re.search(r"test-set\s+0\.128\s+0\.070\s+100", done.stdout) and "anytime betting" in done.stdout
    assert "of densenet, with 95 % confidence" in done.stdout and "Each holds alone" in done.stdout
    assert "Declared, not checked: fixed_before" in done.stdout


def test_bounds_of_a_chosen_model_pay_for_the_choice(folder: Path) -> None:
    words = (*trained(folder), "--candidates", str(folder / "candidates.txt"))
    message = refusal(folder, *words)
    print_ = message.split()[-1]
    assert "Give --committed" in message and len(print_) == 64
    done = run(folder, *words, "--committed", print_, "--choice", "threshold=10", "--together", "--json")
    issued = {each["family"]: each for each in json.loads(done.stdout)}
    assert list(issued) == ["exact-occam", "chernoff-occam", "hoeffding-occam"]
    nats = issued["exact-occam"]["complexity"]["nats"] + issued["exact-occam"]["choices"][0]["nats"]
    assert issued["exact-occam"]["value"] == pytest.approx(float(exact_occam(7, 100, nats, 0.05 / 3)), rel=1e-12)
    assert issued["exact-occam"]["looked_at"] == 200
    assert "is not the one that was fixed" in refusal(folder, *words, "--committed", "0" * 64)


def test_refusals(folder: Path) -> None:
    assert "Say what the model was trained on" in refusal(folder)
    assert "pays for 1" in refusal(folder, *trained(folder), "--looked-at", "20")
    assert "NAME=OPTIONS" in refusal(folder, *trained(folder), "--choice", "threshold")
    (folder / "train.csv").write_text("case,patient\nnew,p3\n")
    assert "share 1 patient: the certificate is void" in refusal(folder, *trained(folder))
    with (folder / "losses.csv").open("a") as stream:
        stream.write("\nc100,p3,1\n")
    assert "keep one per patient (--one-per-patient)" in refusal(folder, "--trained-elsewhere", "photographs")
    assert run(folder, "--trained-elsewhere", "photographs", "--one-per-patient").exit_code == 0


def test_losses_between_0_and_1_have_the_bounds_that_hold_for_them(folder: Path) -> None:
    text = (folder / "losses.csv").read_text().replace(",1\n", ",0.5\n")
    (folder / "losses.csv").write_text(text)
    done = run(folder, *trained(folder), "--json")
    assert [each["family"] for each in json.loads(done.stdout)] == ["anytime"]


def test_written_certificates_verify_and_a_forged_one_does_not(folder: Path) -> None:
    assert run(folder, *trained(folder), "--output", str(folder / "out")).exit_code == 0
    file = folder / "out" / "held-out.json"
    done = CliRunner().invoke(app, ["verify-certificate", str(file)])
    assert done.exit_code == 0 and "error at most 0.128 with 95 % confidence from n = 100 patients" in done.stdout
    data = json.loads(file.read_text())
    file.write_text(json.dumps(data | {"value": 0.1}))
    done = CliRunner().invoke(app, ["verify-certificate", str(file), "--json"])
    assert done.exit_code == 1 and json.loads(done.stdout)["discrepancies"][0]["field"] == "value"
    done = CliRunner().invoke(app, ["verify-certificate", str(file)])
    assert done.exit_code == 1 and "value: recorded 0.1" in done.stdout
