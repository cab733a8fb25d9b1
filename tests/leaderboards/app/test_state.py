"""An address holds the state, and no address breaks the page."""

from __future__ import annotations

from urllib.parse import parse_qsl

from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboards.app.skin import state_of
from leaderboards.app.state import TABS, State

WORDS = st.text(st.sampled_from("abcz019_-. =+<>%()"), max_size=30)


@settings(deadline=None, max_examples=40)
@given(
    st.builds(
        State,
        tab=st.sampled_from(sorted(TABS)),
        board=WORDS,
        q=st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
        tiers=st.lists(st.sampled_from(["self", "statistics"]), unique=True).map(tuple),
        columns=st.lists(WORDS.filter(bool), unique=True, max_size=5).map(tuple),
        sort=WORDS,
        page=st.integers(1, 999_999),
    )
)
def test_an_address_gives_its_state_back(state: State) -> None:
    assert state_of(state.query) == state


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(st.sampled_from([*State.__dataclass_fields__, "more"]), st.text(max_size=300), max_size=8))
def test_any_query_gives_a_state_that_is_its_own_address(query: dict[str, str]) -> None:
    state = State.of(query)
    assert state.tab in TABS and state.page >= 1
    assert State.of(dict(parse_qsl(state.query, keep_blank_values=True))) == state
    assert not any(character in state.query for character in "<>\"' ")


def test_defaults_stay_out_and_changes_go_to_the_first_page() -> None:
    assert State().query == "" and State(tab="mirb").query == "tab=mirb"
    state = State(tab="fidelity", page=4)
    assert state.but(q="x").page == 1 and state.but(page=2).page == 2
    assert [state.sorted_by("kid").sort, state.but(sort="kid").sorted_by("kid").sort] == ["kid", "-kid"]
    assert state.but(sort="-kid").sorted_by("kid").sort == ""
