"""From a study that an experiment wrote to the two files that a results library holds of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leaderboards.library.library import Library
from leaderboards.library.paths import method_path
from leaderboards.records.method_io import method_hash, read_study, write_study
from leaderboards.submissions.findings import Finding
from leaderboards.submissions.methods import check_study


@dataclass
class Published:
    """What came of it. folder: below the root, "" where it was refused. written: not for a dry run or a known study."""

    root: Path
    folder: str = ""
    written: bool = False
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """No error."""
        return not any(each.level == "error" for each in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "ok": self.ok,
            "root": str(self.root),
            "folder": self.folder,
            "written": self.written,
            "findings": [each.to_json() for each in self.findings],
        }


def publish(study: Path, root: Path, *, dry: bool = False) -> Published:
    """Check a study as CI will and write method.json and method.sha256 where its content says.

    Args:
        study: a file of `write_study`, or a folder with method.json. root: results root. dry: check only.

    Raises:
        UserError: there is no valid method record.
    """
    record = read_study(study)
    known = {each.hash: each.record for each in Library(root).entries()}
    found = Published(root, findings=check_study(record, study.name, known))
    if not found.ok:
        return found
    folder = root / method_path(record, method_hash(record))
    found.folder = folder.relative_to(root).as_posix()
    if not dry and not folder.exists():
        write_study(folder, record)
        found.written = True
    return found
