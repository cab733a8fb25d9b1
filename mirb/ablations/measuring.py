"""What ablations measure: image need, change, flips against a floor, position bias, right answers without the images.

accuracy_X              share right under ablation X
image_need_X            accuracy with all images less accuracy under X, paired by question
image_need_leave_one_out_needed, _others
                        the same where the image left out was needed, and where it was not (generated data)
change_X                accuracy under X less accuracy of the original, paired by question
flips_X                 share of answers that changed with the order, in terms of the original order
flips_floor             share of answers that changed when the very same question was asked again
flips_X_above_floor     the difference of both, paired by question
right_in_all_orders     share of questions right in every order of the options
position_bias           see leaderboards.statistics.position_bias
right_without_needed_X  share right where an image is unseen that the question is known to need (generated data), beside
                        guessing ("chance") and the best constant answer ("constant"); right_without_needed pools them
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from data_splits.question import Question
from leaderboards.records.schema import MetricResult
from mirb import chance
from mirb.ablations import ABLATIONS
from mirb.ablations.base import Ablation
from mirb.ablations.judging import Judged
from mirb.ablations.lines import Both, Choice, Lines, Rate
from mirb.scorers.options import option_count
from mirb.tasks import find

ByQuestion = dict[str, list[Judged]]


def results(judged: Sequence[Judged], constant: Mapping[str, bool], lines: Lines) -> list[MetricResult]:
    """Every number of an ablation record.

    Args:
        constant: question id -> whether the best constant answer is right there.
    """
    found: list[MetricResult] = []
    for ablation in ABLATIONS.values():
        rows = [each for each in judged if each.ablation == ablation.name]
        if rows:
            found += lines.rate(
                f"accuracy_{ablation.metric}", [Rate(each.question, each.right) for each in rows], "higher"
            )
            found += _compared(ablation, rows, lines)
            if ablation.kind == "order":
                found += _flips(ablation, rows, lines)
            if ablation.name == "option-order":
                found += _options(rows, lines)
            found += _blind(f"right_without_needed_{ablation.metric}", rows, constant, lines)
    found += _floor([each for each in judged if each.again is not None], lines)
    found += _blind("right_without_needed", judged, constant, lines)
    return found


def by_question(rows: Sequence[Judged]) -> ByQuestion:
    """Question id -> its variants, in the order asked."""
    found: ByQuestion = {}
    for each in rows:
        found.setdefault(each.question.id, []).append(each)
    return found


def _compared(ablation: Ablation, rows: Sequence[Judged], lines: Lines) -> Iterator[MetricResult]:
    if ablation.kind != "need":
        direction = "higher" if ablation.thinks else "zero"
        yield from lines.paired(f"change_{ablation.metric}", _both(rows, need=False), direction)
        return
    yield from lines.paired(f"image_need_{ablation.metric}", _both(rows, need=True), "higher")
    if ablation.name == "leave-one-out":
        for name, blind in (("needed", True), ("others", False)):
            kept = [each for each in rows if each.blind is blind]
            direction = "higher" if blind else "zero"
            if kept:
                yield from lines.paired(f"image_need_{ablation.metric}_{name}", _both(kept, need=True), direction)


def _both(rows: Sequence[Judged], need: bool) -> list[Both]:
    found = []
    for members in by_question(rows).values():
        before, after = float(members[0].before), _mean(members, lambda each: each.right)
        found.append(Both(members[0].question, *((before, after) if need else (after, before))))
    return found


def _flips(ablation: Ablation, rows: Sequence[Judged], lines: Lines) -> Iterator[MetricResult]:
    yield from lines.rate(f"flips_{ablation.metric}", [Rate(each.question, each.flipped) for each in rows], "lower")
    floored = [
        Both(members[0].question, _mean(members, lambda each: each.flipped), float(members[0].again))
        for members in by_question(rows).values()
        if members[0].again is not None
    ]
    if floored:
        yield from lines.paired(f"flips_{ablation.metric}_above_floor", floored, "lower")


def _floor(rows: Sequence[Judged], lines: Lines) -> Iterator[MetricResult]:
    floor = [Rate(members[0].question, float(bool(members[0].again))) for members in by_question(rows).values()]
    if floor:
        yield from lines.rate("flips_floor", floor, "lower")


def _options(rows: Sequence[Judged], lines: Lines) -> Iterator[MetricResult]:
    """Over the questions of which every turn has an outcome."""
    whole: list[tuple[Question, list[Judged], int]] = []
    for members in by_question(rows).values():
        count = option_count(members[0].question, find(members[0].question.task))
        if len(members) == count - 1:
            whole.append((members[0].question, members, count))
    right = [Rate(question, all(each.right for each in of) and of[0].before) for question, of, _ in whole]
    if not right:
        return
    yield from lines.rate("right_in_all_orders", right, "higher")
    choices = []
    for question, members, count in whole:
        chosen = [members[0].first, *(each.position for each in members)]
        choices.append(Choice(question, tuple(chosen.count(place) for place in range(count))))
    yield from lines.positions("position_bias", choices)


def _blind(metric: str, judged: Sequence[Judged], constant: Mapping[str, bool], lines: Lines) -> Iterator[MetricResult]:
    rows = [each for each in judged if each.blind and each.case.ablation.kind == "need"]
    if not rows:
        return
    yield from lines.rate(metric, [Rate(each.question, each.right) for each in rows], "lower")
    guesses = [Rate(each.question, chance.expected_score(each.question, find(each.question.task))) for each in rows]
    yield from lines.rate(metric, guesses, "lower", "chance", exact=True)
    best = [Rate(each.question, float(constant[each.question.id])) for each in rows]
    yield from lines.rate(metric, best, "lower", "constant", exact=True)


def _mean(rows: Sequence[Judged], value: Callable[[Judged], bool]) -> float:
    return sum(value(each) for each in rows) / len(rows)
