import pytest
from chat_checks import chat_model, check_family, check_folder_is_recognised, pages

from data_splits.errors import UserError


def test_base_tile_contract_batches_and_budget() -> None:
    model = check_family("llava-next")
    assert model.card.settings["model_class"] == "LlavaForConditionalGeneration"


def test_any_resolution_contract_batches_and_budget() -> None:
    model = check_family("llava-next", tiles="anyres")
    assert model.card.settings["model_class"] == "LlavaNextForConditionalGeneration"


def test_base_mode_keeps_every_weight_but_the_newline() -> None:
    base, full = (chat_model("llava-next", tiles=tiles)._model.state_dict() for tiles in ("base", "anyres"))
    assert set(full) - set(base) == {"model.image_newline"} and not set(base) - set(full)
    assert all((base[name] == full[name]).all() for name in base)


def test_base_mode_leaves_room_for_more_images() -> None:
    base, full = chat_model("llava-next"), chat_model("llava-next", tiles="anyres")
    assert full.prompt_tokens(pages(6)) - base.prompt_tokens(pages(6)) > 6 * 16


def test_tiles_are_base_or_anyres() -> None:
    with pytest.raises(UserError, match="base or anyres"):
        chat_model("llava-next", tiles="some")


def test_its_folder_is_enough() -> None:
    check_folder_is_recognised("llava-next")
