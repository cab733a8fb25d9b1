"""The engine that turns images into features: decoded once in a bounded pool, encoded at a fixed compute batch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import ImageUnreadable, UserError
from model_adapters.inference.feature_store import FeatureStore
from model_adapters.inference.memory import is_out_of_memory
from model_adapters.protocols import Encoder, Image

Loader = Callable[[], Image]
Item = tuple[str, Loader]
"""(image hash, function that decodes the image)."""

Progress = Callable[[int, int | None], None]
"""Called with (images looked at, images in all or None where the caller gave a stream)."""


@dataclass(frozen=True, slots=True)
class ExtractionReport:
    """What a call of `extract` did.

    Attributes:
        requested: images asked for. distinct: of these, different ones. computed: features added now.
        unreadable: (image hash, reason) of images that could not be decoded; they have no feature, and none is made up.
    """

    requested: int
    distinct: int
    computed: int
    unreadable: tuple[tuple[str, str], ...]


def extract(
    items: Iterable[Item],
    encoder: Encoder,
    store: FeatureStore,
    *,
    workers: int = 2,
    total: int | None = None,
    progress: Progress | None = None,
) -> ExtractionReport:
    """Give every image a feature in the store.

    Images that have one are not even decoded. The others are decoded and preprocessed in `workers` threads, at most
    two batches ahead of the network, so memory holds a few batches whatever the number of images. Every forward pass
    has exactly `encoder.compute_batch` images (the last is padded with copies of its last image), so a feature depends
    on neither order, nor workers, nor what else was asked for.

    Raises:
        UserError: the accelerator's memory does not hold one compute batch, or the disk is full.
    """
    seen: set[str] = set()
    unreadable: list[tuple[str, str]] = []
    requested = computed = 0

    def wanted() -> Iterator[Item]:
        nonlocal requested
        for key, load in items:
            requested += 1
            if key not in seen:
                seen.add(key)
                if store.missing([key]):
                    yield key, load
            if progress is not None:
                progress(requested, total)

    batch: list[tuple[str, NDArray[np.float32]]] = []
    for key, pixels in _decoded(wanted(), encoder, workers):
        if isinstance(pixels, str):
            unreadable.append((key, pixels))
            continue
        batch.append((key, pixels))
        if len(batch) == encoder.compute_batch:
            computed += _encode(batch, encoder, store)
            batch = []
    if batch:
        computed += _encode(batch, encoder, store)
    store.flush()
    return ExtractionReport(requested, len(seen), computed, tuple(unreadable))


def _decoded(items: Iterator[Item], encoder: Encoder, workers: int) -> Iterator[tuple[str, NDArray[np.float32] | str]]:
    """Preprocessed images, or the reason why there is none, in the order of the items."""

    def work(load: Loader) -> NDArray[np.float32] | str:
        try:
            return encoder.preprocess(load())
        except (ImageUnreadable, OSError) as error:
            return str(error) if isinstance(error, ImageUnreadable) else f"{type(error).__name__}: {error.strerror}"

    if workers <= 1:
        yield from ((key, work(load)) for key, load in items)
        return
    ahead = 2 * encoder.compute_batch + workers
    with ThreadPoolExecutor(workers) as pool:
        queue: deque[tuple[str, Future[NDArray[np.float32] | str]]] = deque()
        for key, load in items:
            queue.append((key, pool.submit(work, load)))
            if len(queue) >= ahead:
                key, future = queue.popleft()
                yield key, future.result()
        while queue:
            key, future = queue.popleft()
            yield key, future.result()


def _encode(batch: list[tuple[str, NDArray[np.float32]]], encoder: Encoder, store: FeatureStore) -> int:
    arrays = [pixels for _, pixels in batch]
    arrays += [arrays[-1]] * (encoder.compute_batch - len(arrays))
    try:
        features = encoder.encode(np.stack(arrays))
    except Exception as error:
        if is_out_of_memory(error):
            raise UserError(
                f"Out of memory: {encoder.name} computes {encoder.compute_batch} images at a time. Free the device, "
                "or choose --device cpu."
            ) from error
        raise
    store.put_many([key for key, _ in batch], np.ascontiguousarray(features[: len(batch)], dtype=np.float32))
    return len(batch)
