"""Check a split image by image, and against a manifest written earlier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.manifest import ManifestEntry, SplitManifest
from data_splits.sources.tables import SHOWN
from data_splits.split import Split

Progress = Callable[[Iterable[Case], int], Iterator[Case]]


@dataclass(frozen=True)
class Verification:
    """What was found: images read, and one line for each problem."""

    images: int
    problems: tuple[str, ...]

    def raise_if_bad(self, name: str) -> None:
        """Raise a UserError that lists up to ten problems and counts the rest."""
        if self.problems:
            rest = len(self.problems) - SHOWN
            lines = [*self.problems[:SHOWN], *([f"... and {rest} more"] if rest > 0 else [])]
            raise UserError(f"Split {name}: {len(self.problems)} problem(s):\n  " + "\n  ".join(lines))


def verify(split: Split, subsets: Iterable[str], progress: Progress | None = None) -> Verification:
    """Decode every image of some subsets; the reader compares each file with its stated hash where there is one.

    Args:
        split: a loaded split; that ids are unique and patients disjoint was checked when it was loaded.
        subsets: names of subsets or selections.
        progress: wraps the cases, for a progress bar.
    """
    cases = [case for subset in subsets for case in split.cases(subset)]
    problems = []
    for case in progress(cases, len(cases)) if progress else cases:
        try:
            split.read_image(case)
        except UserError as error:
            problems.append(f"{case.id}: {error}")
    return Verification(len(cases), tuple(problems))


def compare(now: SplitManifest, before: SplitManifest) -> tuple[str, ...]:
    """How a split differs from a manifest of it, one line for each difference; empty where it is the same."""
    if now.hash == before.hash:
        return ()
    lines = [
        f"{what}: {getattr(now, what)!r}, the manifest says {getattr(before, what)!r}"
        for what in ("name", "version", "credentialed", "licence", "options")
        if getattr(now, what) != getattr(before, what)
    ]
    ours, theirs = _by_id(now.entries), _by_id(before.entries)
    lines += [f"{name}: not in the manifest" for name in sorted(ours.keys() - theirs.keys())]
    lines += [f"{name}: in the manifest only" for name in sorted(theirs.keys() - ours.keys())]
    for name in sorted(ours.keys() & theirs.keys()):
        changed = [
            what
            for what in ("patient", "subset", "image_sha256", "prompt_sha256")
            if getattr(ours[name], what) != getattr(theirs[name], what)
        ]
        if changed:
            lines.append(f"{name}: another {', '.join(changed)}")
    lines += [
        f"selection {name} differs"
        for name in sorted({*now.selections, *before.selections})
        if now.selections.get(name) != before.selections.get(name)
    ]
    return tuple(lines)


def _by_id(entries: Iterable[ManifestEntry]) -> dict[str, ManifestEntry]:
    return {entry.id: entry for entry in entries}
