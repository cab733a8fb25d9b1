from elsewhere_checks import check_elsewhere


def test_it_says_what_it_needs_and_how_to_serve_it() -> None:
    check_elsewhere("longva", "lmms-lab/LongVA-7B")
