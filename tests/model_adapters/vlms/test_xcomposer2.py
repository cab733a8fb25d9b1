from elsewhere_checks import check_elsewhere


def test_it_says_what_it_needs_and_how_to_serve_it() -> None:
    check_elsewhere("xcomposer2", "internlm/internlm-xcomposer2-7b")
