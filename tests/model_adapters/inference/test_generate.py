import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from data_splits.case import Case
from data_splits.errors import ImageUnreadable, UserError
from model_adapters.inference.generate import generate, requests_for
from model_adapters.inference.sample_store import SampleStore
from model_adapters.protocols import GenerationRefused
from tests.model_adapters.inference.fakes import NoiseGenerator

CASES = [Case(id=f"c{i:02d}", patient=f"p{i}", prompt=f"prompt {i}") for i in range(10)]
REQUESTS = requests_for(CASES, run_seed=3, draws=2)
KEY = {"run_seed": 3}


def content(store: SampleStore) -> tuple[bytes, str]:
    return (store.folder / "index.jsonl").read_bytes(), store.samples_hash


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> SampleStore:
    store = SampleStore(tmp_path_factory.mktemp("reference"), KEY)
    generate(NoiseGenerator(), REQUESTS, store, batch_size=4)
    return store


@pytest.mark.parametrize("batch_size", [1, 3, 4, 64])
def test_batch_size_does_not_matter(tmp_path: Path, reference: SampleStore, batch_size: int) -> None:
    store = SampleStore(tmp_path, KEY)
    seen: list[tuple[int, int]] = []
    report = generate(NoiseGenerator(), REQUESTS, store, batch_size=batch_size, progress=lambda *a: seen.append(a))
    assert content(store) == content(reference)
    assert report.counts == {"ok": 20} and report.drawn == 20 and seen[-1] == (20, 20)


def test_resume_draws_only_what_is_missing(tmp_path: Path, reference: SampleStore) -> None:
    store = SampleStore(tmp_path, KEY)
    generate(NoiseGenerator(), REQUESTS[:7], store, batch_size=4)
    generator = NoiseGenerator()
    report = generate(generator, REQUESTS, SampleStore(tmp_path, KEY), batch_size=4)
    assert (report.skipped, report.drawn, sum(generator.batches)) == (7, 13, 13)
    assert content(SampleStore(tmp_path, KEY)) == content(reference)


def test_a_removed_image_is_drawn_again(tmp_path: Path, reference: SampleStore) -> None:
    store = SampleStore(tmp_path, KEY)
    generate(NoiseGenerator(), REQUESTS, store)
    store.path(str(store.rows["c03", 1].image_sha256)).unlink()
    generator = NoiseGenerator()
    generate(generator, REQUESTS, store)
    assert generator.batches == [1] and content(store) == content(reference)


def test_batches_are_halved_when_memory_runs_out_and_it_is_remembered(tmp_path: Path, reference: SampleStore) -> None:
    store, generator = SampleStore(tmp_path, KEY), NoiseGenerator(fits=2)
    report = generate(generator, REQUESTS[:8], store, batch_size=8)
    assert generator.batches == [8, 4, 2, 2, 2, 2] and report.batch_size == 2
    again = NoiseGenerator(fits=2)
    generate(again, REQUESTS, SampleStore(tmp_path, KEY), batch_size=8)
    assert set(again.batches) == {2} and content(SampleStore(tmp_path, KEY)) == content(reference)


def test_torch_out_of_memory_is_recognised(tmp_path: Path) -> None:
    import torch

    class Hungry(NoiseGenerator):
        def generate(self, requests):
            if len(requests) > 1:
                raise torch.OutOfMemoryError("no more")
            return super().generate(requests)

    assert generate(Hungry(), REQUESTS, SampleStore(tmp_path, KEY), batch_size=4).batch_size == 1


def test_one_image_that_does_not_fit_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="single image"):
        generate(NoiseGenerator(fits=0), REQUESTS, SampleStore(tmp_path, KEY), batch_size=4)


def test_compute_batch_is_always_filled(tmp_path: Path, reference: SampleStore) -> None:
    generator = NoiseGenerator()
    generator.compute_batch = 6
    store = SampleStore(tmp_path, KEY)
    generate(generator, REQUESTS, store, batch_size=99)
    assert generator.batches == [6, 6, 6, 6] and content(store) == content(reference)


def test_outcomes_are_told_apart(tmp_path: Path) -> None:
    generator = NoiseGenerator()
    generator.errors = {
        "c01": ImageUnreadable("no"),
        "c02": GenerationRefused("secret prompt"),
        "c03": ZeroDivisionError("secret prompt"),
    }
    store = SampleStore(tmp_path, KEY)
    report = generate(generator, REQUESTS[:10], store, batch_size=4, max_failed=1)
    assert report.counts == {"ok": 7, "corrupt": 1, "refused": 1, "failed": 1}
    assert [row.case_id for row in report.bad] == ["c01", "c03"]
    with pytest.raises(UserError, match=r"c01#0 \(corrupt.*c03#0 \(failed: ZeroDivisionError\).*--max-bad 2"):
        report.require()
    report.require(2)
    assert b"secret" not in (tmp_path / "index.jsonl").read_bytes()
    generator.errors = {}
    again = generate(generator, REQUESTS[:10], store)
    assert again.counts == {"ok": 8, "refused": 1, "failed": 1}, "corrupt ones are tried again, outcomes are kept"


def test_an_adapters_bug_is_raised_and_nothing_is_lost(tmp_path: Path) -> None:
    generator = NoiseGenerator()
    generator.errors = {"c05": TypeError("bug")}
    store = SampleStore(tmp_path, KEY)
    with pytest.raises(TypeError, match="bug"):
        generate(generator, REQUESTS, store, batch_size=2)
    assert len(SampleStore(tmp_path, KEY).rows) == 4


def test_annotations_reach_the_row(tmp_path: Path) -> None:
    generator = NoiseGenerator()
    generator.annotate = lambda request: {"truncated": request.case_id == "c01"}
    store = SampleStore(tmp_path, KEY)
    generate(generator, REQUESTS[:2], store)
    assert SampleStore(tmp_path, KEY).rows["c01", 0].info == {"truncated": True}


def test_a_full_disk_is_a_user_error_and_keeps_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    store = SampleStore(tmp_path, KEY)
    generate(NoiseGenerator(), REQUESTS[:4], store)

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="full"):
        generate(NoiseGenerator(), REQUESTS, store)
    monkeypatch.undo()
    again = SampleStore(tmp_path, KEY)
    assert len(again.rows) == 4 and again.verify() == []
    assert not list(tmp_path.rglob("*.tmp"))


def test_cases_without_a_prompt() -> None:
    cases = [*CASES, Case(id="mute", patient="x")]
    with pytest.raises(UserError, match="mute"):
        requests_for(cases, 0)
    assert requests_for(cases, 0, needs_prompt=False)[-1].prompt == ""


JOB = """
import sys
from pathlib import Path
from model_adapters.inference.generate import generate
from model_adapters.inference.sample_store import SampleStore
from tests.model_adapters.inference.fakes import NoiseGenerator
from tests.model_adapters.inference.test_generate import KEY, REQUESTS
generate(NoiseGenerator(delay=0.03), REQUESTS, SampleStore(Path(sys.argv[1]), KEY), batch_size=2)
"""


def test_kill_9_and_resume_gives_the_same_index(tmp_path: Path, reference: SampleStore) -> None:
    root = Path(__file__).resolve().parents[3]
    rng = np.random.default_rng(0)
    kills = 0
    for _ in range(12):
        job = subprocess.Popen([sys.executable, "-c", JOB, str(tmp_path)], cwd=root)
        index = tmp_path / "index.jsonl"
        before = index.stat().st_size if index.exists() else 0
        while job.poll() is None and (not index.exists() or index.stat().st_size == before):
            time.sleep(0.002)
        time.sleep(float(rng.uniform(0, 0.08)))
        if job.poll() is None:
            os.kill(job.pid, signal.SIGKILL)
            kills += 1
        if job.wait() == 0:
            break
    subprocess.run([sys.executable, "-c", JOB, str(tmp_path)], cwd=root, check=True)
    store = SampleStore(tmp_path, KEY)
    assert kills >= 2, "the job was too quick to be killed in the middle"
    assert content(store) == content(reference) and store.verify() == []
