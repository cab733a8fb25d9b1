import numpy as np
import pytest
from toy_split import toy

from data_splits.errors import UserError
from model_adapters.generators.memoriser import build
from model_adapters.protocols import BuildContext, GenerationRequest


def test_shows_training_images_of_the_same_labels_view_and_closest_prompt() -> None:
    data = toy()
    for request, image in zip(data.requests(), build(data.context()).generate(data.requests()), strict=True):
        asked, shown = data.split.cases("test")[int(request.case_id[1:])], data.case(image)
        assert (shown.labels, shown.view) == (asked.labels, asked.view)
    assert all(case.startswith("t") for case in data.read), "the evaluated images are never read"


def test_the_prompt_settles_ties() -> None:
    data = toy()
    (image,) = build(data.context()).generate([GenerationRequest("new", "AP view. Edema. Size zero", 5)])
    assert data.case(image).labels["Edema"] == 1 and data.case(image).view == "AP"


def test_a_training_case_is_answered_with_itself() -> None:
    data = toy()
    images = build(data.context()).generate(data.requests(subset="train"))
    assert [data.case(image).id for image in images] == [case.id for case in data.split.cases("train")]


def test_the_seed_settles_what_is_left_and_nothing_else_matters() -> None:
    data = toy(labels=False)
    requests = [GenerationRequest("e00", "", seed) for seed in range(40)]
    images = build(data.context()).generate(requests)
    assert len({int(image.flat[0]) for image in images}) > 5
    again = [build(data.context()).generate([request])[0] for request in reversed(requests)]
    assert all((one == other).all() for one, other in zip(images, reversed(again), strict=True))


def test_says_that_it_copies() -> None:
    card = build(toy().context()).card
    assert card.settings["copies_real_images"] is True and card.training_data == ("toy",) and card.licence == "CC0"


def test_needs_training_images() -> None:
    with pytest.raises(UserError, match="train"):
        build(BuildContext())
    with pytest.raises(UserError, match="no option 'sigma'"):
        build(toy().context(sigma=3))


def test_real_images(shared_data) -> None:
    from data_splits.sources import load_split

    split = load_split(f"folder:{shared_data / 'nih'}")
    case = split.cases("test")[0]
    (image,) = build(BuildContext(split=split)).generate([GenerationRequest(case.id, case.prompt or "", 1)])
    assert image.dtype == np.uint8 and image.shape == (256, 256)
