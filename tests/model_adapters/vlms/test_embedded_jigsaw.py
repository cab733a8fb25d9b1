"""Jigsaws from thumbnails: fits by hand, what of an image may count, and options against their table."""

from __future__ import annotations

import itertools

import pytest
import torch

from model_adapters.vlms.embedded_jigsaw import OPTIONS, Jigsaw, Matcher, OptionReader, judged
from model_adapters.vlms.smollm2 import WIDTH

SIDE = 32


def puzzle(order: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    """The original of four random quarters, and patches (at twice its scale): `order[place]` = patch."""
    rng = torch.Generator().manual_seed(seed)
    quarters = torch.randn(4, 3, SIDE // 2, SIDE // 2, generator=rng)
    original = torch.cat([torch.cat(list(quarters[:2]), -1), torch.cat(list(quarters[2:]), -1)], -2)
    patches = [quarters[order.index(patch)].repeat_interleave(2, -1).repeat_interleave(2, -2) for patch in range(4)]
    return torch.stack([original, *patches])


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 3, 1), (3, 2, 1, 0)])
def test_a_patch_fits_best_where_it_was_cut_out(order: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    with torch.no_grad():
        fit = Matcher(SIDE)(puzzle(order)[None])[0]
    assert fit.argmax(1).tolist() == list(order)
    right = fit[torch.arange(4), torch.tensor(order)]
    assert torch.allclose(right, torch.zeros(4), atol=1e-5)  # the same pixels: no distance, even before training
    assert (fit <= 0).all()


def test_parts_without_weight_do_not_count() -> None:
    torch.manual_seed(1)
    matcher, images = Matcher(SIDE), puzzle((0, 1, 2, 3))
    images[1, :, :8, :8] = 5.0  # a number on the first patch: 4 of 16 places of its half-size copy, 2 of 8 of the map
    with torch.no_grad():
        spoilt = float(matcher(images[None])[0, 0, 0])
        matcher.weight[:4, :4] = -100.0
        clean = float(matcher(images[None])[0, 0, 0])
    assert spoilt < -0.01
    assert clean == pytest.approx(0, abs=1e-5)


def test_the_option_whose_patches_all_fit_wins() -> None:
    orders = list(itertools.permutations(range(4)))[::6]
    fit = torch.full((4, 4), -5.0)
    for place, patch in enumerate(orders[2]):
        fit[place, patch] = 0.0
    table = torch.nn.functional.one_hot(torch.tensor(orders), 4).float()
    logits = judged(fit, table)
    assert int(logits.argmax()) == 2
    share = -torch.log(1 + 3 * torch.exp(torch.tensor(-5.0)))
    assert logits[2].item() == pytest.approx(4 * share.item(), rel=1e-5)


def test_the_table_adds_up_what_the_tokens_say(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = OptionReader()
    none, third = torch.tensor([0.0, 0, 0, 0, 99]), torch.tensor([0.0, 0, 99, 0, 0])
    said = [
        torch.stack([none, third, third]),
        torch.tensor([[99.0, 0, 0, 0], [0, 99, 0, 0], [0, 0, 0, 99]]),
        torch.tensor([[99.0, 0, 0, 0], [0, 0, 99, 0], [99, 0, 0, 0]]),
    ]
    monkeypatch.setattr(reader, "tokens", lambda words: said)
    table = reader(torch.zeros(3, WIDTH))
    assert table.shape == (len(OPTIONS), 4, 4)
    assert [tuple(row) for row in table.round().nonzero().tolist()] == [(2, 1, 2), (2, 3, 0)]


def test_a_jigsaw_is_its_fits_and_its_options() -> None:
    torch.manual_seed(2)
    model, images, words = Jigsaw(SIDE).eval(), puzzle((1, 0, 2, 3)), torch.randn(40, WIDTH)
    with torch.no_grad():
        assert torch.equal(model(images, words), judged(model.matcher(images[None])[0], model.reader(words)))
        assert not torch.allclose(model(images, words), model(images, words.flip(0)))
