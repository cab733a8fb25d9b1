import pytest

from data_splits.errors import UserError
from model_adapters.generators.constant import build
from model_adapters.protocols import BuildContext, GenerationRequest


def test_draws_one_grey() -> None:
    images = build(BuildContext(options={"value": "7", "size": 4})).generate([GenerationRequest("a", "", 1)] * 3)
    assert len(images) == 3 and all(image.shape == (4, 4) and (image == 7).all() for image in images)


@pytest.mark.parametrize("options", [{"value": 256}, {"size": 0}, {"value": "grey"}, {"vlaue": 3}])
def test_bad_options(options: dict) -> None:
    with pytest.raises(UserError, match=r"constant"):
        build(BuildContext(options=options))
