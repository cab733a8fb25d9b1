from chat_checks import chat_model, check_42_pages_fit_by_shrinking, check_family, check_folder_is_recognised, pages


def test_contract_batches_and_budget() -> None:
    assert check_family("idefics3").prompter.layout == "parts"


def test_42_pages_fit_by_fewer_tiles() -> None:
    check_42_pages_fit_by_shrinking("idefics3", 1000)


def test_image_tokens_caps_what_images_take() -> None:
    free, capped = chat_model("idefics3"), chat_model("idefics3", image_tokens=100)
    assert free.prompt_tokens(pages(3)) > 150 >= capped.prompt_tokens(pages(3))


def test_its_folder_is_enough() -> None:
    check_folder_is_recognised("idefics3")
