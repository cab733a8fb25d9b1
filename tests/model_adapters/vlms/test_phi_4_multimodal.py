import numpy as np
from chat_checks import chat_model, check_family, check_folder_is_recognised, check_needs_are_named, folder_of

from model_adapters.protocols import AnswerRequest, BuildContext
from model_adapters.vlms import VLMS
from model_adapters.vlms.phi_4_multimodal import tokens


def test_contract_batches_and_budget() -> None:
    assert check_family("phi-4-multimodal").prompter.layout == "parts"


def test_tokens_of_whole_and_padded_tiles() -> None:
    """By hand: 273 for the global view and its separators, 16 x 16 per tile and a newline per row of a column."""
    assert tokens((448, 448), 448, 14, 36) == 273 + 256 + 16
    assert tokens((448, 896), 448, 14, 36) == 273 + 512 + 16
    assert tokens((224, 448), 448, 14, 36) == 273 + 128 + 8, "the lower half is padding"
    assert tokens((4480, 4480), 448, 14, 4) == 273 + 4 * 256 + 32, "no more tiles than allowed"


def test_planned_tokens_are_those_of_the_processor() -> None:
    model = chat_model("phi-4-multimodal")
    for size in ((448, 700), (900, 300), (1000, 1400), (449, 449)):
        request = AnswerRequest("q", "t", (np.zeros((*size, 3), np.uint8), "what?"), (), 1)
        assert int(model.inputs([request])["attention_mask"].sum()) == model.prompt_tokens(request), size


def test_the_vision_adapter_is_on_and_required(tmp_path: object) -> None:
    import shutil
    from pathlib import Path

    model = chat_model("phi-4-multimodal")
    assert model._model.active_adapters() == ["vision"]
    copy = Path(str(tmp_path)) / "copy"
    shutil.copytree(folder_of("phi-4-multimodal"), copy)
    shutil.rmtree(copy / "vision-lora")
    (lack,) = VLMS.requirements("phi-4-multimodal", BuildContext(target=str(copy)))
    assert "vision-lora" in lack.what


def test_its_folder_is_enough() -> None:
    check_folder_is_recognised("phi-4-multimodal")


def test_its_needs_are_named() -> None:
    check_needs_are_named("phi-4-multimodal")
