"""Two calls that both keep the protocol's prompt, instruction included."""

from __future__ import annotations

import pytest
from ablation_runs import material
from mirb_questions import question

from mirb.ablations.chain_of_thought import ABLATION, THINK, THOUGHT_TOKENS, first_call, second_call
from mirb.asking import ask_of
from mirb.protocols import PROTOCOLS
from mirb.tasks import find


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_both_calls_are_the_prompt_with_words_behind_it(name: str) -> None:
    each = question("food", "B")
    whole = material(each, 2)
    (variant,) = ABLATION.make(whole)
    ask = ask_of(PROTOCOLS[name], variant.question, variant.images)
    first, second = first_call(ask), second_call(ask, " Rice is fine. \n")
    for call in (first, second):
        assert call.parts[:-1] == ask.parts[:-1] and str(call.parts[-1]).startswith(str(ask.parts[-1]))
        assert sum(find("food").instruction in part for part in call.parts if isinstance(part, str)) == 1
        assert call.images == 2
    assert str(first.parts[-1]).endswith(THINK) and first.letters == () and first.max_new_tokens == THOUGHT_TOKENS
    assert "\nRice is fine.\n" in str(second.parts[-1])
    assert (second.letters, second.max_new_tokens) == (ask.letters, ask.max_new_tokens)
    assert len({call.key("m") for call in (ask, first, second)}) == 3
