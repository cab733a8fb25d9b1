from pathlib import Path

import torch

from model_adapters.methods.bads import base_losses as module
from model_adapters.methods.bads.base_losses import base_losses
from model_adapters.methods.bads.denoiser import Denoiser, Draws
from model_adapters.methods.capacity_control.base import Base, locate_base
from model_adapters.methods.capacity_control.cases import Texts


def test_errors_with_and_without_a_prompt_are_kept_by_all_that_they_depend_on(tiny_sd: Path, tmp_path: Path) -> None:
    base = Base(locate_base(str(tiny_sd)), "cpu")
    denoiser, texts = Denoiser(base, "bias", 0), Texts(base)
    draws = Draws(denoiser.process, (4, 8, 8), 2, 0)
    count = module.SHARD + 2
    clean = torch.randn((count, 4, 8, 8), generator=torch.Generator().manual_seed(0))
    prompts, ids = ["pleural effusion"] * count, [f"c{row}" for row in range(count)]
    found = base_losses(denoiser, draws, texts, clean, prompts, ids, "made up", tmp_path)
    assert found.shape == (2, count, 2) and len(list((tmp_path / "denoising").iterdir())) == 2
    noise, level = draws(["c17"], [1])
    for side, told in enumerate(("pleural effusion", "")):
        alone = denoiser.errors(None, clean[17:], texts([told]), noise, level)
        assert torch.allclose(alone, found[side, 17, 1], rtol=1e-4)
    assert torch.equal(base_losses(denoiser, draws, texts, clean, prompts, ids, "again", tmp_path), found)
    assert len(list((tmp_path / "denoising").iterdir())) == 2
    base_losses(denoiser, draws, texts, clean, ["no finding", *prompts[1:]], ids, "other prompt", tmp_path)
    assert len(list((tmp_path / "denoising").iterdir())) == 3
    other = Draws(denoiser.process, (4, 8, 8), 2, 1)
    assert not torch.equal(base_losses(denoiser, other, texts, clean, prompts, ids, "other seed", tmp_path), found)
