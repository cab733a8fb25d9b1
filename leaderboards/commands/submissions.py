"""`leaderboards submit` and `leaderboards validate`: results by pull request."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data_splits.cli_support import emit_json, note, track

if TYPE_CHECKING:
    from leaderboards.submissions.submit import Submission
    from leaderboards.submissions.validate import Report

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
First = Annotated[
    bool,
    typer.Option("--first", help="For maintainers: the first public record of its split or protocol is a warning."),
]


def submit(
    run_folder: Annotated[Path, typer.Argument(help="A run folder: what `eval --output` wrote.")],
    into: Annotated[
        Path | None, typer.Option("--into", help="A checkout of the suite. Default: the one this command runs from.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and list, write nothing.")] = False,
    first: First = False,
    json: AsJson = False,
) -> None:
    """Check a run as CI will, and write exactly the files that a pull request adds; exit code 1 if it is refused.

    Each file's path follows from its content; statistics that are among the results already are not written again.
    """
    from leaderboards.submissions.submit import results_root
    from leaderboards.submissions.submit import submit as write

    found = write(run_folder, results_root(into), first=first, dry=dry_run)
    if json:
        emit_json(found.to_json())
    else:
        _print_findings(found.report)
        _print_files(found, dry_run)
    if not found.report.ok:
        raise typer.Exit(1)


def validate(
    paths: Annotated[list[Path], typer.Argument(help="A results root, such as leaderboards/results, or run folders.")],
    base: Annotated[
        Path | None, typer.Option("--base", help="The results root without the submission: what differs is new.")
    ] = None,
    changed: Annotated[
        list[str] | None, typer.Option("--changed", help="A new file, relative to the root. May be repeated.")
    ] = None,
    diff: Annotated[
        Path | None,
        typer.Option("--diff", help="Output of `git diff --name-only -z`: changes outside the results refuse it all."),
    ] = None,
    first: First = False,
    json: AsJson = False,
) -> None:
    """Check what a submission adds: paths, schema, arrays, every number again, duplicates, contamination.

    Exit code 0: acceptable, 1: refused (every reason is listed), 2: the command was misused. Nothing of a submission is
    executed. Without --base and --changed all records of a root are checked, against each other.
    """
    from data_splits.errors import UserError
    from leaderboards.records.io import RECORD_FILE
    from leaderboards.submissions.validate import check_run_folder
    from leaderboards.submissions.validate import validate as check

    runs = [each for each in paths if (each / RECORD_FILE).is_file()]
    if len(paths) > 1 and len(runs) < len(paths):
        raise UserError("Give one results root, or run folders.")
    if runs and (base is not None or changed or diff is not None):
        raise UserError("--base, --changed and --diff belong to a results root, not to a run folder.")
    if base is not None and changed:
        raise UserError("Give --base or --changed: either tells which files are new.")
    if runs:
        from leaderboards.library.library import Library

        public = Library.public().entries()
        reports = [check_run_folder(each, public, first=first)[1] for each in track(runs, description="validate")]
    else:
        progress = partial(track, description="validate")
        reports = [check(paths[0], base, changed or None, diff=_diff(diff), first=first, progress=progress)]
    ok = all(each.ok for each in reports)
    if json:
        emit_json({"ok": ok, "reports": [each.to_json() for each in reports]})
    else:
        for report in reports:
            _print_findings(report)
    if not ok:
        raise typer.Exit(1)


def publish_method(
    study: Annotated[Path, typer.Argument(help="The study that an experiment wrote: a .json file, or its folder.")],
    into: Annotated[
        Path | None, typer.Option("--into", help="A checkout of the suite. Default: the one this command runs from.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and list, write nothing.")] = False,
    json: AsJson = False,
) -> None:
    """Check a study of a training method as CI will, and put it among the results; exit code 1 if it is refused.

    A study holds a method beside its controls. Benchmark records that it rests on are submitted first.
    """
    from leaderboards.submissions.publish_method import publish
    from leaderboards.submissions.submit import results_root

    found = publish(study, results_root(into), dry=dry_run)
    if json:
        emit_json(found.to_json())
    else:
        for finding in found.findings:
            typer.echo(str(finding))
        done = "written" if found.written else "acceptable, nothing written" if found.ok else "refused"
        note(f"{done}: {found.root / found.folder if found.folder else study}")
    if not found.ok:
        raise typer.Exit(1)


def _diff(path: Path | None) -> list[str]:
    from data_splits.errors import UserError

    if path is None:
        return []
    if not path.is_file():
        raise UserError(f"There is no file {path}. Write it with `git diff --name-only -z`.")
    return [each for each in path.read_bytes().decode("utf-8", "surrogateescape").split("\0") if each]


def _print_findings(report: Report) -> None:
    for finding in report.findings:
        typer.echo(str(finding))
    errors = sum(each.level == "error" for each in report.findings)
    warnings = len(report.findings) - errors
    verdict = "Acceptable." if report.ok else "Refused."
    records = len(report.records) + len(report.methods)
    note(
        f"{verdict} {records} record(s), {report.recomputed} numbers recomputed, {errors} error(s), "
        f"{warnings} warning(s)."
    )


def _print_files(found: Submission, dry: bool) -> None:
    if not found.report.ok:
        note("Nothing was written.")
        return
    for path, size in found.files:
        typer.echo(f"{_size(size):>9}  {found.root / path}")
    total = sum(size for _, size in found.files)
    note(f"{len(found.files)} file(s), {_size(total)}, {'to be written' if dry else 'written'} below {found.root}.")
    if not dry:
        note(
            "Next, in that checkout: git checkout -b result; git add leaderboards/results; git commit; git push; open "
            "a pull request that changes nothing else. CI recomputes every number."
        )


def _size(count: int) -> str:
    return f"{count} B" if count < 1000 else f"{count / 1000:.1f} kB" if count < 10**6 else f"{count / 1e6:.1f} MB"
