import numpy as np
import pytest
from toy_split import toy

from model_adapters.check import Check, check_encoder, check_generator
from model_adapters.generators import GENERATORS
from model_adapters.inference.generate import requests_for
from tests.model_adapters.inference.fakes import MeanEncoder, NoiseGenerator

REQUESTS = requests_for(toy(test=4).split.cases("test"), 0)
IMAGES = [np.random.default_rng(i).integers(0, 256, (8, 8), dtype=np.uint8) for i in range(4)]


def failed(checks: list[Check]) -> list[str]:
    return [each.name for each in checks if each.passed is False]


class Speaking(NoiseGenerator):
    needs_prompt = True


def test_a_good_generator_passes() -> None:
    checks = check_generator(Speaking(), REQUESTS)
    assert len(checks) == 7 and failed(checks) == []


@pytest.mark.parametrize("name", ["memoriser", "noisy-memoriser", "label-shuffler", "real-holdout", "constant"])
def test_every_control_passes(name: str) -> None:
    assert failed(check_generator(GENERATORS.build(name, toy(test=4).context()), REQUESTS)) == []


class GlobalNoise(Speaking):
    def draw(self, request):
        return np.random.randint(0, 256, (4, 4)).astype(np.uint8)  # noqa: NPY002


class BatchSeeded(Speaking):
    def generate(self, requests):
        return [
            np.random.default_rng([requests[0].seed, k]).integers(0, 256, (4, 4), np.uint8)
            for k, _ in enumerate(requests)
        ]


class Deaf(Speaking):
    def draw(self, request):
        return np.random.default_rng(request.seed).integers(0, 256, (4, 4), dtype=np.uint8)


class Seedless(Speaking):
    def draw(self, request):
        return np.full((4, 4), len(request.prompt) * 7 + ord(request.prompt[-1]) % 256 % 7, np.uint8)


class Floats(Speaking):
    def draw(self, request):
        return super().draw(request) / 255


class Nothing(Speaking):
    def generate(self, requests):
        return None


class Pictures(Speaking):
    def draw(self, request):
        from PIL.Image import fromarray

        return fromarray(super().draw(request))


@pytest.mark.parametrize(
    ("broken", "told"), [(Nothing, "a NoneType, not a list of 4"), (Pictures, "a Image among them")]
)
def test_what_is_no_array_is_told(broken: type[Speaking], told: str) -> None:
    last = check_generator(broken(), REQUESTS)[-1]
    assert last.passed is False and told in last.detail


@pytest.mark.parametrize(
    ("generator", "fault"),
    [
        (GlobalNoise(), "the same requests give the same images"),
        (BatchSeeded(), "an image does not depend on its batch"),
        (BatchSeeded(), "nor on its place in it"),
        (Deaf(), "another prompt gives another image"),
        (Seedless(), "another seed gives another image"),
        (Floats(), "one uint8 image per request"),
    ],
)
def test_faults_are_found(generator: NoiseGenerator, fault: str) -> None:
    assert fault in failed(check_generator(generator, REQUESTS))


def test_global_random_state_is_put_back() -> None:
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    check_generator(Speaking(), REQUESTS)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_a_good_encoder_passes() -> None:
    checks = check_encoder(MeanEncoder(), IMAGES)
    assert len(checks) == 9 and [each.name for each in checks if not each.passed] == [
        "three equal channels are the grey image"
    ], "the fake encoder does not know colours"


class Centring(MeanEncoder):
    def encode(self, batch):
        features = super().encode(batch)
        return features - features.mean(0)


class Wide(MeanEncoder):
    dim = 3


class Spoiling(MeanEncoder):
    def preprocess(self, image):
        image += 1
        return super().preprocess(image)


@pytest.mark.parametrize(
    ("encoder", "fault"),
    [
        (Centring(), "a feature does not depend on its company"),
        (Wide(), "features are finite float32[n, d]"),
        (Spoiling(), "preprocessing leaves the image alone"),
    ],
)
def test_encoder_faults_are_found(encoder: MeanEncoder, fault: str) -> None:
    assert fault in failed(check_encoder(encoder, [image.copy() for image in IMAGES]))
