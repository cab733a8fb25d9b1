from chat_checks import check_family

from model_adapters.vlms import VLMS


def test_contract_batches_and_budget() -> None:
    check_family("mantis")


def test_the_name_stands_for_its_own_checkpoint() -> None:
    assert VLMS.card("mantis").source == "TIGER-Lab/Mantis-8B-Idefics2" != VLMS.card("idefics2").source
