import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_diffusers import save_pixart_sigma, save_stable_diffusion_3
from tiny_sana import save_tiny_sana

from data_splits.errors import UserError
from model_adapters.generators import embedded
from model_adapters.methods.capacity_control.base import Base, locate_base
from model_adapters.protocols import BuildContext

MAKERS = {"pixart": save_pixart_sigma, "sd3": save_stable_diffusion_3, "sana": save_tiny_sana}


@pytest.mark.parametrize("name", MAKERS)
def test_a_transformer_is_told_what_its_own_pipeline_tells_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last call of the network in an unguided image is repeated by `predict`: same inputs, same output."""
    base = Base(locate_base(str(MAKERS[name](tmp_path / name))), "cpu")
    calls: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
    forward = base.network.forward

    def recorded(*given: Any, **named: Any) -> Any:
        out = forward(*given, **named)
        noisy = named.get("hidden_states", given[0] if given else None)
        calls.append((noisy, named["timestep"], out[0]))
        return out

    monkeypatch.setattr(base.network, "forward", recorded)
    more = {"max_sequence_length": 512 if name == "sd3" else 300}
    if name != "sd3":
        more["use_resolution_binning"] = False
    base.pipe(
        prompt="no finding", guidance_scale=1.0, num_inference_steps=2, output_type="latent", height=64, width=64,
        generator=torch.Generator().manual_seed(0), **more,
    )  # fmt: skip
    monkeypatch.undo()
    noisy, time, out = calls[-1]
    scale = getattr(base.network.config, "timestep_scale", None) or 1.0
    with torch.no_grad():
        again = base.predict(noisy, time / scale, base.condition("no finding"))
    torch.testing.assert_close(again, out.chunk(2, dim=1)[0] if out.shape[1] == 8 else out, rtol=1e-4, atol=1e-4)
    other = base.predict(noisy, time / scale, base.condition("pleural effusion left large"))
    assert not torch.allclose(other, again)


def test_latents_decode_to_the_image_they_came_from() -> None:
    base = Base(locate_base("embedded"), "cpu")
    from data_splits.sources import load_split
    from model_adapters.methods.capacity_control.cases import pixels

    split = load_split("phantom", seed=1, train=1, test=1, size=128)
    image = pixels([split.read_image(split.cases("train")[0])], base.size, base.channels)
    latents = base.encode(image)
    assert image.shape == (1, 1, 128, 128) and latents.shape == (1, 4, 16, 16)
    with torch.no_grad():
        drawn = base.pipe.vae.decode(latents / base.pipe.vae.config.scaling_factor).sample
    assert float((drawn - image).abs().mean()) < 0.08
    assert 0.5 < float(latents.std()) < 2.0


def test_the_embedded_base_hears_what_the_embedded_generator_hears() -> None:
    base, generator = Base(locate_base("embedded"), "cpu"), embedded.build(BuildContext())
    prompt = "PA view of the chest. Large left pleural effusion."
    with torch.no_grad():
        theirs = generator._states([prompt])
    torch.testing.assert_close(base.condition(prompt)["encoder_hidden_states"], theirs, rtol=1e-5, atol=1e-5)


def test_everything_is_frozen_and_draws_no_random_numbers(tiny_sd: Path) -> None:
    base = Base(locate_base(str(tiny_sd)), "cpu")
    assert not any(each.requires_grad for each in base.network.parameters())
    assert not any(module.training for module in base.network.modules())


def test_what_is_no_diffusion_model_is_told(tmp_path: Path, tiny_sd: Path) -> None:
    with pytest.raises(UserError, match="is no diffusion model"):
        locate_base(str(tmp_path))
    with pytest.raises(UserError, match="No checkpoint at"):
        locate_base(str(tmp_path / "nothing"))
    with pytest.raises(UserError, match="not on this machine: hf download someone/some-model"):
        locate_base("someone/some-model")
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "FluxPipeline"}))
    with pytest.raises(UserError, match="is a FluxPipeline; capacity-control fine-tunes PixArtAlphaPipeline"):
        locate_base(str(tmp_path))
    (tmp_path / "model_index.json").write_text((tiny_sd / "model_index.json").read_text())
    with pytest.raises(UserError, match=r"the part .* is missing"):
        locate_base(str(tmp_path))


def test_only_the_embedded_layout_is_drawn_by_embedded(tiny_sd: Path) -> None:
    assert locate_base("embedded").embedded and locate_base(str(embedded.FOLDER)).embedded
    assert not locate_base(str(tiny_sd)).embedded
