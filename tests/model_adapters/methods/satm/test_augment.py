"""Every kind against what it says, the same draw twice, and its derivative."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from data_splits.errors import UserError
from model_adapters.methods.satm.augment import KINDS, Augmentation, parse_augmentation

SIDE, COUNT = 8, 64
IMAGES = torch.randn((COUNT, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def rng(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("kind", KINDS)
def test_a_draw_is_a_value_and_images_draw_apart(kind: str) -> None:
    one, same, other = (Augmentation((kind,)).draw(COUNT, SIDE, rng(seed)) for seed in (1, 1, 2))
    changed = one(IMAGES)
    assert changed.shape == IMAGES.shape and torch.equal(changed, same(IMAGES))
    assert not torch.equal(changed, other(IMAGES)) and not torch.equal(changed, IMAGES)
    alike = one(IMAGES[:1].expand(COUNT, -1, -1, -1))
    assert len(torch.unique(alike.flatten(1), dim=0)) > 1
    # The same draw on two batches (Siamese): what it does to one it does to the sum.
    linear = one(IMAGES) - one(IMAGES * 0)
    torch.testing.assert_close(one(IMAGES + IMAGES.flip(0)) - one(IMAGES.flip(0)), linear)


@pytest.mark.parametrize("kind", KINDS)
def test_derivative_is_that_of_finite_differences(kind: str) -> None:
    draw = Augmentation((kind,)).draw(3, SIDE, rng())
    at = IMAGES[:3].clone().requires_grad_()
    assert torch.autograd.gradcheck(draw, (at,))


def test_flip_turns_some_images_round() -> None:
    changed = Augmentation(("flip",)).draw(COUNT, SIDE, rng())(IMAGES)
    turned = torch.isclose(changed, IMAGES.flip(3)).all((1, 2, 3))
    kept = torch.isclose(changed, IMAGES).all((1, 2, 3))
    assert bool((turned ^ kept).all()) and 16 < int(turned.sum()) < 48


def test_crop_shifts_by_up_to_an_eighth_and_fills_with_the_mean_level() -> None:
    changed = Augmentation(("crop",)).draw(COUNT, SIDE, rng())(IMAGES)
    padded = functional.pad(IMAGES, (1, 1, 1, 1))
    seen = set()
    for row in range(COUNT):
        fits = [
            (down, across)
            for down in range(3)
            for across in range(3)
            if torch.allclose(changed[row], padded[row, :, down : down + SIDE, across : across + SIDE])
        ]
        assert len(fits) == 1
        seen.add(fits[0])
    assert len(seen) == 9


def test_cutout_blanks_at_most_half_a_side() -> None:
    changed = Augmentation(("cutout",)).draw(COUNT, SIDE, rng())(IMAGES)
    blank = changed == 0
    assert torch.equal(changed[~blank], IMAGES[~blank])
    area = blank.sum((1, 2, 3))
    assert int(area.max()) == 16 and int(area.min()) >= 4


def test_color_keeps_shape_and_changes_contrast_and_brightness() -> None:
    changed = Augmentation(("color",)).draw(COUNT, SIDE, rng())(IMAGES)
    contrast = changed.std((1, 2, 3)) / IMAGES.std((1, 2, 3))
    shift = changed.mean((1, 2, 3)) - IMAGES.mean((1, 2, 3))
    assert 0.5 <= float(contrast.min()) < 0.6 and 1.4 < float(contrast.max()) <= 1.5
    assert -0.5 <= float(shift.min()) < -0.4 and 0.4 < float(shift.max()) <= 0.5


@pytest.mark.parametrize("kind", ["scale", "rotate"])
def test_geometry_is_that_of_an_affine_grid(kind: str) -> None:
    """torch's own sampling, with the matrix that the draw's places speak for."""
    draw = Augmentation((kind,)).draw(COUNT, SIDE, rng())
    line = torch.arange(SIDE, dtype=torch.float64).repeat(COUNT, 1, SIDE, 1)
    inner = slice(2, SIDE - 2)  # where no place lies beyond the border, coordinates can be read off the change
    x, y = (draw(each)[:, 0, inner, inner] for each in (line, line.transpose(2, 3)))
    theta = torch.zeros((COUNT, 2, 3), dtype=torch.float64)
    for number, place in enumerate((x, y)):
        theta[:, number, 0] = (place[:, :, -1] - place[:, :, 0]).mean(1) / 3
        theta[:, number, 1] = (place[:, -1] - place[:, 0]).mean(1) / 3
    grid = functional.affine_grid(theta, list(IMAGES.shape), align_corners=False)
    torch.testing.assert_close(
        draw(IMAGES), functional.grid_sample(IMAGES, grid, align_corners=False), atol=1e-5, rtol=1e-5
    )
    size = theta.square().sum((1, 2))
    if kind == "rotate":
        torch.testing.assert_close(size, torch.full_like(size, 2.0), atol=1e-5, rtol=0)
        assert 0.2 < float(theta[:, 1, 0].abs().max()) <= 0.26
    else:
        scales = theta[:, [0, 1], [0, 1]]
        assert 1 / 1.2 - 1e-6 <= float(scales.min()) < 0.87 and 1.15 < float(scales.max()) <= 1.2 + 1e-6
        assert float((scales[:, 0] - scales[:, 1]).abs().max()) > 0.05


def test_a_step_takes_one_kind_and_all_are_taken() -> None:
    generator, found = rng(), set()
    for _ in range(60):
        draw = Augmentation(("color", "cutout", "crop")).draw(2, SIDE, generator)
        found.add(tuple(name for name, each in vars(draw).items() if each is not None))
    assert found == {("contrast", "brightness"), ("mask",), ("sources", "weights")}


def test_names() -> None:
    assert parse_augmentation("none") is None
    every, some = parse_augmentation("dsa"), parse_augmentation("color, crop")
    assert every is not None and every.kinds == KINDS and some is not None and some.kinds == ("color", "crop")
    for text in ("blur", "crop,crop"):
        with pytest.raises(UserError, match="it is none, dsa, or some of"):
            parse_augmentation(text)
