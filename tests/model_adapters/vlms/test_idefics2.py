from chat_checks import chat_model, check_family, check_folder_is_recognised, pages


def test_contract_batches_and_budget() -> None:
    assert check_family("idefics2").prompter.layout == "parts"


def test_splitting_makes_five_images_of_one() -> None:
    whole, split = chat_model("idefics2"), chat_model("idefics2", splitting=True)
    grown = split.prompt_tokens(pages(2)) - whole.prompt_tokens(pages(2))
    assert grown == 2 * 4 * (4 + 2)
    (response,) = split.answer([pages(2)])
    assert response.tokens_in is not None and response.tokens_in <= split.prompt_tokens(pages(2))


def test_42_pages_fit() -> None:
    model = chat_model("idefics2")
    assert model.refusal(pages(42)) is None and model.answer([pages(42)])[0].tokens_in is not None


def test_its_folder_is_enough() -> None:
    check_folder_is_recognised("idefics2")
