"""Every check of a submission, in an order in which the cheap and strict ones protect the costly ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from leaderboards.library.entry import Entry, read_entry
from leaderboards.library.library import Library
from leaderboards.library.methods import method_folders
from leaderboards.library.recomputed import Outcome, Recomputed
from leaderboards.records.io import RECORD_FILE
from leaderboards.records.method_io import read_study
from leaderboards.records.method_record import MethodRecord
from leaderboards.records.recompute import check_run
from leaderboards.submissions import limits
from leaderboards.submissions.arrays import check_arrays, check_files
from leaderboards.submissions.changes import find_changes, outside
from leaderboards.submissions.contamination import flags
from leaderboards.submissions.duplicates import Other, check_duplicates
from leaderboards.submissions.families import check_family
from leaderboards.submissions.features import check_features
from leaderboards.submissions.findings import Finding, Level, error, one_line, shown, warning
from leaderboards.submissions.form import Submitted, check_form, check_path, read
from leaderboards.submissions.methods import check_placed
from leaderboards.submissions.peers import check_known, check_peers, peers_of

RESULTS = "leaderboards/results"
"""Where a checkout of the suite keeps its public results."""

Progress = Callable[[Iterable[Any]], Iterable[Any]]


@dataclass
class Report:
    """What came of validating a submission.

    Attributes:
        records: new records by folder. methods: new method records. statistics: new statistics files.
        findings: errors first.
        recomputed: numbers that were computed again.
    """

    records: list[str] = field(default_factory=list)
    statistics: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    recomputed: int = 0
    methods: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """No error; warnings are for the reviewer."""
        return not any(each.level == "error" for each in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "ok": self.ok,
            "records": [shown(each, 200) for each in self.records],
            "statistics": [shown(each, 200) for each in self.statistics],
            "methods": [shown(each, 200) for each in self.methods],
            "recomputed": self.recomputed,
            "findings": [each.to_json() for each in self.findings],
        }


def validate(
    root: Path,
    base: Path | None = None,
    changed: Sequence[str] | None = None,
    *,
    diff: Sequence[str] = (),
    first: bool = False,
    progress: Progress = iter,
) -> Report:
    """Validate what a results root holds beyond its base.

    Args:
        root, base, changed: see `changes.find_changes`. A new record is compared with those that are not new; with
            neither base nor changed, every record with all others, and none is new to its split.
        diff: all paths that the pull request changes, relative to its repository; any outside the results refuses it.
        first: a maintainer opens a new split or protocol.
        progress: wraps the new records; each takes seconds.

    Raises:
        UserError: a folder is missing, or the base itself is broken.
    """
    for folder in (root, *([base] if base is not None else [])):
        # A root that is a link would lead the scan to the base's own files, or out of the checkout.
        if folder.is_symlink() or not folder.is_dir():
            raise UserError(f"There is no folder {folder}. Give a results root, such as leaderboards/results.")
    changes = find_changes(root, base, changed)
    outer = [*outside(diff, RESULTS), *changes.findings]
    report = Report(changes.records, changes.statistics, outer, methods=changes.methods)
    alone = base is None and changed is None
    public = [*_public(base or root, set() if alone else set(changes.records))]
    accepted: list[Submitted] = []
    blobs: set[str] = set()
    blocked = {each.where.rpartition("/")[0] for each in changes.findings} | {each.where for each in changes.findings}
    for folder in progress(changes.records):
        if folder in blocked:
            continue
        submitted, findings = read(root / folder, folder)
        if submitted is not None:
            blobs |= set(submitted.record.statistics.values())
            findings += check_path(submitted)
            others = [each for each in public if each.folder != submitted.folder]
            findings += check_content(submitted, others, () if alone else accepted, report, first=first or alone)
            accepted.append(submitted)
        report.findings += findings
    for path in changes.statistics:
        if path.rpartition("/")[2].removesuffix(".safetensors") not in blobs:
            report.findings.append(error("statistics", path, "is named by no new record"))
    known = {each.hash: each.record for each in public} | {each.hash: each.record for each in accepted}
    added = [each for each in changes.methods if each not in blocked]
    studies = _studies(root, base, added, changes.methods) if added else {}
    for method in added:
        report.findings += check_placed(root / method, method, known, studies)
    if not changes.records and not changes.methods and not changes.findings:
        report.findings.append(error("path", "submission", "adds no record"))
    report.findings = _counted(sorted(report.findings, key=lambda each: each.level != "error"))
    return report


def check_run_folder(folder: Path, public: Sequence[Entry], *, first: bool = False) -> tuple[Submitted | None, Report]:
    """The same checks of a run folder, before it is submitted (all but those on paths).

    Raises:
        UserError: there is no record in the folder.
    """
    if not (folder / RECORD_FILE).is_file():
        raise UserError(f"{folder} holds no {RECORD_FILE}. Give the folder that `eval --output` wrote.")
    report = Report(records=[str(folder)])
    submitted, report.findings = read(folder, folder.name or str(folder))
    if submitted is not None:
        report.findings += check_content(submitted, public, (), report, first=first)
    report.findings.sort(key=lambda each: each.level != "error")
    return submitted, report


def check_content(
    submitted: Submitted, public: Sequence[Entry], before: Sequence[Submitted], report: Report, *, first: bool
) -> list[Finding]:
    """All checks of one record; costly ones run only if nothing before them refused it.

    Args:
        public: what it is compared with. before: other records of the same submission. report: takes the count of
            recomputed numbers.
    """
    found = check_form(submitted)
    found += check_known(submitted, public, first)
    if not any(each.rule == "statistics" for each in found):
        found += check_files(submitted)
    if _refused(found):
        return found
    try:
        peers = peers_of(submitted, public)
        found += check_arrays(submitted)
        if _refused(found):
            return found
        found += check_features(submitted, public)
        found += check_peers(submitted, peers)
        found += check_duplicates(submitted, [*map(Other.of, public), *map(Other.of, before)])
        found += check_family(submitted, peers)
    except ValueError as problem:
        # What the readers refuse in a stranger's file names the file.
        return [*found, error("statistics", submitted.where, shown(problem, 300))]
    found += [warning("contamination", submitted.where, shown(each, 200)) for each in flags(submitted.record)]
    return found if _refused(found) else [*found, *_recomputed(submitted, report)]


def _recomputed(submitted: Submitted, report: Report) -> list[Finding]:
    check = check_run(submitted.folder)
    report.recomputed += check.recomputed
    lines = [one_line(shown(each, 300)) for each in Outcome.of(check).discrepancies]
    found = [error("recomputation", submitted.where, line) for line in lines[: limits.MAX_NUMBERS_SHOWN]]
    if len(lines) > limits.MAX_NUMBERS_SHOWN:
        found.append(
            error("recomputation", submitted.where, f"and {len(lines) - limits.MAX_NUMBERS_SHOWN} more of this kind")
        )
    return found


def _public(root: Path, new: set[str]) -> Iterable[Entry]:
    """Records to compare with: those of a root that are not new."""
    recomputed = Recomputed()
    for folder in Library(root, recomputed).folders():
        if folder.relative_to(root).as_posix() not in new:
            yield read_entry(folder, {}, recomputed)


def _studies(root: Path, base: Path | None, added: Sequence[str], new: Sequence[str]) -> dict[str, MethodRecord]:
    """Readable method records by path: those that are not new, and the new ones that are plain files.

    Args:
        added: new ones that nothing blocks. new: all of them; what is wrong with the others is told elsewhere.
    """
    held = base or root
    names = {folder.relative_to(held).as_posix(): folder for folder in method_folders(held)}
    folders = {name: folder for name, folder in names.items() if base is not None or name not in new}
    found = {}
    for name, folder in (folders | {each: root / each for each in added}).items():
        with suppress(UserError, OSError):
            found[name] = read_study(folder)
    return found


def _counted(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, of which the same words about ever more files are cut and counted."""
    told: Counter[tuple[Level, str, str]] = Counter()
    kept = []
    for each in findings:
        key = each.level, each.rule, each.message
        told[key] += 1
        if told[key] <= limits.MAX_NUMBERS_SHOWN:
            kept.append(each)
    more = [
        Finding(level, rule, "submission", f"and {count - limits.MAX_NUMBERS_SHOWN} more, each of which {message}")
        for (level, rule, message), count in told.items()
        if count > limits.MAX_NUMBERS_SHOWN
    ]
    return sorted([*kept, *more], key=lambda each: each.level != "error")


def _refused(findings: Iterable[Finding]) -> bool:
    return any(each.level == "error" for each in findings)
