"""What an adapter must do for its results to mean anything, checked on a handful of requests or images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from model_adapters.card import ModelCard
from model_adapters.protocols import Encoder, GenerationRequest, Image, ImageGenerator

GREY_LEVELS = 2
"""Largest difference of a pixel between batch sizes that floating point may explain."""

FEATURE_TOLERANCE = 1e-4
"""Largest difference of a feature between batches, relative to the largest feature."""


@dataclass(frozen=True, slots=True)
class Check:
    """One property.

    Attributes:
        name: the property, as a sentence.
        passed: None for a fact that is worth telling but no fault (a control need not listen to its prompt).
        detail: what was seen.
    """

    name: str
    passed: bool | None
    detail: str


def check_generator(generator: ImageGenerator, requests: Sequence[GenerationRequest]) -> list[Check]:
    """Shape and dtype, determinism, independence of the batch, and that seeds and prompts matter.

    A generator that needs prompts must listen to prompts and seeds; for others that is reported as a fact.

    Args:
        generator: the adapter.
        requests: at least two, of different cases.
    """
    requests = list(requests)
    speaks = getattr(generator, "needs_prompt", True)
    images = generator.generate(requests)
    checks = [_card(generator.card, "generator"), _shapes(images, len(requests))]
    if not checks[-1].passed:
        return checks
    with other_random_state():
        again = generator.generate(requests)
    checks.append(Check("the same requests give the same images", _equal(images, again), "drawn twice"))
    alone = [generator.generate([request])[0] for request in requests]
    worst = max(_difference(one, other) for one, other in zip(images, alone, strict=True))
    close = f"a batch of {len(requests)} against {len(requests)} of one: at most {worst:g} grey levels apart"
    checks.append(Check("an image does not depend on its batch", worst <= GREY_LEVELS, close))
    reverse = generator.generate(requests[::-1])[::-1]
    worst = max(_difference(one, other) for one, other in zip(images, reverse, strict=True))
    checks.append(Check("nor on its place in it", worst <= GREY_LEVELS, f"at most {worst:g} grey levels apart"))
    seeded = generator.generate([replace(each, seed=each.seed ^ 1) for each in requests])
    changed = sum(_difference(one, other) > 0 for one, other in zip(images, seeded, strict=True))
    count = f"{changed} of {len(requests)} images changed"
    checks.append(Check("another seed gives another image", changed == len(requests) if speaks else None, count))
    if speaks:
        swapped = [
            replace(each, case_id=other.case_id, prompt=other.prompt)
            for each, other in zip(requests, requests[1:] + requests[:1], strict=True)
        ]
        pairs = zip(images, generator.generate(swapped), strict=True)
        changed = sum(_difference(one, other) > 0 for one, other in pairs)
        differing = sum(one.prompt != other.prompt for one, other in zip(requests, swapped, strict=True))
        count = f"{changed} images changed with {differing} prompts"
        checks.append(Check("another prompt gives another image", changed >= differing > 0, count))
    return checks


def check_encoder(encoder: Encoder, images: Sequence[Image]) -> list[Check]:
    """Shape and dtype, determinism, independence of the company in a batch, and that images are told apart.

    Args:
        encoder: the adapter.
        images: at least two different ones.
    """
    before = [image.copy() for image in images]
    inputs = [encoder.preprocess(image) for image in images]
    checks = [
        _card(encoder.card, "encoder"),
        Check("preprocessing leaves the image alone", _equal(before, images), "compared before and after"),
        Check(
            "preprocessing gives float32[3, h, w]",
            all(each.dtype == np.float32 and each.ndim == 3 and each.shape[0] == 3 for each in inputs),
            f"{inputs[0].dtype}{list(inputs[0].shape)}",
        ),
    ]
    grey = next((image for image in images if image.ndim == 2), None)
    if grey is not None:
        colour = encoder.preprocess(np.repeat(grey[..., None], 3, axis=2))
        same = bool(np.array_equal(colour, encoder.preprocess(grey)))
        checks.append(Check("three equal channels are the grey image", same, "compared after preprocessing"))
    size = encoder.compute_batch

    def encode(chosen: Sequence[np.ndarray]) -> np.ndarray:
        return encoder.encode(np.stack([chosen[index % len(chosen)] for index in range(size)]))

    features = np.concatenate([encode([each])[:1] for each in inputs])
    sound = (
        features.shape == (len(images), encoder.dim) and features.dtype == np.float32 and np.isfinite(features).all()
    )
    checks.append(Check("features are finite float32[n, d]", bool(sound), f"{features.dtype}{list(features.shape)}"))
    if not sound:
        return checks
    with other_random_state():
        again = np.concatenate([encode([each])[:1] for each in inputs])
    checks.append(Check("the same image gives the same feature", bool((again == features).all()), "encoded twice"))
    scale = float(np.abs(features).max()) or 1.0
    mixed = np.concatenate([encode([*inputs[k:], *inputs[:k]])[:1] for k in range(len(inputs))])
    last = np.concatenate([encode([*inputs[1:], inputs[0]])[min(len(inputs), size) - 1 :][:1]])
    apart = max(float(np.abs(mixed - features).max()), float(np.abs(last - features[0]).max()) if size > 1 else 0.0)
    detail = "bit-identical" if apart == 0 else f"at most {apart / scale:.1e} of the largest feature apart"
    checks.append(Check("a feature does not depend on its company", apart <= FEATURE_TOLERANCE * scale, detail))
    distinct = len(np.unique(features, axis=0))
    checks.append(Check("different images have different features", distinct > 1, f"{distinct} of {len(images)}"))
    hexadecimal = len(encoder.fingerprint) == 64 and set(encoder.fingerprint) <= set("0123456789abcdef")
    checks.append(Check("the fingerprint is a sha256", hexadecimal, encoder.fingerprint[:12]))
    head = encoder.class_head()
    if head is not None:
        fits = head.weight.shape == (len(head.bias), encoder.dim)
        checks.append(Check("the class head fits the features", fits, f"{list(head.weight.shape)}"))
    return checks


def _card(card: ModelCard, kind: str) -> Check:
    return Check("it has a model card of its kind", card.kind == kind, f"{card.name}: {card.kind}, {card.licence}")


def _shapes(images: Sequence[Image], wanted: int) -> Check:
    name = "one uint8 image per request"
    if not isinstance(images, Sequence):
        return Check(name, False, f"a {type(images).__name__}, not a list of {wanted}")
    strange = next((each for each in images if not isinstance(each, np.ndarray)), None)
    if strange is not None:
        return Check(name, False, f"a {type(strange).__name__} among them, not a numpy array")

    def sound(image: Image) -> bool:
        return image.dtype == np.uint8 and (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3))

    detail = f"{len(images)} for {wanted}" + (f", {images[0].dtype}{list(images[0].shape)}" if images else "")
    return Check(name, len(images) == wanted and all(map(sound, images)), detail)


def _equal(one: Sequence[Image], other: Sequence[Image]) -> bool:
    return all(np.array_equal(left, right) for left, right in zip(one, other, strict=True))


def _difference(one: Image, other: Image) -> float:
    if one.shape != other.shape:
        return float("inf")
    return float(np.abs(one.astype(np.int16) - other.astype(np.int16)).max())


class other_random_state:
    """Run a block under other global random states and put the old ones back: an adapter must not feel them."""

    _restore: Callable[[], None]

    def __enter__(self) -> None:
        import random
        import sys

        torch = sys.modules.get("torch")
        legacy = np.random.get_state()  # noqa: NPY002
        plain, torched = random.getstate(), torch.get_rng_state() if torch else None

        def restore() -> None:
            np.random.set_state(legacy)  # noqa: NPY002
            random.setstate(plain)
            if torch:
                torch.set_rng_state(torched)

        self._restore = restore
        np.random.seed(987)  # noqa: NPY002
        random.seed(987)
        if torch:
            torch.manual_seed(987)

    def __exit__(self, *_: object) -> None:
        self._restore()
