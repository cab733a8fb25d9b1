"""Which finished image belongs to which case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data_splits.case import Case
from data_splits.errors import UserError
from model_adapters.generators.images_table import ImageRow


@dataclass(frozen=True)
class Matching:
    """Rows by (case id, draw).

    Attributes:
        by: "id" or "prompt".
        how: one clause for people, without any prompt.
        warnings: leftovers that do not stop a run.
    """

    rows: Mapping[tuple[str, int], ImageRow]
    by: str
    how: str
    warnings: tuple[str, ...]


def match(rows: Sequence[ImageRow], cases: Sequence[Case]) -> Matching:
    """Match rows with cases by id if any id fits, else by prompt.

    Several rows of one id are its draws, in file order, unless a `draw` column says otherwise. Of equal prompts, the
    k-th row goes to the k-th case; once every case of the prompt has one, the next round is the next draw. Without
    cases (no split), ids are taken as they are.

    Raises:
        UserError: no row fits any case, or two rows claim one draw of one case.
    """
    ids = {case.id for case in cases}
    by_id = [row for row in rows if row.case_id is not None and (not cases or row.case_id in ids)]
    if by_id:
        found, by = _by_id(by_id), "id"
    else:
        found, by = _by_prompt(rows, cases), "prompt"
    if not found and cases:
        kinds = [kind for kind in ("case_id", "prompt") if any(getattr(row, kind) for row in rows)]
        raise UserError(
            f"None of the {len(rows)} images belongs to one of the {len(cases)} cases: no {' and no '.join(kinds)} "
            "agrees. Is this the split, and the subset, that they were drawn for?"
        )
    covered = {case for case, _ in found}
    how = f"matched by {by}: {len(covered)} of {len(cases) or len(covered)} cases, {len(found)} of {len(rows)} images"
    warnings = [how]
    used = {row.number for row in found.values()}
    extra = [row for row in rows if row.number not in used]
    if extra:
        shown = ", ".join(row.file.name for row in extra[:5])
        warnings.append(f"{len(extra)} image(s) belong to no case of this subset and are not scored, such as {shown}")
    return Matching(found, by, how, tuple(warnings))


def _by_id(rows: Sequence[ImageRow]) -> dict[tuple[str, int], ImageRow]:
    found: dict[tuple[str, int], ImageRow] = {}
    seen: dict[str, int] = defaultdict(int)
    for row in rows:
        case = str(row.case_id)
        draw = seen[case] if row.draw is None else row.draw
        seen[case] += 1
        if (case, draw) in found:
            raise UserError(f"Lines {found[case, draw].number} and {row.number} are both draw {draw} of case {case}.")
        found[case, draw] = row
    return found


def _by_prompt(rows: Sequence[ImageRow], cases: Sequence[Case]) -> dict[tuple[str, int], ImageRow]:
    wanted: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        if case.prompt:
            wanted[case.prompt].append(case.id)
    found: dict[tuple[str, int], ImageRow] = {}
    seen: dict[str, int] = defaultdict(int)
    for row in rows:
        takers = wanted.get(row.prompt) if row.prompt else None
        if takers:
            draw, place = divmod(seen[str(row.prompt)], len(takers))
            found[takers[place], draw] = row
            seen[str(row.prompt)] += 1
    return found
