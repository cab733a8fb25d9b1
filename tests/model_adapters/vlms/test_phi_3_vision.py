from elsewhere_checks import check_elsewhere


def test_it_says_what_it_needs_and_how_to_serve_it() -> None:
    check_elsewhere("phi-3-vision", "microsoft/Phi-3-vision-128k-instruct")
