"""Checkpoints of the real pipeline classes of diffusers, small enough for a test, with random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WORDS = "a chest radiograph with no finding pleural effusion cardiomegaly left right large small pa ap view of the"


def tokenizer(limit: int = 4096, **special: str) -> Any:
    """A fast tokenizer over single characters and the words of radiographs. (Also keeps the builders quiet.)"""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    from model_adapters.generators.diffusers_checkpoint import quiet

    quiet()
    characters = [chr(code) for code in range(32, 127)]
    entries = dict.fromkeys(["<pad>", "<s>", "</s>", "<unk>", *characters, *WORDS.split()])
    vocabulary = {token: index for index, token in enumerate(entries)}
    tokens = Tokenizer(models.WordPiece(vocabulary, unk_token="<unk>", continuing_subword_prefix=""))
    tokens.pre_tokenizer = pre_tokenizers.Whitespace()
    tokens.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokens, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>",
        model_max_length=limit, **special,
    )  # fmt: skip


VOCABULARY = 4 + 95 + len(WORDS.split())


def clip_text(projection: bool = False) -> Any:
    """A CLIP text encoder of width 16 that reads 77 tokens."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=VOCABULARY, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=77, projection_dim=16, bos_token_id=1, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    return (CLIPTextModelWithProjection if projection else CLIPTextModel)(config)


def t5(width: int = 16) -> Any:
    """A T5 encoder."""
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(
        T5Config(vocab_size=VOCABULARY, d_model=width, d_kv=8, d_ff=32, num_layers=1, num_heads=2, pad_token_id=0)
    )


def vae(latents: int = 4, **more: Any) -> Any:
    """An autoencoder that halves the side three times, as the real ones do."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=latents, block_out_channels=(8, 8, 8, 8), norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=1,
        **more,
    )  # fmt: skip


def unet(context: int = 16, side: int = 8) -> Any:
    """A U-Net on 8 x 8 latents: images of 64 px."""
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=side, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(8, 16),
        norm_num_groups=4, attention_head_dim=4, cross_attention_dim=context,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )  # fmt: skip


def enlarge(network: Any, factor: float = 3.0) -> Any:
    """Make a network's weights larger: random ones of the usual size hardly listen to a prompt."""
    import torch

    with torch.no_grad():
        for each in network.parameters():
            each.mul_(factor if each.ndim > 1 else 1.0)
    return network


def save_stable_diffusion(folder: Path) -> Path:
    """A StableDiffusionPipeline of 64 px."""
    import torch
    from diffusers import PNDMScheduler, StableDiffusionPipeline

    torch.manual_seed(0)
    StableDiffusionPipeline(
        vae=vae(), text_encoder=enlarge(clip_text()), tokenizer=tokenizer(77), unet=enlarge(unet(), 1.5),
        scheduler=PNDMScheduler(beta_schedule="scaled_linear", skip_prk_steps=True, steps_offset=1),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder, safe_serialization=True)  # fmt: skip
    return folder


def save_lora(folder: Path, checkpoint: Path, pipeline: str, targets: list[str]) -> Path:
    """LoRA weights of rank 2 for the denoiser of a tiny checkpoint, strong enough to be seen: a folder of one file."""
    import diffusers
    import torch
    from peft import LoraConfig, get_peft_model_state_dict

    kind = getattr(diffusers, pipeline)
    pipe = kind.from_pretrained(checkpoint)
    network = getattr(pipe, "transformer", None) or pipe.unet
    network.add_adapter(LoraConfig(r=2, lora_alpha=2, target_modules=targets, init_lora_weights=False))
    torch.manual_seed(1)
    with torch.no_grad():
        for name, each in network.named_parameters():
            if "lora_" in name:
                each.normal_(0.0, 0.5)
    layers = get_peft_model_state_dict(network)
    name = "transformer_lora_layers" if getattr(pipe, "transformer", None) else "unet_lora_layers"
    kind.save_lora_weights(folder, **{name: layers}, safe_serialization=True)
    return folder


def pixart(**more: Any) -> Any:
    """A PixArt transformer on 8 x 8 latents."""
    from diffusers import PixArtTransformer2DModel

    return enlarge(
        PixArtTransformer2DModel(
            sample_size=8, num_layers=1, patch_size=2, attention_head_dim=8, num_attention_heads=2, in_channels=4,
            out_channels=8, cross_attention_dim=16, caption_channels=16, attention_bias=True,
            activation_fn="gelu-approximate", num_embeds_ada_norm=1000, norm_type="ada_norm_single",
            norm_elementwise_affine=False, norm_eps=1e-6, use_additional_conditions=False, **more,
        ),
        1.5,
    )  # fmt: skip


def save_pixart_sigma(folder: Path) -> Path:
    """A PixArtSigmaPipeline of 64 px."""
    import torch
    from diffusers import DPMSolverMultistepScheduler, PixArtSigmaPipeline

    torch.manual_seed(0)
    PixArtSigmaPipeline(tokenizer(), enlarge(t5()), vae(), pixart(), DPMSolverMultistepScheduler()).save_pretrained(
        folder, safe_serialization=True
    )
    return folder


def save_stable_diffusion_3(folder: Path) -> Path:
    """A StableDiffusion3Pipeline of 64 px."""
    import torch
    from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline

    torch.manual_seed(0)
    transformer = SD3Transformer2DModel(
        sample_size=8, patch_size=2, in_channels=4, num_layers=1, attention_head_dim=8, num_attention_heads=2,
        joint_attention_dim=32, caption_projection_dim=16, pooled_projection_dim=32, out_channels=4,
        pos_embed_max_size=8,
    )  # fmt: skip
    StableDiffusion3Pipeline(
        transformer=enlarge(transformer, 1.5), scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0), vae=flow_vae(),
        text_encoder=enlarge(clip_text(True)), tokenizer=tokenizer(77),
        text_encoder_2=enlarge(clip_text(True)), tokenizer_2=tokenizer(77),
        text_encoder_3=t5(width=32), tokenizer_3=tokenizer(),
    ).save_pretrained(folder, safe_serialization=True)  # fmt: skip
    return folder


def save_flux(folder: Path) -> Path:
    """A FluxPipeline; its own size is always 1024 px, whatever its parts are."""
    import torch
    from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel

    torch.manual_seed(0)
    transformer = FluxTransformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=16, pooled_projection_dim=16, axes_dims_rope=(4, 4, 8), guidance_embeds=True,
    )  # fmt: skip
    FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=flow_vae(), text_encoder=enlarge(clip_text()),
        tokenizer=tokenizer(77), text_encoder_2=enlarge(t5()), tokenizer_2=tokenizer(),
        transformer=enlarge(transformer, 1.5),
    ).save_pretrained(folder, safe_serialization=True)  # fmt: skip
    return folder


def save_lumina2(folder: Path) -> Path:
    """A Lumina2Pipeline of 64 px over a tiny Gemma 2."""
    import torch
    from diffusers import FlowMatchEulerDiscreteScheduler, Lumina2Pipeline, Lumina2Transformer2DModel
    from transformers import Gemma2Config, Gemma2Model

    torch.manual_seed(0)
    transformer = Lumina2Transformer2DModel(
        sample_size=8, patch_size=2, in_channels=4, hidden_size=24, num_layers=1, num_refiner_layers=1,
        num_attention_heads=3, num_kv_heads=1, multiple_of=16, ffn_dim_multiplier=None, scaling_factor=1.0,
        axes_dim_rope=(4, 2, 2), axes_lens=(512, 64, 64), cap_feat_dim=16,
    )  # fmt: skip
    text = Gemma2Model(
        Gemma2Config(
            vocab_size=VOCABULARY, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
            num_key_value_heads=1, head_dim=8, max_position_embeddings=4096, pad_token_id=0,
        )
    )  # fmt: skip
    Lumina2Pipeline(
        transformer=enlarge(transformer, 1.5), scheduler=FlowMatchEulerDiscreteScheduler(), vae=flow_vae(),
        text_encoder=text, tokenizer=tokenizer(),
    ).save_pretrained(folder, safe_serialization=True)  # fmt: skip
    return folder


def flow_vae() -> Any:
    """An autoencoder as flow-matching models have it: scaled and shifted, no quantising layers."""
    return vae(use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.06, scaling_factor=1.5)


def save_radedit(folder: Path) -> Path:
    """RadEdit's three parts, the text encoder under the names and type of BioViL-T's own class."""
    import json

    import torch
    from safetensors.torch import save_file
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    unet().save_pretrained(folder / "unet", safe_serialization=True)
    vae().save_pretrained(folder / "vae", safe_serialization=True)
    entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(chr(code) for code in range(33, 127)), *WORDS.split()]
    config = BertConfig(
        vocab_size=len(entries), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=128,
    )  # fmt: skip
    bert = enlarge(BertModel(config, add_pooling_layer=False))
    state = {f"bert.{name}": each.clone() for name, each in bert.state_dict().items()}
    state |= {"cls.predictions.bias": torch.zeros(3), "cls_projection_head.dense_to_hidden.bias": torch.zeros(3)}
    text = folder / "text_encoder"
    text.mkdir()
    save_file(state, text / "model.safetensors")
    (text / "config.json").write_text(json.dumps(config.to_dict() | {"model_type": "cxr-bert", "projection_size": 8}))
    (text / "vocab.txt").write_text("\n".join(dict.fromkeys(entries)) + "\n")
    return folder


def save_llm_cxr(folder: Path, codes: int = 12) -> Path:
    """A GPT-NeoX whose vocabulary ends with a codebook, and a VQ-GAN of 64 px: 8 x 8 tokens."""
    import torch
    from diffusers import VQModel
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    torch.manual_seed(0)
    words = tokenizer()
    words.save_pretrained(folder / "llm")
    config = GPTNeoXConfig(
        vocab_size=len(words) + codes, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=512,
    )  # fmt: skip
    enlarge(GPTNeoXForCausalLM(config), 5.0).save_pretrained(folder / "llm", safe_serialization=True)
    VQModel(
        block_out_channels=(8, 8, 8, 8), norm_num_groups=4, latent_channels=4, num_vq_embeddings=codes,
        vq_embed_dim=4, sample_size=64, down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    ).save_pretrained(folder / "vqgan", safe_serialization=True)  # fmt: skip
    return folder
