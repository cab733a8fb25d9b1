"""A new method record under review: canonical, placed, plain, and every number and certificate again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from data_splits.errors import UserError
from data_splits.integrity import sha256_bytes
from leaderboards.library.paths import method_path
from leaderboards.records.method_check import check
from leaderboards.records.method_io import METHOD_FILE, METHOD_HASH_FILE, method_text, read_study
from leaderboards.records.method_record import MethodRecord
from leaderboards.records.schema import ResultRecord
from leaderboards.submissions import limits
from leaderboards.submissions.findings import Finding, error, shown, warning
from leaderboards.submissions.plain_text import check_texts


def check_placed(
    folder: Path, where: str, known: Mapping[str, ResultRecord], studies: Mapping[str, MethodRecord]
) -> list[Finding]:
    """Every check of a method record that a submission adds.

    Args:
        folder: on disk. where: its path below the results root. known: benchmark records by hash, public and new.
        studies: other method records by path, public and new.
    """
    try:
        record = read_study(folder)
        held = (folder / METHOD_FILE).read_bytes()
        promised = (folder / METHOD_HASH_FILE).read_bytes()[: limits.MAX_HASH_BYTES]
    except UserError as problem:
        return [error("schema", where, shown(str(problem).replace(f"{folder}/", ""), 400))]
    except OSError as problem:
        return [error("schema", where, f"cannot be read ({type(problem).__name__})")]
    text = method_text(record).encode()
    digest = sha256_bytes(text)
    found = []
    if held != text:
        found.append(error("canonical", where, f"{METHOD_FILE} is not the canonical text of its content"))
    if promised != f"{digest}  {METHOD_FILE}\n".encode():
        found.append(error("hash", where, f"{METHOD_HASH_FILE} does not hold the hash of {METHOD_FILE}"))
    if str(method_path(record, digest)) != where:
        found.append(error("path", where, f"should lie at {method_path(record, digest)}"))
    for other, study in studies.items():
        if other != where and _scores(study) == _scores(record):
            message = f"holds the very scores of {shown(other)}; a correction of a study is made by a maintainer"
            found.append(error("duplicate", where, message))
    return found + check_study(record, where, known)


def _scores(record: MethodRecord) -> list[list[tuple[str, str, float | None, tuple[float, ...], tuple[str, ...]]]]:
    """What was measured, arm by arm, whatever the study, its arms and its costs are called."""
    return [
        [(each.task, each.metric, each.value, tuple(each.values), tuple(each.records)) for each in arm.scores]
        for arm in record.arms
    ]


def check_study(record: MethodRecord, where: str, known: Mapping[str, ResultRecord]) -> list[Finding]:
    """The checks that need no place: texts, numbers, certificates, benchmark records."""
    found = check_texts(record.model_dump(mode="json"), where)
    lines = check(record, known.get)
    found += [error("recomputation", where, shown(line, 300)) for line in lines[: limits.MAX_NUMBERS_SHOWN]]
    if len(lines) > limits.MAX_NUMBERS_SHOWN:
        found.append(error("recomputation", where, f"and {len(lines) - limits.MAX_NUMBERS_SHOWN} more of this kind"))
    few = [arm.name for arm in record.arms if len(arm.seeds) < 3]
    if few:
        found.append(warning("seeds", where, f"{len(few)} arm(s) have fewer than three seeds, such as {shown(few[0])}"))
    return found
