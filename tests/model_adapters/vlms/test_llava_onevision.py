from chat_checks import chat_model, check_family, check_folder_is_recognised, check_needs_are_named, pages


def test_contract_batches_and_budget() -> None:
    assert check_family("llava-onevision").prompter.layout == "text"


def test_its_folder_is_enough() -> None:
    check_folder_is_recognised("llava-onevision")


def test_its_needs_are_named() -> None:
    check_needs_are_named("llava-onevision")


def test_one_image_is_tiled_and_several_are_not() -> None:
    model = chat_model("llava-onevision")
    text = model.prompt_tokens(pages(0))
    assert model.prompt_tokens(pages(2)) - text == 2 * 17
    assert model.prompt_tokens(pages(1)) - text > 40
    assert model.refusal(pages(42)) is None
