from chat_checks import check_42_pages_fit_by_shrinking, check_family, check_folder_is_recognised, check_needs_are_named


def test_contract_batches_and_budget() -> None:
    assert check_family("qwen3-vl").prompter.layout == "parts"


def test_42_pages_fit_by_shrinking() -> None:
    check_42_pages_fit_by_shrinking("qwen3-vl", 700)


def test_its_folder_is_enough() -> None:
    check_folder_is_recognised("qwen3-vl")


def test_its_needs_are_named() -> None:
    check_needs_are_named("qwen3-vl")
