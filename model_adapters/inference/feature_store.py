"""Features on disk, keyed by (image hash, encoder fingerprint): extracted once, ever, for all runs and metrics."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_splits.integrity import atomic_write, sha256_file

log = logging.getLogger(__name__)

Features = NDArray[np.float32]


def cache_folder() -> Path:
    """The user's cache: `$CHEXGENBENCH_CACHE`, else `~/.cache/chexgenbench`."""
    return Path(os.environ.get("CHEXGENBENCH_CACHE") or Path.home() / ".cache" / "chexgenbench").expanduser()


class FeatureStore:
    """float32[d] per image, for one encoder.

    Each flush writes one safetensors shard (`keys` uint8[n, 32], `features` float32[n, d]) whose file name is the
    sha256 of its bytes. So any number of processes may write at once, and a shard that changed on disk no longer
    matches its name: it is set aside with a warning and its images are extracted again. A shard is checked before
    the first feature is taken from it.

    Args:
        fingerprint: of the encoder.
        dim: length d of a feature.
        folder: where all encoders' features lie; the user's cache by default.
        flush_every: features kept in memory before a shard is written.
        flush_seconds: longest time that a slow encoder's features are kept in memory only.
    """

    def __init__(
        self,
        fingerprint: str,
        dim: int,
        folder: Path | None = None,
        flush_every: int = 1024,
        flush_seconds: float = 30.0,
    ) -> None:
        self.fingerprint = fingerprint
        self.dim = dim
        self.folder = (folder or cache_folder() / "features") / fingerprint[:40]
        self.flush_every = flush_every
        self.flush_seconds = flush_seconds
        self._flushed = time.monotonic()
        self._pending: dict[str, Features] = {}
        self._places: dict[str, tuple[Path, int]] = {}
        self._known: set[Path] = set()
        self._trusted: set[Path] = set()
        self.refresh()

    def refresh(self) -> None:
        """Take note of shards that other processes have written since."""
        for path in sorted(self.folder.glob("*.safetensors")):
            if path not in self._known:
                self._known.add(path)
                keys = _read_keys(path, self.dim)
                if keys is None:
                    self._set_aside(path)
                else:
                    self._places.update({key: (path, row) for row, key in enumerate(keys)})

    def __contains__(self, image_sha256: str) -> bool:
        return image_sha256 in self._pending or image_sha256 in self._places

    def __len__(self) -> int:
        return len(self._places.keys() | self._pending.keys())

    def missing(self, hashes: Iterable[str]) -> list[str]:
        """The hashes without a trustworthy feature, each once, in the order given. Checks every shard it relies on."""
        wanted = dict.fromkeys(hashes)
        for path in sorted({self._places[each][0] for each in wanted if each in self._places}):
            self._trust(path)
        return [each for each in wanted if each not in self]

    def get_many(self, hashes: Sequence[str]) -> tuple[Features, list[str]]:
        """Features of images, in order, and the hashes that have none.

        Returns:
            float32[n, d], with rows of NaN where a feature is missing so that forgetting to look shows; and the
            missing hashes, each once.
        """
        missing = self.missing(hashes)
        result = np.full((len(hashes), self.dim), np.nan, dtype=np.float32)
        by_shard: dict[Path, list[tuple[int, int]]] = {}
        for index, key in enumerate(hashes):
            if key in self._pending:
                result[index] = self._pending[key]
            elif key in self._places:
                path, row = self._places[key]
                by_shard.setdefault(path, []).append((index, row))
        for path, places in by_shard.items():
            target, source = zip(*places, strict=True)
            result[list(target)] = _read_features(path)[list(source)]
        return result, missing

    def put_many(self, hashes: Sequence[str], features: Features) -> None:
        """Keep features; those already here are left as they are. Written at the latest by `flush`.

        Raises:
            ValueError: wrong shape or dtype, or a value that is not finite.
            UserError: the disk is full or read-only.
        """
        if features.shape != (len(hashes), self.dim) or features.dtype != np.float32:
            raise ValueError(f"expected float32[{len(hashes)}, {self.dim}], got {features.dtype}{list(features.shape)}")
        if not np.isfinite(features).all():
            raise ValueError(f"{int((~np.isfinite(features)).any(axis=1).sum())} feature(s) hold NaN or infinity")
        for key, row in zip(hashes, features, strict=True):
            if key not in self:
                self._pending[key] = row.copy()
        if len(self._pending) >= self.flush_every or time.monotonic() - self._flushed > self.flush_seconds:
            self.flush()

    def flush(self) -> None:
        """Write what is in memory as one shard."""
        self._flushed = time.monotonic()
        if not self._pending:
            return
        from safetensors.numpy import save

        keys = list(self._pending)
        data = save(
            {
                "keys": np.stack([np.frombuffer(bytes.fromhex(key), dtype=np.uint8) for key in keys]),
                "features": np.stack([self._pending[key] for key in keys]),
            }
        )
        path = self.folder / f"{hashlib.sha256(data).hexdigest()}.safetensors"
        with atomic_write(path) as stream:
            stream.write(data)
        self._known.add(path)
        self._trusted.add(path)
        self._places.update({key: (path, row) for row, key in enumerate(keys)})
        self._pending.clear()

    def _trust(self, path: Path) -> None:
        if path in self._trusted:
            return
        try:
            intact = sha256_file(path) == path.stem
        except OSError:
            intact = False
        if intact:
            self._trusted.add(path)
        else:
            self._set_aside(path)

    def _set_aside(self, path: Path) -> None:
        log.warning("feature shard %s is damaged: ignored, its images are extracted again", path)
        self._places = {key: place for key, place in self._places.items() if place[0] != path}
        with contextlib.suppress(OSError):  # a cache that may not be written to keeps the file, unused
            path.rename(path.with_suffix(".damaged"))


def _read_keys(path: Path, dim: int) -> list[str] | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="numpy") as shard:
            rows, width = shard.get_slice("features").get_shape()
            keys = shard.get_tensor("keys")
    except (SafetensorError, OSError, ValueError):
        return None
    if width != dim or keys.shape != (rows, 32):
        return None
    return [bytes(key).hex() for key in keys]


def _read_features(path: Path) -> Features:
    from safetensors import safe_open

    with safe_open(str(path), framework="numpy") as shard:
        features: Features = shard.get_tensor("features")
    return features
