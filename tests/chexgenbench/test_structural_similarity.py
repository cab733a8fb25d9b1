from __future__ import annotations

import numpy as np
import pytest

from chexgenbench.structural_similarity import WEIGHTS, ms_ssim, scales_for


def images(height: int, width: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    base = gaussian_filter(rng.normal(size=(height, width)), 6)
    base = 128 + 90 * base / np.abs(base).max()
    return tuple(np.clip(base + noise * rng.normal(size=base.shape), 0, 255).astype(np.uint8) for _ in range(2))


@pytest.mark.parametrize("noise", [5, 40])
@pytest.mark.parametrize(("height", "width"), [(192, 192), (179, 331), (128, 128), (100, 90)])
def test_equals_the_terms_of_torchmetrics(height: int, width: int, noise: float) -> None:
    """Scale by scale; its last term averages over a reflected border too, which is cut off here."""
    import torch
    from torch.nn.functional import avg_pool2d
    from torchmetrics.functional.image import structural_similarity_index_measure

    x, y = images(height, width, noise)
    scales, expected = scales_for(height, width), 1.0
    a, b = (torch.from_numpy(each.astype(np.float64))[None, None] for each in (x, y))
    for scale in range(scales):
        options = {"data_range": 255.0, "reduction": "none"}
        _, contrast = structural_similarity_index_measure(a, b, **options, return_contrast_sensitivity=True)
        _, full = structural_similarity_index_measure(a, b, **options, return_full_image=True)
        term = contrast if scale < scales - 1 else full[..., 5:-5, 5:-5].mean()
        expected *= float(term) ** (WEIGHTS[scale] / sum(WEIGHTS[:scales]))
        a, b = avg_pool2d(a, 2), avg_pool2d(b, 2)
    assert ms_ssim(x, y) == pytest.approx(expected, abs=1e-9)


def test_is_close_to_torchmetrics_whose_coarsest_scale_includes_the_border() -> None:
    import torch
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

    x, y = images(256, 256, 20)
    a, b = (torch.from_numpy(each.astype(np.float64))[None, None] for each in (x, y))
    expected = float(multiscale_structural_similarity_index_measure(a, b, data_range=255.0))
    assert ms_ssim(x, y) == pytest.approx(expected, abs=1e-3)


def test_identical_images_score_one_and_noise_scores_less_the_more_of_it() -> None:
    x, _ = images(192, 192, 0)
    assert ms_ssim(x, x) == 1.0
    values = [ms_ssim(*images(192, 192, noise)) for noise in (5, 20, 60)]
    assert 1 > values[0] > values[1] > values[2] > 0
    assert ms_ssim(*images(192, 192, 20)[::-1]) == pytest.approx(values[1])


def test_negatives_of_each_other_score_nought() -> None:
    x, _ = images(192, 192, 0)
    assert ms_ssim(x, 255 - x) == 0.0


def test_scales_by_size_and_refusals() -> None:
    assert [scales_for(n, 500) for n in (176, 175, 88, 87, 11)] == [5, 4, 4, 3, 1]
    with pytest.raises(ValueError, match="smaller than"):
        scales_for(10, 200)
    with pytest.raises(ValueError, match="compared"):
        ms_ssim(np.zeros((64, 64), np.uint8), np.zeros((64, 65), np.uint8))
