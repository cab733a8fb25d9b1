"""Generated images on disk: append-only, crash-safe, content-addressed, bound to what made them."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from data_splits.errors import ImageUnreadable, UserError
from data_splits.integrity import append_lines, atomic_write, canonical_json, content_hash
from model_adapters.inference.hashing import image_hash
from model_adapters.inference.store_files import bind_key, folder_lock
from model_adapters.protocols import Image

Status = Literal["ok", "refused", "failed", "corrupt"]
"""ok: the image is in the store. refused: the model declined. failed: the adapter raised. corrupt: unreadable."""

SampleKey = tuple[str, int]
"""(case id, draw)."""


@dataclass(frozen=True, slots=True)
class SampleRow:
    """One line of the index: the outcome of one request. Holds no prompt and no message that could quote one.

    Attributes:
        case_id, draw, seed: the request.
        status: see `Status`.
        image_sha256: hash of the decoded pixels (`image_hash`), None unless the status is ok.
        reason: the name of the exception, None if the status is ok.
        info: facts that the adapter reports about the request, such as {"truncated": True}.
    """

    case_id: str
    draw: int
    seed: int
    status: Status
    image_sha256: str | None = None
    reason: str | None = None
    info: Mapping[str, bool | int | float | str] | None = None

    @property
    def key(self) -> SampleKey:
        return self.case_id, self.draw


class SampleStore:
    """The images of one run of one model on one split.

    Layout: `key.json` (what the images depend on), `index.jsonl` (one `SampleRow` a line, the last row of a sample
    counts) and `images/ab/<image hash>.png`. An image is written before its row, both reach the disk before `append`
    returns, so a killed process loses at most the batch it was drawing.

    Args:
        folder: made where it does not exist.
        key: everything the images depend on (model card, adapter settings, split hash, run seed, protocol) as plain
            JSON values. A folder made under another key is refused.

    Raises:
        UserError: the folder belongs to another key, or a line in the middle of the index is damaged.
    """

    def __init__(self, folder: Path, key: Mapping[str, Any]) -> None:
        self.folder = folder
        self.key = dict(key)
        self._index = folder / "index.jsonl"
        bind_key(folder, self.key, self._index, "samples")
        self._rows = self._read_index()

    @property
    def rows(self) -> dict[SampleKey, SampleRow]:
        """The rows that count, in the order in which samples first came."""
        return dict(self._rows)

    @property
    def samples_hash(self) -> str:
        """sha256 over every sample's request and outcome, whatever the order in which they were made."""
        rows = sorted(self._rows.values(), key=lambda row: row.key)
        return content_hash([[row.case_id, row.draw, row.seed, row.status, row.image_sha256] for row in rows])

    def path(self, sha256: str) -> Path:
        """Where an image of this hash lies."""
        return self.folder / "images" / sha256[:2] / f"{sha256}.png"

    def load(self, row: SampleRow) -> Image:
        """The image of an ok row, checked against its hash.

        Raises:
            ImageUnreadable: the file is missing, damaged or shows something else.
        """
        if row.image_sha256 is None:
            raise ImageUnreadable(f"Sample {row.case_id}#{row.draw} is {row.status}: it has no image.")
        path = self.path(row.image_sha256)
        try:
            pixels = decode_png(path.read_bytes())
        except (OSError, ValueError, SyntaxError) as error:
            raise ImageUnreadable(f"{path} is missing or damaged. {_REPAIR}") from error
        if image_hash(pixels) != row.image_sha256:
            raise ImageUnreadable(f"{path} does not show the image it was written as. {_REPAIR}")
        return pixels

    def has(self, key: SampleKey) -> bool:
        """Whether a sample needs no drawing: it has an outcome and, if that is an image, the file is there."""
        row = self._rows.get(key)
        if row is None or row.status == "corrupt":
            return False
        return row.image_sha256 is None or self.path(row.image_sha256).exists()

    def append(self, samples: Iterable[tuple[SampleRow, Image | None]]) -> None:
        """Store outcomes: the images first, then their rows in one flushed write. A row that stands is not repeated.

        Raises:
            UserError: the disk is full or read-only; what was stored before stays whole.
            ValueError: an ok row without its image, or with one of another hash.
        """
        rows = []
        for row, pixels in samples:
            if row.status == "ok":
                if pixels is None or image_hash(pixels) != row.image_sha256:
                    raise ValueError(f"sample {row.key} is ok but its image does not match its hash")
                path = self.path(image_hash(pixels))
                if not path.exists():
                    with atomic_write(path) as stream:
                        stream.write(encode_png(pixels))
            if row != self._rows.get(row.key):
                rows.append(row)
        append_lines(self._index, [canonical_json(_trim(row)) for row in rows])
        self._rows.update({row.key: row for row in rows})

    def verify(self) -> list[SampleRow]:
        """Decode and re-hash every image; the ok rows whose image is missing or damaged. Changes nothing."""
        bad = []
        for row in self._rows.values():
            if row.status == "ok":
                try:
                    self.load(row)
                except ImageUnreadable:
                    bad.append(row)
        return bad

    def repair(self) -> list[SampleRow]:
        """Mark what `verify` finds as corrupt and remove its files, so that the next run draws it again."""
        bad = self.verify()
        for row in bad:
            self.path(str(row.image_sha256)).unlink(missing_ok=True)
        if bad:
            self.append(
                (SampleRow(row.case_id, row.draw, row.seed, "corrupt", reason="ImageUnreadable"), None) for row in bad
            )
        return bad

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from writing. The lock dies with its process, however that ends.

        Raises:
            UserError: another process is writing here.
        """
        with folder_lock(self.folder):
            yield

    def _read_index(self) -> dict[SampleKey, SampleRow]:
        rows: dict[SampleKey, SampleRow] = {}
        if not self._index.exists():
            return rows
        *lines, _torn = self._index.read_bytes().split(b"\n")
        for number, line in enumerate(lines, 1):
            try:
                row = SampleRow(**json.loads(line))
                if row.status not in get_args(Status):
                    raise ValueError(row.status)
            except (ValueError, TypeError) as error:
                raise UserError(
                    f"Line {number} of {self._index} is damaged. Delete that line: its sample is then drawn again."
                ) from error
            rows[row.key] = row
        return rows


def encode_png(pixels: Image) -> bytes:
    """A PNG of a grey or RGB image, without metadata."""
    from PIL import Image as PillowImage

    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()


def decode_png(data: bytes) -> Image:
    """The pixels of a PNG written by `encode_png`."""
    from PIL import Image as PillowImage

    with PillowImage.open(io.BytesIO(data), formats=["PNG"]) as image:
        return np.asarray(image).copy()


def _trim(row: SampleRow) -> dict[str, Any]:
    return {name: value for name, value in asdict(row).items() if value is not None}


_REPAIR = "Remove the file and run the same command again: the image is drawn again."
