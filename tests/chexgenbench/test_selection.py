"""Which cases a run asks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chexgenbench.selection import by_patient, one_per_patient, unique_prompts
from data_splits.case import Case


def cases_of(sizes: list[int]) -> tuple[Case, ...]:
    return tuple(Case(f"c{p}-{i}", f"p{p}", prompt=f"t{p}") for p, size in enumerate(sizes) for i in range(size))


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30), st.integers(1, 60), st.integers(0, 5))
def test_whole_patients_within_the_limit_and_nested(sizes: list[int], limit: int, seed: int) -> None:
    cases = cases_of(sizes)
    chosen = by_patient(cases, limit, "evaluate", seed)
    assert len(chosen) <= limit
    kept = {case.patient for case in chosen}
    assert [case for case in cases if case.patient in kept] == list(chosen), "whole patients, in the order of the split"
    larger = by_patient(cases, limit + 3, "evaluate", seed)
    assert {case.id for case in chosen} <= {case.id for case in larger}


def test_choice_depends_on_neither_order_nor_other_patients() -> None:
    cases = cases_of([1] * 40)
    forward = {case.id for case in by_patient(cases, 10, "evaluate", 0)}
    assert forward == {case.id for case in by_patient(cases[::-1], 10, "evaluate", 0)}
    assert forward != {case.id for case in by_patient(cases, 10, "floor", 0)}


def test_unique_prompts_keeps_the_first_of_each() -> None:
    cases = (Case("a", "1", prompt="x"), Case("b", "2", prompt="y"), Case("c", "3", prompt="x"))
    assert [case.id for case in unique_prompts(cases)] == ["a", "b"]


def test_one_per_patient() -> None:
    chosen = one_per_patient(cases_of([3, 2, 1, 4]), 3, "draws", 0)
    assert len(chosen) == 3
    assert all(case.id.endswith("-0") for case in chosen)
