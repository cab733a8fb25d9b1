"""From a run folder to exactly the files that a pull request adds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from leaderboards.library.library import PUBLIC, Library
from leaderboards.records.schema import ResultRecord
from leaderboards.submissions.findings import Finding, error, warning
from leaderboards.submissions.validate import RESULTS, Report, check_run_folder

RUN_FILE = "run.json"
CASES_FILE = "cases.json"


@dataclass
class Submission:
    """What `submit` made of a run.

    Attributes:
        root: the results root it was written to. folder: the record's, relative to it; "" where it was refused.
        files: written, with their sizes in bytes. report: of the checks.
    """

    root: Path
    report: Report
    folder: str = ""
    files: list[tuple[str, int]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            **self.report.to_json(),
            "root": str(self.root),
            "folder": self.folder,
            "files": [{"path": path, "bytes": size} for path, size in self.files],
        }


def results_root(into: Path | None) -> Path:
    """The results of a checkout, or of the checkout that this package runs from.

    Args:
        into: a checkout of the suite, or its leaderboards/results.

    Raises:
        UserError: neither.
    """
    if into is None:
        if not (PUBLIC.parents[1] / "pyproject.toml").is_file():
            raise UserError("Give the checkout to write to with --into: this package does not run from one.")
        return PUBLIC
    for root in (into / RESULTS, into.absolute()):
        if root.is_dir() and root.as_posix().endswith(RESULTS):
            return root
    raise UserError(f"{into} is no checkout of the suite: it has no {RESULTS}. Clone your fork and give its folder.")


def submit(run_folder: Path, root: Path, *, first: bool = False, dry: bool = False) -> Submission:
    """Check a run as CI will, and write its record and the statistics that are not there yet.

    Nothing is written where a check refuses the run.

    Args:
        root: results root, see `results_root`. first: see `validate`. dry: check and list only.

    Raises:
        UserError: no record in the folder.
    """
    library = Library(root)
    submitted, report = check_run_folder(run_folder, library.entries(), first=first)
    found = Submission(root, report)
    if submitted is not None:
        report.findings = [*_origin(run_folder, submitted.record), *report.findings]
    if submitted is None or not report.ok:
        return found
    folder, additions = library.additions(run_folder)
    found.folder = str(folder)
    found.files = [(str(each.path), each.size) for each in additions]
    if additions and not dry:
        library.add(run_folder)
    return found


def _origin(run_folder: Path, record: ResultRecord) -> Iterator[Finding]:
    """What only the run folder tells: a changed suite, ids of cases in the record's texts."""
    where = run_folder.name
    git = _environment(run_folder).get("git", "absent")
    if git == "absent":
        yield warning("origin", where, f"has no {RUN_FILE} with the environment it was made in")
    elif isinstance(git, dict) and git.get("dirty") is not False:
        yield error(
            "origin", where, "was made by a checkout with uncommitted changes: commit them and run the `score` stage "
            "again, so that the numbers follow from a revision that others have"
        )  # fmt: skip
    if record.split.get("credentialed") is not False:
        text = "\n".join(_strings(record.model_dump(mode="json")))
        leaked = sum(name in text for name in _case_ids(run_folder) if len(name) >= 6)
        if leaked:
            yield error("credentialed", where, f"holds {leaked} case id(s) of a credentialed split in its texts")


def _environment(run_folder: Path) -> dict[str, Any]:
    data = _read(run_folder / RUN_FILE)
    environment = data.get("environment") if isinstance(data, dict) else None
    return environment if isinstance(environment, dict) else {}


def _case_ids(run_folder: Path) -> set[str]:
    data = _read(run_folder / CASES_FILE)
    parts = data.values() if isinstance(data, dict) else ()
    return {str(name) for part in parts if isinstance(part, list) for name in part}


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
