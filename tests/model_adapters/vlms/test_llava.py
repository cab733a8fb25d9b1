import numpy as np
import pytest
from chat_checks import chat_model, check_family, check_folder_is_recognised, folder_of, pages

from data_splits.errors import UserError
from model_adapters.protocols import AnswerRefused, AnswerRequest, BuildContext
from model_adapters.vlms import VLMS
from model_adapters.vlms.chat.model import pad_to_square


def test_contract_batches_and_budget() -> None:
    model = check_family("llava")
    assert model.card.settings["image_backend"] in ("pil", "torchvision")


def test_images_stay_where_the_prompt_has_them_although_the_template_moves_them() -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    parts = ("first ", image, " then ", image, " what?")
    assert chat_model("llava").prompter.render(parts) == "USER: first <image> then <image> what? ASSISTANT:"
    template = chat_model("llava", layout="template").prompter
    assert template.render(parts) == "USER: <image>\n<image>\nfirst   then   what? ASSISTANT:"


def test_42_pages_do_not_fit_and_the_reason_says_so() -> None:
    model = chat_model("llava", context=512)
    with pytest.raises(AnswerRefused, match="llava holds 512 tokens; 42 images take at least 672"):
        model.answer([pages(1), pages(42)])
    assert model.answer([pages(1)])[0].tokens_in is not None


def test_one_by_one_on_a_cpu_is_the_same_bit_for_bit() -> None:
    """By default a CPU answers one question at a time, so logits are equal, not merely close."""
    from dataclasses import replace

    from model_adapters.check_vlm import made_up_requests

    model = chat_model("llava", batch="auto")
    asked = [replace(each, letters=("A", "B")) for each in made_up_requests(3)]
    assert model.answer(asked) == [model.answer([each])[0] for each in asked]
    assert model.card.settings["batching"] == "one by one"


def test_square_padding_keeps_the_borders() -> None:
    """A mark at the edge of a wide image survives the centre crop only if the image is padded first."""
    plain = np.zeros((16, 64, 3), np.uint8)
    marked = plain.copy()
    marked[:, :4] = 255

    def logits(image: np.ndarray, pad: bool) -> dict[str, float]:
        request = AnswerRequest("q", "t", (image, "what?"), ("A", "B"), 1)
        return dict(chat_model("llava", pad=pad).answer([request])[0].letter_logits)

    assert logits(plain, True) != logits(marked, True)
    assert logits(plain, False) == logits(marked, False)


def test_pad_to_square() -> None:
    square = pad_to_square(np.full((2, 4), 9, np.uint8), (1, 2, 3))
    assert square.shape == (4, 4, 3) and (square[1:3] == 9).all() and (square[0] == (1, 2, 3)).all()


def test_its_folder_is_enough() -> None:
    check_folder_is_recognised("llava")


def test_without_weights_it_says_what_and_how() -> None:
    lacks = VLMS.requirements("llava", BuildContext())
    assert lacks[0].what == "the checkpoint llava-hf/llava-1.5-7b-hf" and lacks[0].size_gb == 14.1
    assert "hf download llava-hf/llava-1.5-7b-hf" in lacks[0].how and "GPU of 18 GB" in lacks[1].how
    with pytest.raises(UserError, match="hf download"):
        VLMS.build("llava", BuildContext())
    with pytest.raises(UserError, match="No checkpoint folder"):
        VLMS.build("llava", BuildContext(target="/no/such/folder"))
    with pytest.raises(UserError, match="Did you mean pad"):
        VLMS.build("llava", BuildContext(target=str(folder_of("llava")), options={"pads": True}))
    with pytest.raises(UserError, match="auto, on, off"):
        VLMS.build("llava", BuildContext(target=str(folder_of("llava")), options={"batch": "yes"}))


def test_estimate_grows_with_the_questions() -> None:
    one, many = (VLMS.estimate("llava", BuildContext(device="cuda"), count) for count in (1, 100))
    assert one is not None and many is not None
    assert many.seconds == pytest.approx(100 * one.seconds) and "not measured" in one.basis
