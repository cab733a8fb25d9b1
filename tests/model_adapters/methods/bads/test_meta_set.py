import numpy as np
import pytest

from data_splits.errors import UserError
from model_adapters.methods.bads.meta_set import choose_meta, refuse_shared

IDS = [f"c{number}" for number in range(12)]


def test_all_are_used_where_the_budget_allows() -> None:
    targets = np.arange(12) % 3
    assert choose_meta(targets, IDS, None, 0, ()).tolist() == choose_meta(targets, IDS, 12, 0, ()).tolist()


def test_a_budget_is_spent_evenly_and_follows_from_the_ids() -> None:
    targets = np.array([0] * 9 + [1, 2, 2])
    rows = choose_meta(targets, IDS, 5, 0, ())
    assert len(rows) == 5 and set(targets[rows]) == {0, 1, 2} and 9 in rows
    turned = choose_meta(targets[::-1], IDS[::-1], 5, 0, ())
    assert sorted(11 - turned) == rows.tolist()
    assert (
        choose_meta(np.zeros(12, int), IDS, 5, 1, ()).tolist() != choose_meta(np.zeros(12, int), IDS, 5, 2, ()).tolist()
    )


def test_every_label_is_shown_both_ways() -> None:
    targets = np.zeros((12, 2), np.float32)
    targets[3, 0], targets[7, 1], targets[5] = 1.0, 1.0, np.nan
    rows = choose_meta(targets, IDS, 3, 0, ("A", "B"))
    assert {3, 7} <= set(rows.tolist()) and len(rows) == 3
    with pytest.raises(UserError, match=r"meta_at_most = 1 cannot be met.* of A, B takes 2"):
        choose_meta(targets, IDS, 1, 0, ("A", "B"))


@pytest.mark.parametrize(("ids", "at_most", "message"), [([], None, "no example"), (IDS, 0, "is 0")])
def test_nothing_to_trust_is_refused(ids: list[str], at_most: int | None, message: str) -> None:
    with pytest.raises(UserError, match=message):
        choose_meta(np.zeros(len(ids), int), ids, at_most, 0, ())


def test_tokens_have_no_kinds() -> None:
    assert len(choose_meta(np.arange(24).reshape(12, 2), IDS, 4, 0, ())) == 4


def test_shared_patients_are_refused_and_a_secret_one_is_not_named() -> None:
    refuse_shared(["a"], ["b"], "patient", secret=False)
    with pytest.raises(UserError, match=r"1 patient\(s\) stand in both .*such as b"):
        refuse_shared(["a", "b"], ["b", "b"], "patient", secret=False)
    with pytest.raises(UserError) as told:
        refuse_shared(["secret-7"], ["secret-7"], "patient", secret=True)
    assert "secret-7" not in str(told.value)
