"""`chexgenbench eval` from the outside: what it writes, that it repeats itself, and that nothing changes a number."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_runs import SMALL_PHANTOM, evaluate, run
from tiny_sana import save_tiny_sana

from leaderboards.records.io import read_record
from leaderboards.records.recompute import recompute


def test_writes_a_self_describing_run(small_run: Path) -> None:
    for name in ("config.json", "run.json", "record.json", "record.sha256", "report.html", "results.csv", "samples"):
        assert (small_run / name).exists(), name
    record = read_record(small_run)
    assert record.protocol == "v2" and record.split["name"] == "phantom" and record.model["name"] == "real-holdout"
    overall = {result.metric for result in record.results if result.group == "overall" and result.variant == "raw"}
    assert {"kid_lite0", "fid_lite0", "fid64_lite0", "precision_lite0", "coverage_lite0", "vendi_lite0"} <= overall
    assert any(result.group.startswith("pathology=") for result in record.results)
    assert any(result.variant == "floor" for result in record.results)


def test_the_most_suspicious_images_reach_the_report(small_run: Path) -> None:
    suspects = json.loads((small_run / "gallery.json").read_text())
    assert suspects and all(each["score"] > 0.99 for each in suspects), "a control that shows training images"
    page = (small_run / "report.html").read_text()
    assert "Most suspicious images" in page and 'alt="suspicious generated image 1"' in page


def test_every_stored_number_is_recomputed_without_torch(small_run: Path) -> None:
    record = read_record(small_run)
    assert sum(result.statistics is not None for result in record.results) > 20
    code = (
        "import sys; from pathlib import Path; from leaderboards.records.recompute import recompute\n"
        f"found = recompute(Path({str(small_run)!r})); assert 'torch' not in sys.modules; sys.exit(len(found))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_changed_digit_is_caught(small_run: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(small_run, copy)
    record = json.loads((copy / "record.json").read_text())
    target = next(result for result in record["results"] if result["metric"] == "kid_lite0")
    target["value"] += 1e-4
    (copy / "record.json").write_text(json.dumps(record))
    assert any(each.metric == "kid_lite0" for each in recompute(copy))


def test_repeating_is_a_no_op_with_the_same_record(small_run: Path, cache: Path) -> None:
    before = (small_run / "record.json").read_bytes()
    done = run("eval", "--model", "real-holdout", *SMALL_PHANTOM, "--output", small_run, cache=cache)
    assert "0 drawn" in done.stderr and ": 0 new features" in done.stderr
    assert (small_run / "record.json").read_bytes() == before


def test_batch_size_workers_threads_and_a_cold_cache_change_nothing(small_run: Path, tmp_path: Path) -> None:
    other = evaluate(tmp_path / "run", "--batch-size", "3", "--workers", "5", cache=tmp_path / "cold", threads=1)
    assert (other / "record.json").read_bytes() == (small_run / "record.json").read_bytes()


def test_stages_one_by_one_give_the_same_record(small_run: Path, tmp_path: Path, cache: Path) -> None:
    output = tmp_path / "staged"
    run("generate", "--model", "real-holdout", *SMALL_PHANTOM, "--output", output, cache=cache)
    assert "no features yet" in run("score", output, cache=cache, expect=2).stderr
    for stage in ("extract", "score", "report"):
        run(stage, output, cache=cache)
    assert (output / "record.json").read_bytes() == (small_run / "record.json").read_bytes()


def test_json_holds_the_record_and_nothing_else(small_run: Path, cache: Path) -> None:
    answer = json.loads(run("report", small_run, "--json", cache=cache).stdout)
    assert answer["record"] == json.loads((small_run / "record.json").read_text())


def test_metrics_lists_the_registry_with_definitions(cache: Path) -> None:
    rows = {row["name"]: row for row in json.loads(run("metrics", "--json", cache=cache).stdout)}
    assert rows["kid"]["protocols"] == ["v2", "v1"] and rows["kid"]["quirks_v1"]
    assert rows["fid_sharded"]["protocols"] == ["v1"]
    assert all(row["summary"] and row["source"] and row["cost"] for row in rows.values())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--model", "memoryser"), "Did you mean memoriser"),
        (("--split", "phantm"), "Did you mean phantom"),
        (("--metrics", "kidd"), "did you mean kid"),
        (("--encoders", "lite1"), "lite0"),
        (("--protocol", "v3"), "v2, v1"),
        (("--preset", "huge"), "quick, full"),
        (("--split-option", "trian=3"), "Did you mean train"),
        (("--model-option", "x"), "KEY=VALUE"),
        (("--subset", "validation"), "has no subset"),
    ],
)
def test_wrong_names_end_with_the_nearest_right_one(
    arguments: tuple[str, ...], expected: str, tmp_path: Path, cache: Path
) -> None:
    done = run("eval", "--model", "constant", *arguments, "--output", tmp_path / "run", cache=cache, expect=2)
    assert expected in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 3, done.stderr
    assert not (tmp_path / "run").exists(), "nothing is written before the question is understood"


def test_help_is_quick_and_light() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); from typer.testing import CliRunner; "
        "from chexgenbench.cli import app; result = CliRunner().invoke(app, ['--help']); assert result.exit_code == 0; "
        "heavy = {'torch', 'numpy', 'diffusers', 'transformers', 'pandas', 'scipy'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_sana_checkpoint_is_evaluated_by_the_command_of_the_readme(tmp_path: Path, cache: Path) -> None:
    checkpoint = save_tiny_sana(tmp_path / "sana")
    output = tmp_path / "run"
    arguments = ("--limit", "12", "--metrics", "kid", "--model-option", "size=64", "--output", output)
    run("eval", "--model", f"sana:{checkpoint}", *SMALL_PHANTOM, *arguments, cache=cache)
    record = read_record(output)
    assert record.model["source"] == "local:sana" and record.model["settings"]["num_inference_steps"] == 20
    result = next(each for each in record.results if each.metric == "kid_lite0" and each.variant == "raw")
    assert result.value is not None and result.value > 0.1, "noise is no radiograph"
    assert str(checkpoint) not in (output / "record.json").read_text(), "where it lies stays here"
