"""A loaded split: its manifest, its cases, and the user's own copy of the images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.integrity import sha256_bytes
from data_splits.manifest import ManifestEntry, SplitManifest, check_entries

GreyImage = NDArray[np.uint8]
"""A displayed radiograph: uint8[height, width], 0 black, bright = dense (MONOCHROME2)."""

ReadMasks = Callable[[Case], Mapping[str, NDArray[np.bool_]]]
"""A case -> structure name -> bool[height, width] over the field of view of its image."""


@dataclass(frozen=True)
class Split:
    """Cases by subset, resolved from the user's copy.

    Attributes:
        name: source name, for example "nih-chestxray14".
        version: version of the recipe.
        licence: licence and attribution line, shown wherever the data or a number from it is shown.
        credentialed: images and prompts never leave the machine.
        subsets: subset name -> cases in manifest order (sorted by id).
        read_image: decodes or renders the image of a case.
        image_hashes: case id -> sha256 of the encoded file or rendered pixels, where known without decoding everything.
        options: what the recipe was asked for, without paths.
        warnings: differences from the published figures that do not stop a run.
        selections: name -> sorted case ids chosen from the subsets, where a protocol asks for a part of one (the
            privacy prompts of MIMIC-CXR are training cases). `cases` knows these names too.
        evaluation: the subset or selection that a generator is scored on unless the user names another.
        locate: the file of a case, for sources that have files.
        rendered: True if images follow from name, version, options and case id alone, as a phantom's do.
        read_masks: the outlined structures of a case's image, where somebody outlined them.
    """

    name: str
    version: str
    licence: str
    credentialed: bool
    subsets: Mapping[str, tuple[Case, ...]]
    read_image: Callable[[Case], GreyImage]
    image_hashes: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    selections: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    evaluation: str = "test"
    locate: Callable[[Case], Path] | None = None
    rendered: bool = False
    read_masks: ReadMasks | None = None

    def __post_init__(self) -> None:
        check_entries(self.manifest.entries)
        known = {case.id for cases in self.subsets.values() for case in cases}
        for name, ids in self.selections.items():
            if name in self.subsets or not known.issuperset(ids):
                raise ValueError(f"selection {name!r} is also a subset, or names cases that the split does not have")

    def cases(self, subset: str) -> tuple[Case, ...]:
        """The cases of a subset or of a selection, sorted by id.

        Raises:
            UserError: the split has no such subset.
        """
        if subset in self.subsets:
            return self.subsets[subset]
        if subset in self.selections:
            chosen = set(self.selections[subset])
            found = (case for cases in self.subsets.values() for case in cases if case.id in chosen)
            return tuple(sorted(found, key=lambda case: case.id))
        names = ", ".join([*sorted(self.subsets), *sorted(self.selections)])
        raise UserError(f"Split {self.name} has no subset {subset!r}; it has {names}.")

    @cached_property
    def manifest(self) -> SplitManifest:
        """The frozen identity of this split. Patients of a credentialed split appear as hashes."""

        def patient(case: Case) -> str:
            if not self.credentialed:
                return case.patient
            return sha256_bytes(f"{self.name}/{self.version}/patient/{case.patient}".encode())[:16]

        entries = tuple(
            ManifestEntry(
                id=case.id,
                patient=patient(case),
                subset=subset,
                image_sha256=self.image_hashes.get(case.id),
                prompt_sha256=None if case.prompt is None else sha256_bytes(case.prompt.encode()),
            )
            for subset in sorted(self.subsets)
            for case in self.subsets[subset]
        )
        selections = {name: sorted(ids) for name, ids in self.selections.items()}
        return SplitManifest(
            self.name, self.version, self.licence, self.credentialed, entries, dict(self.options), selections
        )
