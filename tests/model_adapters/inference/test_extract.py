import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from data_splits.errors import ImageUnreadable, UserError
from model_adapters.inference.extract import extract
from model_adapters.inference.feature_store import FeatureStore
from model_adapters.inference.hashing import image_hash
from tests.model_adapters.inference.fakes import MeanEncoder

IMAGES = [np.random.default_rng(i).integers(0, 256, (8, 8), dtype=np.uint8) for i in range(11)]
ITEMS = [(image_hash(image), lambda image=image: image) for image in IMAGES]
KEYS = [key for key, _ in ITEMS]


def store_at(folder: Path) -> FeatureStore:
    return FeatureStore(MeanEncoder.fingerprint, 2, folder)


def test_features_are_right(tmp_path: Path) -> None:
    report = extract(ITEMS, MeanEncoder(), store_at(tmp_path), total=11)
    assert (report.requested, report.distinct, report.computed, report.unreadable) == (11, 11, 11, ())
    found, missing = store_at(tmp_path).get_many(KEYS)
    assert missing == []
    np.testing.assert_allclose(found[:, 0], [image.mean() / 255 for image in IMAGES], rtol=1e-5)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_order_workers_and_company_do_not_matter(tmp_path: Path, workers: int) -> None:
    one, two = store_at(tmp_path / "one"), store_at(tmp_path / "two")
    extract(ITEMS, MeanEncoder(), one, workers=1)
    shuffled = [ITEMS[i] for i in np.random.default_rng(1).permutation(11)]
    extract(shuffled[:3], MeanEncoder(), two, workers=workers)
    extract(shuffled, MeanEncoder(), two, workers=workers)
    assert (one.get_many(KEYS)[0] == two.get_many(KEYS)[0]).all()


def test_known_and_repeated_images_are_not_decoded(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    extract(ITEMS[:5], MeanEncoder(), store)
    encoder = MeanEncoder()
    report = extract(ITEMS + ITEMS, encoder, store_at(tmp_path))
    assert encoder.decoded == 6 and encoder.passes == 2
    assert (report.requested, report.distinct, report.computed) == (22, 11, 6)


def test_unreadable_images_are_listed_and_not_replaced(tmp_path: Path) -> None:
    def broken() -> np.ndarray:
        raise ImageUnreadable("truncated file")

    def gone() -> np.ndarray:
        raise FileNotFoundError(2, "No such file", "/secret/path")

    store = store_at(tmp_path)
    report = extract([("0" * 64, broken), *ITEMS, ("1" * 64, gone)], MeanEncoder(), store)
    assert report.unreadable == (("0" * 64, "truncated file"), ("1" * 64, "FileNotFoundError: No such file"))
    assert report.computed == 11 and "0" * 64 not in store


def test_memory_stays_bounded(tmp_path: Path) -> None:
    ahead, most = 0, 0

    class Watching(MeanEncoder):
        def preprocess(self, image):
            nonlocal ahead, most
            ahead += 1
            most = max(most, ahead)
            return super().preprocess(image)

        def encode(self, batch):
            nonlocal ahead
            ahead -= self.compute_batch
            return super().encode(batch)

    def stream():
        for i in range(400):
            image = np.full((2, 2), i % 256, np.uint8)
            yield f"{i:064x}", lambda image=image: image

    extract(stream(), Watching(), store_at(tmp_path), workers=2)
    assert most <= 4 * MeanEncoder.compute_batch + 4


def test_out_of_memory_says_what_to_do(tmp_path: Path) -> None:
    class Hungry(MeanEncoder):
        def encode(self, batch):
            raise RuntimeError("CUDA out of memory")

    with pytest.raises(UserError, match="--device cpu"):
        extract(ITEMS, Hungry(), store_at(tmp_path))


def test_a_crash_keeps_what_was_flushed(tmp_path: Path) -> None:
    def bug() -> np.ndarray:
        raise ZeroDivisionError

    store = FeatureStore(MeanEncoder.fingerprint, 2, tmp_path, flush_every=4)
    with pytest.raises(ZeroDivisionError):
        extract([*ITEMS, ("0" * 64, bug)], MeanEncoder(), store, workers=1)
    assert len(store_at(tmp_path)) == 8


JOB = """
import sys, time
from pathlib import Path
from model_adapters.inference.extract import extract
from model_adapters.inference.feature_store import FeatureStore
from tests.model_adapters.inference.fakes import MeanEncoder
from tests.model_adapters.inference.test_extract import ITEMS

class Slow(MeanEncoder):
    def encode(self, batch):
        time.sleep(0.05)
        return super().encode(batch)

extract(ITEMS, Slow(), FeatureStore(MeanEncoder.fingerprint, 2, Path(sys.argv[1]), flush_every=1))
"""


def test_kill_9_and_resume_gives_the_same_features(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-c", JOB, str(tmp_path / "killed")]
    job = subprocess.Popen(command, cwd=root)
    while job.poll() is None and not list(tmp_path.rglob("*.safetensors")):
        time.sleep(0.002)
    os.kill(job.pid, signal.SIGKILL)
    job.wait()
    assert 0 < len(store_at(tmp_path / "killed")) < 11
    subprocess.run(command, cwd=root, check=True)
    extract(ITEMS, MeanEncoder(), store_at(tmp_path / "whole"))
    killed, whole = (store_at(tmp_path / name).get_many(KEYS) for name in ("killed", "whole"))
    assert killed[1] == whole[1] == [] and (killed[0] == whole[0]).all()
