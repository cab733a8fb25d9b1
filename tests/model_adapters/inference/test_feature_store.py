import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model_adapters.inference.feature_store import FeatureStore, cache_folder


def keys(*names: object) -> list[str]:
    return [hashlib.sha256(str(name).encode()).hexdigest() for name in names]


def rows(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 3)).astype(np.float32)


def filled(folder: Path, flush_every: int = 4) -> tuple[FeatureStore, list[str], np.ndarray]:
    store, names, features = FeatureStore("fp", 3, folder, flush_every), keys(*range(10)), rows(10)
    for start in range(0, 10, 2):
        store.put_many(names[start : start + 2], features[start : start + 2])
    store.flush()
    return store, names, features


def test_features_come_back_bit_identical_in_any_order(tmp_path: Path) -> None:
    _, names, features = filled(tmp_path)
    store = FeatureStore("fp", 3, tmp_path)
    order = [7, 0, 7, 3]
    found, missing = store.get_many([names[i] for i in order])
    assert missing == [] and (found == features[order]).all() and len(store) == 10


def test_missing_rows_are_nan_and_named_once(tmp_path: Path) -> None:
    store, names, features = filled(tmp_path)
    (absent,) = keys("absent")
    found, missing = store.get_many([absent, names[1], absent])
    assert missing == [absent]
    assert np.isnan(found[[0, 2]]).all() and (found[1] == features[1]).all()


def test_pending_features_are_readable_and_flushed_only_once(tmp_path: Path) -> None:
    store = FeatureStore("fp", 3, tmp_path)
    store.put_many(keys("a"), rows(1))
    assert (store.get_many(keys("a"))[0] == rows(1)).all()
    assert not list(tmp_path.rglob("*.safetensors"))
    store.flush()
    store.flush()
    store.put_many(keys("a"), rows(1, seed=9))
    store.flush()
    assert len(list(tmp_path.rglob("*.safetensors"))) == 1
    assert (FeatureStore("fp", 3, tmp_path).get_many(keys("a"))[0] == rows(1)).all()


def test_a_slow_encoders_features_are_written_after_a_while(tmp_path: Path) -> None:
    store = FeatureStore("fp", 3, tmp_path, flush_every=1000, flush_seconds=0.0)
    store.put_many(keys("a"), rows(1))
    assert keys("a")[0] in FeatureStore("fp", 3, tmp_path)


def test_encoders_do_not_mix(tmp_path: Path) -> None:
    filled(tmp_path)
    assert len(FeatureStore("other", 3, tmp_path)) == 0


@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.75, 0.9, 1.0, None])
def test_a_damaged_shard_is_never_used(tmp_path: Path, place: float | None, caplog: pytest.LogCaptureFixture) -> None:
    _, names, features = filled(tmp_path)
    shard = max(tmp_path.rglob("*.safetensors"), key=lambda path: path.stat().st_size)
    data = bytearray(shard.read_bytes())
    if place is not None:
        data[int(place * (len(data) - 1))] ^= 1
    shard.write_bytes(data if place is not None else b"")
    store = FeatureStore("fp", 3, tmp_path)
    found, missing = store.get_many(names)
    assert len(missing) == 4 and "damaged" in caplog.text
    kept = ~np.isnan(found).any(axis=1)
    assert kept.sum() == 6 and (found[kept] == features[kept]).all()
    store.put_many(missing, features[[names.index(key) for key in missing]])
    store.flush()
    assert (FeatureStore("fp", 3, tmp_path).get_many(names)[0] == features).all()


@pytest.mark.parametrize("bad", [rows(2), rows(1).astype(np.float64), np.full((1, 3), np.nan, np.float32)])
def test_refuses_wrong_features(tmp_path: Path, bad: np.ndarray) -> None:
    store = FeatureStore("fp", 3, tmp_path)
    with pytest.raises(ValueError, match=r"float32|NaN"):
        store.put_many(keys("a"), bad)
    assert keys("a")[0] not in store


def test_processes_write_at_once(tmp_path: Path) -> None:
    code = (
        "import sys, hashlib, numpy as np\nfrom pathlib import Path\n"
        "from model_adapters.inference.feature_store import FeatureStore\n"
        "store = FeatureStore('fp', 3, Path(sys.argv[1]), flush_every=5)\n"
        "for i in range(int(sys.argv[2]), 60, 2):\n"
        "    key = hashlib.sha256(str(i).encode()).hexdigest()\n"
        "    store.put_many([key], np.full((1, 3), i, np.float32))\n"
        "store.flush()\n"
    )
    jobs = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(first)]) for first in (0, 1)]
    assert [job.wait() for job in jobs] == [0, 0]
    found, missing = FeatureStore("fp", 3, tmp_path).get_many(keys(*range(60)))
    assert missing == [] and (found[:, 0] == np.arange(60)).all()


def test_refresh_sees_the_shards_of_others(tmp_path: Path) -> None:
    reader = FeatureStore("fp", 3, tmp_path)
    _, names, _ = filled(tmp_path)
    assert reader.missing(names) == names
    reader.refresh()
    assert reader.missing(names) == []


def test_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHEXGENBENCH_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("CHEXGENBENCH_CACHE")
    assert cache_folder() == Path.home() / ".cache" / "chexgenbench"
