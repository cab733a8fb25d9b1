"""The frozen list of a split's cases: ids, patient group keys and content hashes. Torch-free."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import content_hash, write_text

MANIFEST_VERSION = 1


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One case as the outside world may know it: no image, no text, no label.

    Attributes:
        id: the case id.
        patient: patient group key; for a credentialed split a salted hash, never the source's own number.
        subset: "train", "test", ...
        image_sha256: hash of the encoded image file (or of the rendered pixels of a phantom), where it was computed.
        prompt_sha256: hash of the UTF-8 prompt, or None where the case has none.
    """

    id: str
    patient: str
    subset: str
    image_sha256: str | None = None
    prompt_sha256: str | None = None


@dataclass(frozen=True)
class SplitManifest:
    """The frozen identity of a split.

    Attributes:
        name: for example "phantom" or "mimic-cxr".
        version: of the recipe that selected the cases.
        licence: short licence name and, where the licence asks for it, the attribution line.
        credentialed: True if images and prompts may not leave the machine.
        entries: every case of every subset, sorted by (subset, id).
        options: what the recipe was asked for (seed, sizes, column names), without paths.
        selections: named choices of cases within the subsets (name -> sorted ids), for example the prompts of a
            privacy test, which are training cases.
    """

    name: str
    version: str
    licence: str
    credentialed: bool
    entries: tuple[ManifestEntry, ...]
    options: dict[str, Any] = field(default_factory=dict)
    selections: dict[str, list[str]] = field(default_factory=dict)

    @cached_property
    def hash(self) -> str:
        """sha256 over name, version, options and entries: two runs with this hash asked the same questions."""
        return content_hash(self.to_json())

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Images and patients per subset."""
        images = Counter(entry.subset for entry in self.entries)
        patients: dict[str, set[str]] = defaultdict(set)
        for entry in self.entries:
            patients[entry.subset].add(entry.patient)
        return {name: {"images": images[name], "patients": len(patients[name])} for name in sorted(images)}

    def to_json(self) -> dict[str, Any]:
        """Plain data for canonical JSON. Selections appear only where there are some."""
        data: dict[str, Any] = {
            "manifest_version": MANIFEST_VERSION,
            "name": self.name,
            "version": self.version,
            "licence": self.licence,
            "credentialed": self.credentialed,
            "options": self.options,
            "entries": [_entry_json(entry) for entry in self.entries],
        }
        if self.selections:
            data["selections"] = self.selections
        return data

    def write(self, path: Path) -> None:
        """Write the manifest as JSON, one entry a line, atomically."""
        head = {key: value for key, value in self.to_json().items() if key != "entries"}
        lines = ",\n".join("    " + json.dumps(_entry_json(entry), sort_keys=True) for entry in self.entries)
        text = json.dumps(head, sort_keys=True, indent=2)[:-2] + ',\n  "entries": [\n' + lines + "\n  ]\n}\n"
        write_text(path, text)

    @classmethod
    def read(cls, path: Path) -> SplitManifest:
        """Read a manifest written by `write`.

        Raises:
            UserError: the file is missing, not JSON, or of another manifest version.
        """
        try:
            data = json.loads(path.read_text("utf-8"))
            version = data.pop("manifest_version")
            entries = tuple(ManifestEntry(**entry) for entry in data.pop("entries"))
            manifest = cls(entries=entries, **data)
        except FileNotFoundError:
            raise UserError(f"No split manifest at {path}. Build one with `data-splits build`.") from None
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{path} is not a split manifest ({error}). Build it again with `data-splits build`."
            ) from error
        if version != MANIFEST_VERSION:
            raise UserError(
                f"{path} has manifest version {version}; this program reads {MANIFEST_VERSION}. Rebuild it."
            )
        check_entries(manifest.entries)
        return manifest


def _entry_json(entry: ManifestEntry) -> dict[str, str | None]:
    # dataclasses.asdict copies deeply and takes 20 times as long: seconds for the rows of MIMIC-CXR.
    return {
        "id": entry.id,
        "patient": entry.patient,
        "subset": entry.subset,
        "image_sha256": entry.image_sha256,
        "prompt_sha256": entry.prompt_sha256,
    }


def check_entries(entries: Iterable[ManifestEntry]) -> None:
    """Check that ids are unique and no patient stands in two subsets.

    Raises:
        UserError: with up to five offenders (ids are allowed to be shown).
    """
    seen: Counter[str] = Counter()
    subsets: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        seen[entry.id] += 1
        subsets[entry.patient].add(entry.subset)
    duplicates = sorted(name for name, count in seen.items() if count > 1)
    if duplicates:
        raise UserError(
            f"{len(duplicates)} duplicate case id(s), such as {', '.join(duplicates[:5])}. Ids must be unique."
        )
    leaks = sorted(patient for patient, names in subsets.items() if len(names) > 1)
    if leaks:
        raise UserError(
            f"{len(leaks)} patient(s) stand in more than one subset, such as {', '.join(leaks[:5])}. "
            "Split by patient: every image of a patient belongs to one subset."
        )
