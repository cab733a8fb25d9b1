"""The real images of a split as the extraction engine wants them: (image hash, loader), each file decoded once."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from data_splits.case import Case
from data_splits.errors import ImageUnreadable, UserError
from data_splits.integrity import append_lines, canonical_json, content_hash, sha256_file
from data_splits.split import Split
from model_adapters.inference.extract import Item
from model_adapters.inference.feature_store import cache_folder
from model_adapters.inference.hashing import image_hash
from model_adapters.protocols import Image

DECODER = "1"
"""Raised when decoding changes, so that hashes remembered from an older decoder are not taken for the new one's."""

KEPT_BYTES = 512 * 2**20
"""Decoded images up to this size stay in memory for the next encoder; those that no longer fit are decoded again."""


class SplitImages:
    """Image hashes of a split's cases, remembered by the hash of the encoded file.

    A file's bytes are hashed on every run (a changed file is never taken for the old one), but decoded only when
    these bytes are new or their features are asked for.

    Args:
        split: the loaded split.
        folder: where the hashes are remembered; the user's cache by default.

    Attributes:
        hashes: case id -> image hash, for every case that `items` has passed.
        unreadable: case id -> reason, for the cases that could not be decoded.
    """

    def __init__(self, split: Split, folder: Path | None = None) -> None:
        self.split = split
        self.hashes: dict[str, str] = {}
        self.unreadable: dict[str, str] = {}
        self._memory = (folder or cache_folder()) / "image_hashes.jsonl"
        self._known = _read(self._memory)
        self._kept: dict[str, Image] = {}
        self._room = KEPT_BYTES

    def items(self, cases: Sequence[Case], workers: int = 2) -> Iterator[Item]:
        """(image hash, loader) of each readable case, in order; fills `hashes` and `unreadable`.

        Raises:
            UserError: a file's bytes are not those that the split recorded.
        """
        fresh: list[str] = []
        try:
            for case, source, found in self._looked_up(cases, workers):
                if isinstance(found, str):
                    self.unreadable[case.id] = found
                    continue
                digest, pixels = found
                self.hashes[case.id] = digest
                if source is not None and self._known.setdefault(source, digest) == digest and pixels is not None:
                    fresh.append(canonical_json([source, digest]))
                yield digest, partial(self._load, case, pixels)
        finally:
            if fresh:
                append_lines(self._memory, fresh)

    def _load(self, case: Case, pixels: Image | None) -> Image:
        kept = self._kept.get(case.id)
        if kept is not None:
            return kept
        image = self.split.read_image(case) if pixels is None else pixels
        if image.nbytes <= self._room:
            self._room -= image.nbytes
            self._kept[case.id] = image
        return image

    def _looked_up(
        self, cases: Sequence[Case], workers: int
    ) -> Iterator[tuple[Case, str | None, tuple[str, Image | None] | str]]:
        """Each case with its source key and (hash, pixels if just decoded), or the reason why it is unreadable."""
        with ThreadPoolExecutor(max(1, workers)) as pool:
            queue: deque[tuple[Case, Future[tuple[str | None, tuple[str, Image | None] | str]]]] = deque()
            for case in cases:
                queue.append((case, pool.submit(self._look_up, case)))
                if len(queue) > 2 * max(1, workers):
                    done, future = queue.popleft()
                    yield done, *future.result()
            while queue:
                done, future = queue.popleft()
                yield done, *future.result()

    def _look_up(self, case: Case) -> tuple[str | None, tuple[str, Image | None] | str]:
        try:
            source = self._source(case)
            if source in self._known:
                return source, (self._known[source], None)
            pixels = self.split.read_image(case)
        except ImageUnreadable as error:
            return None, str(error)
        except FileNotFoundError:
            return None, "the image file is missing"
        return source, (image_hash(pixels), pixels)

    def _source(self, case: Case) -> str | None:
        """What the pixels follow from: the file's bytes, or the identity of a rendered image."""
        if self.split.rendered:
            recipe = [self.split.name, self.split.version, dict(self.split.options), case.id]
            return f"{DECODER}/{content_hash(recipe)}"
        if self.split.locate is None:
            return None
        recorded = self.split.image_hashes.get(case.id)
        actual = sha256_file(self.split.locate(case))
        if recorded is not None and actual != recorded:
            raise UserError(
                f"The image file of case {case.id} is not the one that split {self.split.name} recorded. "
                "Restore it, or rebuild the split; `data-splits verify` lists every such file."
            )
        return f"{DECODER}/{actual}"


def _read(path: Path) -> dict[str, str]:
    known: dict[str, str] = {}
    if path.exists():
        for line in path.read_text("utf-8").splitlines():
            try:
                source, digest = json.loads(line)
            except ValueError:
                continue  # a line torn by a crash: that image is decoded again
            known[source] = digest
    return known
