"""The four networks, all of standard diffusers and transformers classes."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from model_adapters.generators.embedded_training.plan import Plan

Network = Any
"""A network, scheduler or tokenizer of diffusers or transformers, whose classes carry no types a checker can use."""

TRAIN_TIMESTEPS = 1000
NOISE = {
    "num_train_timesteps": TRAIN_TIMESTEPS,
    "beta_schedule": "squaredcos_cap_v2",
    "prediction_type": "v_prediction",
}


def new_autoencoder(plan: Plan) -> Network:
    """Image [n, 1, s, s] in [-1, 1] to latent [n, c, s/8, s/8] and back; without normalisation, so quick on a CPU."""
    from diffusers import AutoencoderTiny

    torch.manual_seed(plan.seed)
    model: Network = AutoencoderTiny(
        in_channels=1,
        out_channels=1,
        encoder_block_out_channels=(plan.width,) * 4,
        decoder_block_out_channels=(plan.width,) * 4,
        num_encoder_blocks=(0, 1, 2, 2),
        num_decoder_blocks=(2, 2, 1, 0),
        latent_channels=plan.latent_channels,
    )
    for half in (model.encoder, model.decoder):
        _start_well(half)
    with torch.no_grad():
        model.decoder.layers[-1].weight.mul_(0.3)
        model.decoder.layers[-1].bias.fill_(0.36)  # the mean grey of a radiograph, in [0, 1]
    return model


def _start_well(half: nn.Module) -> None:
    """Weights that keep the signal's size: without normalisation layers torch's default fades it out layer by layer."""
    from diffusers.models.autoencoders.vae import AutoencoderTinyBlock

    inner = [m for block in half.modules() if isinstance(block, AutoencoderTinyBlock) for m in block.conv]
    for layer in half.modules():
        if isinstance(layer, nn.Conv2d):
            within = any(layer is m for m in inner)
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu" if within else "linear")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    for block in half.modules():
        if isinstance(block, AutoencoderTinyBlock):
            last = [m for m in block.conv if isinstance(m, nn.Conv2d)][-1]
            with torch.no_grad():
                last.weight.mul_(0.2)


def new_text_encoder(plan: Plan, vocabulary: int, bos: int, eos: int, pad: int) -> Network:
    """A small CLIP text transformer."""
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(plan.seed + 1)
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary,
            hidden_size=plan.text_width,
            intermediate_size=4 * plan.text_width,
            num_hidden_layers=plan.text_layers,
            num_attention_heads=4,
            max_position_embeddings=plan.text_length,
            projection_dim=plan.text_width,
            bos_token_id=bos,
            eos_token_id=eos,
            pad_token_id=pad,
        )
    )


def new_unet(plan: Plan) -> Network:
    """The denoiser: text enters by cross-attention at the coarse scales, and pooled, through every residual block."""
    from diffusers import UNet2DConditionModel

    torch.manual_seed(plan.seed + 2)
    plain = len(plan.channels) - 1
    return UNet2DConditionModel(
        sample_size=plan.size // 8,
        in_channels=plan.latent_channels,
        out_channels=plan.latent_channels,
        block_out_channels=plan.channels,
        layers_per_block=1,
        down_block_types=("DownBlock2D",) * plain + ("CrossAttnDownBlock2D",),
        up_block_types=("CrossAttnUpBlock2D",) + ("UpBlock2D",) * plain,
        cross_attention_dim=plan.text_width,
        attention_head_dim=4,  # diffusers' name for the number of heads
        norm_num_groups=16,
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
        resnet_time_scale_shift="scale_shift",
    )


def new_scheduler() -> Network:
    """The sampler that ships: DPM-Solver++ of second order, which adds no noise."""
    from diffusers import DPMSolverMultistepScheduler

    return DPMSolverMultistepScheduler(
        **NOISE, algorithm_type="dpmsolver++", solver_order=2, timestep_spacing="trailing", steps_offset=1
    )
