"""Score images that already exist: a CSV (or a folder) of files, matched to the cases of a split. No model needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data_splits.errors import UserError
from data_splits.integrity import content_hash, sha256_file
from model_adapters.card import ModelCard
from model_adapters.generators.images_matching import Matching, match
from model_adapters.generators.images_table import ImageRow, read_rows
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import BuildContext, GenerationRefused, GenerationRequest, Image

OPTIONS: dict[str, OptionValue] = {
    "id_column": "",
    "prompt_column": "",
    "image_column": "",
    "images_root": "",
    "allow_missing": False,
}

CARD = ModelCard(
    name="images",
    kind="generator",
    source="image files named by the user",
    licence="the user's",
    needs=("--model images:FILE.csv with an image column and an id or prompt column, or images:FOLDER",),
    notes=("The images were made elsewhere: seeds, prompts and settings are what their maker says.",),
)


class NotProvided(GenerationRefused):
    """No image was provided for a request."""


class Images:
    """Returns the file that belongs to a case.

    Attributes:
        warnings: how rows and cases were matched, and what is left over on either side.
    """

    needs_prompt = False

    def __init__(self, context: BuildContext) -> None:
        options = read_options(context.options, OPTIONS, CARD.name)
        target = context.target or (str(context.weights) if context.weights else None)
        if target is None:
            raise UserError("Name the images: --model images:FILE.csv (columns: id or prompt, image) or images:FOLDER.")
        table = Path(target).expanduser()
        columns = {kind: options[f"{kind}_column"] for kind in ("id", "prompt", "image")}
        rows = read_rows(table, columns, options["images_root"])
        cases = context.split.cases(context.subset) if context.split is not None else ()
        self._allow_missing: bool = options["allow_missing"]
        self._matching: Matching = match(rows, cases)
        self._by_prompt = {row.prompt: row for row in reversed(rows) if row.prompt} if not cases else {}
        self.warnings = self._matching.warnings
        self.card = CARD.model_copy(
            update={
                "source": f"{len(rows)} image files of {table.name}",
                "settings": {"matched_by": self._matching.by},
                "weight_hashes": {"images": _hash_files(self._matching, rows)},
                "notes": (*CARD.notes, *self.warnings),
            }
        )

    def prepare(self, requests: Sequence[GenerationRequest]) -> None:
        """Check that every first draw has an image; further draws may be absent (they are `refused` then).

        Raises:
            UserError: listing the cases without an image, unless `allow_missing` is set.
        """
        bare = [each.case_id for each in requests if each.draw == 0 and self._row(each) is None]
        if bare and not self._allow_missing:
            raise UserError(
                f"{len(bare)} of {len({each.case_id for each in requests})} cases have no image, such as "
                f"{', '.join(bare[:5])} ({self._matching.how}). Add them, or score the others with "
                "--allow-missing."
            )

    def covers(self, request: GenerationRequest) -> bool:
        """Whether a request should be asked at all: not a further draw, nor an allowed gap, that nobody provided."""
        return self._row(request) is not None or (request.draw == 0 and not self._allow_missing)

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Image]:
        images = []
        for request in requests:
            row = self._row(request)
            if row is None:
                raise NotProvided
            images.append(read_as_drawn(row.file))
        return images

    def _row(self, request: GenerationRequest) -> ImageRow | None:
        found = self._matching.rows.get((request.case_id, request.draw))
        return found or (self._by_prompt.get(request.prompt) if request.draw == 0 else None)


def read_as_drawn(path: Path) -> Image:
    """A generated image, its colours kept if it has any: uint8[H, W], or uint8[H, W, 3] where channels differ.

    Raises:
        ImageUnreadable: the file cannot be decoded.
    """
    from data_splits.images.decode import DECODE_ERRORS, read_image

    grey = read_image(path)
    from PIL import Image as PillowImage

    try:
        with PillowImage.open(path, formats=("PNG", "JPEG")) as image:
            if image.mode != "RGB" or "transparency" in image.info or image.getexif():
                return grey
            colour = np.array(image)
    except DECODE_ERRORS:
        return grey  # a DICOM file
    same = (colour[..., :1] == colour).all()
    return grey if same else colour


def _hash_files(matching: Matching, rows: Sequence[ImageRow]) -> str:
    """One hash over every file that may be returned, so that a resumed run notices an exchanged file."""
    used = {row.file for row in matching.rows.values()} or {row.file for row in rows}
    digests = {file: sha256_file(file) for file in used}
    table = [[case, draw, digests[row.file]] for (case, draw), row in sorted(matching.rows.items())]
    return content_hash(table or sorted(digests.values()))


def build(context: BuildContext) -> Images:
    """Read the table, match it with the split's subset and check that the files are there.

    Options: id_column, prompt_column, image_column (names in the CSV), images_root (where relative files lie; the
    CSV's own folder by default), allow_missing (score the covered cases only).

    Raises:
        UserError: a column, file or case is missing: each is named.
    """
    return Images(context)
