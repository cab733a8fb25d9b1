import numpy as np

from model_adapters.check_vlm import check_vlm
from model_adapters.protocols import AnswerRequest, BuildContext
from model_adapters.scaffold.templates import vlm as my_adapter

DARK, BRIGHT = np.full((8, 8, 3), 10, np.uint8), np.full((8, 8, 3), 200, np.uint8)


def request(*images: np.ndarray, letters: tuple[str, ...] = (), tokens: int = 8) -> AnswerRequest:
    return AnswerRequest("c", "check", (*images, "Which image is brighter?"), letters, tokens)


def test_keeps_the_contract() -> None:
    checks = check_vlm(my_adapter.build(BuildContext()))
    assert len(checks) >= 10 and not [check for check in checks if check.passed is False]


def test_images_are_read_in_order() -> None:
    vlm = my_adapter.build(BuildContext())
    texts = [each.text for each in vlm.answer([request(DARK, BRIGHT), request(BRIGHT, DARK), request()])]
    assert texts == ["image 2", "image 1", "unknown"]


def test_letters_get_logits_and_a_cap_cuts() -> None:
    vlm = my_adapter.build(BuildContext())
    lettered, cut = vlm.answer([request(DARK, BRIGHT, letters=("A", "B", "C")), request(DARK, tokens=1)])
    assert max(lettered.letter_logits, key=lettered.letter_logits.__getitem__) == "B" and lettered.text == ""
    assert cut.text == "image" and cut.truncated and cut.tokens_out == 1
