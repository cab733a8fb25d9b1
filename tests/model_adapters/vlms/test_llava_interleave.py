from chat_checks import check_family, check_folder_is_recognised


def test_contract_batches_and_budget() -> None:
    model = check_family("llava-interleave")
    assert model.prompter.layout == "text"


def test_its_folder_is_enough() -> None:
    check_folder_is_recognised("llava-interleave")
