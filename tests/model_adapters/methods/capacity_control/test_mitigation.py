from pathlib import Path

import pytest
import torch
from tiny_diffusers import WORDS, tokenizer

from data_splits.errors import UserError
from model_adapters.methods.capacity_control.mitigation import (
    Threshold,
    insert_tokens,
    read_threshold,
    vocabulary,
)

PROMPT = "a chest radiograph with no finding"


@pytest.mark.parametrize("count", [0, 1, 4, 30])
def test_inserted_tokens_leave_the_prompts_own_words_in_order(count: int) -> None:
    tokens = ("XA", "XB", "XC")
    for seed in range(20):
        words = insert_tokens(PROMPT, count, tokens, torch.Generator().manual_seed(seed)).split()
        assert len(words) == len(PROMPT.split()) + count
        assert [word for word in words if word not in tokens] == PROMPT.split()


def test_every_place_and_every_token_is_drawn() -> None:
    rng = torch.Generator().manual_seed(0)
    drawn = [insert_tokens("a b", 1, ("X", "Y"), rng).split() for _ in range(200)]
    assert {(words.index(token), token) for words in drawn for token in "XY" if token in words} == {
        (place, token) for place in range(3) for token in "XY"
    }


def test_the_vocabulary_is_the_tokenizers_without_its_special_tokens() -> None:
    found = vocabulary(tokenizer())
    assert set(WORDS.split()) <= set(found)
    assert not {"<pad>", "<s>", "</s>", "<unk>", "", " "} & set(found)


def test_the_embedded_generators_vocabulary_is_known_to_it(tmp_path: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    from model_adapters.generators.embedded import FOLDER

    words = PreTrainedTokenizerFast.from_pretrained(FOLDER / "tokenizer")
    told = vocabulary(words)
    assert len(told) > 50 and all(words(token).input_ids.count(words.unk_token_id) == 0 for token in told)


def test_an_absolute_threshold_drops_exactly_what_is_above_it() -> None:
    norms = torch.tensor([1.0, 3.0, 2.0, 2.0000001], dtype=torch.float64)
    assert Threshold(2.0, False).keeps(norms).tolist() == [True, False, True, False]


@pytest.mark.parametrize(("percent", "dropped"), [(90, {9}), (75, {7, 8, 9}), (50, {5, 6, 7, 8, 9})])
def test_a_percentile_drops_the_largest_of_the_batch(percent: int, dropped: set[int]) -> None:
    order = torch.randperm(10, generator=torch.Generator().manual_seed(0))
    keeps = Threshold(percent, True).keeps(order.double())
    assert {int(order[i]) for i in range(10) if not keeps[i]} == dropped


def test_equal_norms_are_all_kept() -> None:
    assert Threshold(90, True).keeps(torch.ones(8).double()).all()


def test_thresholds_are_read_from_numbers_and_percentiles() -> None:
    assert read_threshold("p90") == Threshold(90.0, True) and read_threshold(12.5) == Threshold(12.5, False)
    assert read_threshold(None) is None and read_threshold("") is None
    for wrong in ("90%", "p100", "p0", "-1", "nan", "inf", 0):
        with pytest.raises(UserError, match="noise_threshold is"):
            read_threshold(wrong)
