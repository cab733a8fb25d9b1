"""`mirb eval --certify`: independent questions, unparsed counts as wrong, shown in record and report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mirb_runs import SMALL, run

from leaderboards.records.io import read_record
from leaderboards.records.recompute import check_run
from leaderboards.records.statistics_store import StatisticsReader
from leaderboards.statistics.certificates.verify import verify

WORDY = ("--vlm", "guesser", "--model-option", "wordy=true", *SMALL)


def test_a_run_carries_its_certificate(small_run: Path, tmp_path: Path) -> None:
    assert b'"certificates"' not in (small_run / "record.json").read_bytes()  # hashes of old records stay
    output = tmp_path / "run"
    told = ("--certify", "16", "--trained-elsewhere", "answers by a hash, trained on nothing")
    done = run("eval", *WORDY, *told, "--output", output)
    record = read_record(output)
    [certificate] = record.certificates
    assert verify(certificate) == [] and certificate.n == 16 and certificate.subject == "guesser on 4 tasks"
    # Every question is independent here, so the certificate's errors are those of the record.
    right = next(each for each in record.results if each.metric == "accuracy_micro")
    arrays = StatisticsReader(lambda name: output / "statistics" / name, frozenset(record.statistics)).arrays(
        str(right.statistics)
    )
    assert certificate.loss_sum == 16 - float(np.sum(arrays["values"]))
    assert "from n = 16 questions (test-set, deterministic)" in done.stdout
    page = (output / "report.html").read_text()
    assert "error at most" in page and "training: answers by a hash, trained on nothing" in page
    assert check_run(output).discrepancies == ()
    plain = read_record(small_run)
    assert plain.results == record.results and plain.samples_hash == record.samples_hash


def test_what_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    for told, match in (
        (("--certify", "10"), "--trained-elsewhere"),
        (("--certify", "17", "--trained-elsewhere", "x"), "questions that share no image; there are 16"),
    ):
        done = run("eval", *WORDY, *told, "--output", tmp_path / "run", expect=2)
        assert match in done.stderr and len(done.stderr.strip().splitlines()) <= 4
    assert not (tmp_path / "run").exists()
