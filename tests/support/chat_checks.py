"""What every family of chat models is held to, on a tiny checkpoint of its real class."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_vlms
import tiny_vlms_torchvision

from data_splits.errors import UserError
from model_adapters.check_vlm import check_vlm, made_up_requests
from model_adapters.protocols import AnswerRequest, BuildContext
from model_adapters.vlms import VLMS, parse_vlm
from model_adapters.vlms.chat.model import ChatModel

NEEDS_TORCHVISION = frozenset(tiny_vlms_torchvision.BUILDERS)


@functools.cache
def folder_of(name: str) -> Path:
    """The tiny checkpoint of a family, built once per process; skips where its processor cannot exist."""
    if name in NEEDS_TORCHVISION:
        from model_adapters.torchvision_extra import require

        try:
            require("torchvision")
        except UserError:
            pytest.skip(f"the processor of {name} needs torchvision: make test-extras")
        if name == "smolvlm":
            pytest.importorskip("num2words")
    builders = {**tiny_vlms.BUILDERS, **tiny_vlms_torchvision.BUILDERS}
    return builders[name](Path(tempfile.mkdtemp(prefix="tiny-")) / "checkpoint")


def chat_model(name: str, **options: Any) -> ChatModel:
    """The family's adapter on its tiny checkpoint, sharing forward passes unless told otherwise."""
    model = VLMS.build(name, BuildContext(target=str(folder_of(name)), options={"batch": "on", **options}))
    assert isinstance(model, ChatModel)
    return model


def check_family(name: str, **options: Any) -> ChatModel:
    """Contract, batch against single, and the image budget against what the processor really makes."""
    model = chat_model(name, **options)
    failed = [f"{each.name}: {each.detail}" for each in check_vlm(model, batch=4, tokens=3) if each.passed is False]
    assert not failed, failed
    check_letters_in_a_batch(model)
    check_budget(model, exact=name not in ("idefics2", "mantis"))
    return model


def check_letters_in_a_batch(model: ChatModel) -> None:
    """Logits of a left-padded batch agree with those of single questions far beyond what could turn a choice."""
    asked = [replace(each, letters=("A", "B", "C", "D")) for each in made_up_requests(4)]
    together = model.answer(asked)
    for request, response in zip(asked, together, strict=True):
        (alone,) = model.answer([request])
        for letter, value in response.letter_logits.items():
            assert value == pytest.approx(alone.letter_logits[letter], abs=1e-4), (request.case_id, letter)
    assert len({tuple(each.letter_logits.values()) for each in together}) == len(asked)


def check_budget(model: ChatModel, exact: bool = True) -> None:
    """The planned tokens are those of the prompt, for one image and several, large and small, wide and high."""
    rng = np.random.default_rng(0)
    for sizes in ([(40, 40)], [(30, 90), (64, 64)], [(200, 50), (33, 71), (16, 16)], [(50, 300)], [(31, 32), (97, 64)]):
        images = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]
        parts = [part for image in images for part in ("see ", image, ", ")]
        request = AnswerRequest("budget", "t", (*parts, "what?"), (), 2)
        planned, seen = model.prompt_tokens(request), model.answer([request])[0].tokens_in
        assert seen is not None and seen <= planned, sizes
        assert planned == seen if exact else planned - seen <= len(sizes), (sizes, planned, seen)


def pages(count: int, side: int = 64) -> AnswerRequest:
    """A question about so many pages."""
    image = np.random.default_rng(1).integers(0, 256, (side * 4 // 3, side, 3), dtype=np.uint8)
    return AnswerRequest("pages", "arxiv", (*[image] * count, "Which title?"), (), 8)


def check_42_pages_fit_by_shrinking(name: str, context: int) -> ChatModel:
    """In a context too small for 42 pages at the usual size, all 42 are answered at a smaller one, and seen."""
    wide, tight = chat_model(name), chat_model(name, context=context)
    request = pages(42)
    assert wide.prompt_tokens(request) > context, "the usual size must not fit, or the test says nothing"
    assert tight.refusal(request) is None
    (response,) = tight.answer([request])
    assert response.tokens_in is not None and response.tokens_in + 8 <= context
    return tight


def check_folder_is_recognised(name: str) -> None:
    """A user may point at the folder alone."""
    assert parse_vlm(str(folder_of(name))) == (name, str(folder_of(name)))


def check_needs_are_named(name: str) -> None:
    """What the family needs beyond the core set is told before anything is loaded."""
    import importlib.util

    told = " ".join(each.what for each in VLMS.requirements(name, BuildContext()))
    assert VLMS.card(name).source in told
    for package in ("torchvision", *(["num2words"] if name == "smolvlm" else [])):
        assert (f"{package}, which the processor" in told) == (importlib.util.find_spec(package) is None)
