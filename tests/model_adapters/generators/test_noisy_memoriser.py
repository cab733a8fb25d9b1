import numpy as np
import pytest
from toy_split import toy

from data_splits.errors import UserError
from model_adapters.generators import memoriser
from model_adapters.generators.noisy_memoriser import build


def test_is_the_memoriser_plus_noise_of_the_given_size() -> None:
    data = toy(train=24, test=6)
    big = lambda case: np.full((200, 200), 100 + int(case.id[1:]), np.uint8)  # noqa: E731
    object.__setattr__(data.split, "read_image", big)
    plain = memoriser.build(data.context()).generate(data.requests())
    noisy = build(data.context(sigma="10")).generate(data.requests())
    for one, other in zip(plain, noisy, strict=True):
        difference = other.astype(float) - one
        assert abs(difference.mean()) < 0.3 and abs(difference.std() - 10) < 0.3


def test_noise_depends_on_the_seed_alone() -> None:
    data = toy()
    adapter = build(data.context())
    together = adapter.generate(data.requests())
    alone = [adapter.generate([request])[0] for request in data.requests()]
    assert all((one == other).all() for one, other in zip(together, alone, strict=True))
    other_seed = adapter.generate(data.requests(run_seed=1))
    assert not any((one == other).all() for one, other in zip(together, other_seed, strict=True))


def test_grey_levels_do_not_wrap() -> None:
    data = toy()
    object.__setattr__(data.split, "read_image", lambda case: np.full((50, 50), 254, np.uint8))
    (image,) = build(data.context(sigma=5)).generate(data.requests()[:1])
    assert image.min() > 200 and image.max() == 255


@pytest.mark.parametrize("sigma", ["-1", "nan"])
def test_sigma_must_make_sense(sigma: str) -> None:
    with pytest.raises(UserError, match="sigma"):
        build(toy().context(sigma=sigma))
