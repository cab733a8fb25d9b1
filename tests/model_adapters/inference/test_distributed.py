"""Images do not depend on how many processes draw them, nor on a kill in between."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from draw_shared import KEY, REQUESTS, Noise

from model_adapters.inference.distributed import SHARDS, Share, generate_shared, merge, of_share
from model_adapters.inference.sample_store import SampleStore

SCRIPT = Path(__file__).parents[2] / "support" / "draw_shared.py"


def launched(folder: Path, processes: int, *arguments: str) -> tuple[list[int], str]:
    """Exit codes and output of processes that were told their share as accelerate and torchrun tell it.

    When one is killed the others are, as a launcher would.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {
        **os.environ, "OMP_NUM_THREADS": "1", "WORLD_SIZE": str(processes), "LOCAL_WORLD_SIZE": str(processes),
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
    }  # fmt: skip
    running = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), str(folder), *arguments], stdout=subprocess.PIPE, text=True,
            env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(processes)
    ]  # fmt: skip
    while any(each.poll() is None for each in running):
        if any(each.poll() not in (None, 0) for each in running):
            for each in running:
                each.kill()
        time.sleep(0.05)
    return [int(each.wait()) for each in running], str(running[0].communicate()[0])


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> SampleStore:
    folder = tmp_path_factory.mktemp("alone")
    report = generate_shared(Noise(), REQUESTS, folder, KEY, Share())
    assert report.drawn == len(REQUESTS)
    return SampleStore(folder, KEY)


def test_two_processes_draw_what_one_draws(alone: SampleStore, tmp_path: Path) -> None:
    """Real processes that meet through accelerate; in a first start one of them is killed on its way."""
    codes, _ = launched(tmp_path, 2, "c13")
    assert codes[1] == -signal.SIGKILL and (tmp_path / SHARDS).exists()
    codes, said = launched(tmp_path, 2)
    assert codes == [0, 0]
    store = SampleStore(tmp_path, KEY)
    # Which process drew what before the kill is a matter of time; the rows as a set are not.
    assert store.samples_hash == alone.samples_hash and sorted(store.rows) == sorted(alone.rows)
    assert store.verify() == [] and not (tmp_path / SHARDS).exists()
    assert f"drawn 0 skipped {len(REQUESTS)}" in said


@pytest.mark.parametrize("world", [1, 2, 3, 7])
def test_shares_are_whole_batches_and_cover_everything_once(world: int) -> None:
    shares = [of_share(REQUESTS, Share(rank, world), 4) for rank in range(world)]
    assert sorted(request.case_id for share in shares for request in share) == sorted(r.case_id for r in REQUESTS)
    batches = [REQUESTS[start : start + 4] for start in range(0, len(REQUESTS), 4)]
    for share in shares:
        assert all(share[start : start + 4] in batches for start in range(0, len(share), 4))


def test_what_another_number_of_processes_left_is_merged(alone: SampleStore, tmp_path: Path) -> None:
    for rank in (0, 2):
        shard = tmp_path / SHARDS / f"{rank}-of-3"
        generate_shared(Noise(), of_share(REQUESTS, Share(rank, 3), 4), shard, KEY, Share())
    store = SampleStore(tmp_path, KEY)
    assert merge(store, REQUESTS) == 14
    report = generate_shared(Noise(), REQUESTS, tmp_path, KEY, Share())
    assert (report.drawn, report.skipped) == (8, 14)
    assert SampleStore(tmp_path, KEY).samples_hash == alone.samples_hash


def test_only_the_word_cuda_becomes_a_gpu_of_ones_own() -> None:
    assert Share().device("cuda") == "cuda" and Share(1, 2).device("cpu") == "cpu"
    assert Share(1, 2).device("cuda:3") == "cuda:3"
