"""Which cases a claim is about, and whether other data share a case, a patient or an image with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from data_splits.integrity import content_hash, sha256_bytes
from data_splits.manifest import ManifestEntry


@dataclass(frozen=True)
class CaseSet:
    """Cases by id, with the patient of each and, where known, the hash of its image.

    Attributes:
        cases: ids. patients: patient group key of each case. images: image hash of each case, or empty.
    """

    cases: tuple[str, ...]
    patients: tuple[str, ...]
    images: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.patients) != len(self.cases) or (self.images and len(self.images) != len(self.cases)):
            raise ValueError(f"{len(self.cases)} cases, {len(self.patients)} patients, {len(self.images)} image hashes")

    @classmethod
    def of_entries(cls, entries: Iterable[ManifestEntry]) -> CaseSet:
        """The cases of a split's manifest; image hashes where every entry has one."""
        listed = list(entries)
        images = [each.image_sha256 for each in listed if each.image_sha256 is not None]
        return cls(
            tuple(each.id for each in listed),
            tuple(each.patient for each in listed),
            tuple(images) if len(images) == len(listed) else (),
        )

    @cached_property
    def hashes(self) -> tuple[str, ...]:
        """Sorted hex sha256 of every case id: what a certificate shows of them."""
        return tuple(sorted(sha256_bytes(f"case\n{each}".encode()) for each in self.cases))

    @cached_property
    def digest(self) -> str:
        """One hash of the set, whatever its order."""
        return digest_of(self.hashes)

    def shared_with(self, other: CaseSet) -> str:
        """What both sets hold, such as "2 cases and 3 patients"; "" if they are disjoint."""
        found = []
        for one, many, mine, theirs in (
            ("case", "cases", self.cases, other.cases),
            ("patient", "patients", self.patients, other.patients),
            ("image", "images", self.images, other.images),
        ):
            count = len(set(mine) & set(theirs))
            if count:
                found.append(f"{count} {one if count == 1 else many}")
        return " and ".join(found)


def digest_of(hashes: Iterable[str]) -> str:
    """Hash of a set of case hashes, whatever its order."""
    return content_hash(sorted(hashes))
