from chat_checks import chat_model, check_family, check_folder_is_recognised, check_needs_are_named, pages


def test_contract_batches_and_budget() -> None:
    assert check_family("internvl").prompter.layout == "parts"


def test_its_folder_is_enough() -> None:
    check_folder_is_recognised("internvl")


def test_its_needs_are_named() -> None:
    check_needs_are_named("internvl")


def test_tiles_are_shared_among_the_images() -> None:
    model = chat_model("internvl")
    one, six = (model.prompt_tokens(pages(count)) for count in (1, 6))
    text = model.prompt_tokens(pages(0))
    assert one - text == 2 + 1 + 7 * 4, "one image: two marks, a newline, six tiles and a thumbnail"
    assert six - text == 6 * (2 + 1 + 4), "six images: one tile each"
    assert model.refusal(pages(42)) is None
