"""Which files a submission adds, and whether they are files that it may add at all. Nothing is opened here."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from leaderboards.records.io import HASH_FILE, RECORD_FILE
from leaderboards.records.method_io import METHOD_FILE, METHOD_HASH_FILE
from leaderboards.submissions import limits
from leaderboards.submissions.findings import Finding, error, shown

_SLUG = r"[a-z0-9][a-z0-9._-]{0,47}-[0-9a-f]{8}"
RECORD_FOLDER = re.compile(rf"records/(?:chexgenbench|mirb)/{_SLUG}/{_SLUG}/{_SLUG}/[0-9a-f]{{16}}")
METHOD_FOLDER = re.compile(rf"methods/{_SLUG}/[0-9a-f]{{16}}")
STATISTICS = re.compile(r"statistics/([0-9a-f]{2})/\1[0-9a-f]{62}\.safetensors")
MAX_DEPTH = 8


@dataclass
class Changes:
    """What a tree holds beyond its base.

    Attributes:
        records: folders of new records. statistics: new statistics files. methods: folders of new method records. All
            relative, as POSIX text, sorted.
        findings: everything that is not allowed, by path.
    """

    records: list[str] = field(default_factory=list)
    statistics: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def find_changes(root: Path, base: Path | None = None, changed: Sequence[str] | None = None) -> Changes:
    """Scan a results root.

    Args:
        root: with the submission in it. base: the results root without it; files of both must be the same bytes.
        changed: paths relative to `root` that the submission adds or changes, where they are known (from a diff).
            Without either, every file counts as new, and the limits of a pull request do not hold.
    """
    found = Changes()
    present = dict(_walk(root, found))
    if changed is not None:
        wanted = set(changed)
        for path in sorted(wanted - present.keys()):
            found.findings.append(error("removed", path, "removes a file; a submission only adds"))
        added = sorted(wanted & present.keys())
    elif base is not None:
        held = dict(_walk(base, Changes()))
        for path in sorted(held.keys() - present.keys()):
            found.findings.append(error("removed", path, "removes a file; a submission only adds"))
        added = sorted(present.keys() - held.keys())
        for path in sorted(present.keys() & held.keys()):
            if stat.S_ISREG(present[path].st_mode) and not _same(root / path, base / path, present[path], held[path]):
                found.findings.append(error("changed", path, "changes a file; a submission only adds"))
    else:
        added = sorted(path for path in present if path not in ("ledger.json", "recomputed.json"))
    _admit(added, present, found)
    if base is not None or changed is not None:
        records, total = len(found.records) + len(found.methods), sum(present[path].st_size for path in added)
        found.findings.extend(_too_much(records, len(added), total))
    return found


def _admit(added: Sequence[str], present: dict[str, os.stat_result], found: Changes) -> None:
    folders: dict[str, set[str]] = {}
    for path in added:
        facts = present[path]
        folder, _, name = path.rpartition("/")
        if problem := _kind(facts):
            found.findings.append(error("link", path, problem))
        elif STATISTICS.fullmatch(path):
            found.statistics.append(path)
            _size(path, facts, limits.MAX_STATISTICS_BYTES, found)
        elif RECORD_FOLDER.fullmatch(folder) and name in (RECORD_FILE, HASH_FILE):
            folders.setdefault(folder, set()).add(name)
            _size(path, facts, limits.MAX_RECORD_BYTES if name == RECORD_FILE else limits.MAX_HASH_BYTES, found)
        elif METHOD_FOLDER.fullmatch(folder) and name in (METHOD_FILE, METHOD_HASH_FILE):
            folders.setdefault(folder, set()).add(name)
            _size(path, facts, limits.MAX_RECORD_BYTES if name == METHOD_FILE else limits.MAX_HASH_BYTES, found)
        else:
            found.findings.append(
                error("path", path, "is no path of a record or of statistics (write them with `leaderboards submit`)")
            )
    for folder, names in sorted(folders.items()):
        method = METHOD_FOLDER.fullmatch(folder) is not None
        (found.methods if method else found.records).append(folder)
        for name in sorted({METHOD_FILE, METHOD_HASH_FILE} - names if method else {RECORD_FILE, HASH_FILE} - names):
            found.findings.append(error("path", folder, f"lacks {name}"))


def _too_much(records: int, files: int, total: int) -> Iterator[Finding]:
    """Limits of one pull request; a whole library may be larger."""
    if records > limits.MAX_RECORDS:
        yield error("count", "submission", f"{records} records; at most {limits.MAX_RECORDS} in one pull request")
    if files > limits.MAX_FILES:
        yield error("count", "submission", f"{files} files; at most {limits.MAX_FILES} in one pull request")
    if total > limits.MAX_TOTAL_BYTES:
        yield error("size", "submission", f"{total} bytes; at most {limits.MAX_TOTAL_BYTES} in one pull request")


def _size(path: str, facts: os.stat_result, most: int, found: Changes) -> None:
    if facts.st_size > most:
        found.findings.append(error("size", path, f"{facts.st_size} bytes; at most {most}"))


def _kind(facts: os.stat_result) -> str | None:
    if stat.S_ISLNK(facts.st_mode):
        return "is a symbolic link; a submission holds plain files"
    if not stat.S_ISREG(facts.st_mode):
        return "is not a plain file"
    if facts.st_nlink > 1:
        return "is a hard link; a submission holds plain files"
    if facts.st_mode & 0o111:
        return "is marked executable"
    return None


def _walk(root: Path, found: Changes) -> Iterator[tuple[str, os.stat_result]]:
    """Every entry below the root that is no folder; links are not followed."""
    stack: list[tuple[str, int]] = [("", 0)]
    while stack:
        folder, depth = stack.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                path = f"{folder}{entry.name}"
                if not entry.is_dir(follow_symlinks=False):
                    yield path, entry.stat(follow_symlinks=False)
                elif depth >= MAX_DEPTH:
                    found.findings.append(error("path", path, f"lies deeper than {MAX_DEPTH} folders"))
                else:
                    stack.append((f"{path}/", depth + 1))


def _same(one: Path, other: Path, facts: os.stat_result, held: os.stat_result) -> bool:
    if not stat.S_ISREG(held.st_mode) or facts.st_size != held.st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while block := first.read(2**20):
            if block != second.read(2**20):
                return False
    return True


def outside(paths: Sequence[str], prefix: str) -> list[Finding]:
    """Findings on changed paths of a repository that lie outside its results.

    Args:
        paths: relative to the repository. prefix: the results root, such as "leaderboards/results".
    """
    return [
        error("path", path, f"lies outside {shown(prefix)}: results and code come in separate pull requests")
        for path in paths
        if not path.startswith(f"{prefix.rstrip('/')}/")
    ]
