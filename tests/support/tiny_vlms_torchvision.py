"""The families whose processors need torchvision: checkpoints of the real classes, as in `tiny_vlms`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tiny_vlms import (
    IDEFICS_TEMPLATE,
    LLAVA_TEMPLATE,
    byte_tokenizer,
    chatml,
    image_processor,
    save,
    text_config,
    vision_config,
)

QWEN_TEMPLATE = chatml("<|vision_start|><|image_pad|><|vision_end|>")


def _qwen_tokens(tokenizer: Any) -> dict[str, int]:
    names = {
        "image_token_id": "<|image_pad|>", "video_token_id": "<|video_pad|>",
        "vision_start_token_id": "<|vision_start|>", "vision_end_token_id": "<|vision_end|>",
    }  # fmt: skip
    return {key: tokenizer.convert_tokens_to_ids(token) for key, token in names.items()}


def _qwen_processor(kind: str, tokenizer: Any, patch: int) -> Any:
    import transformers

    factor = 2 * patch
    images = image_processor("Qwen2VL")(
        size={"shortest_edge": 4 * factor**2, "longest_edge": 40 * factor**2}, patch_size=patch, merge_size=2,
        temporal_patch_size=2,
    )  # fmt: skip
    videos = getattr(transformers, f"{'Qwen3VL' if kind == 'Qwen3VL' else 'Qwen2VL'}VideoProcessor")()
    processor = {"Qwen2VL": "Qwen2VL", "Qwen2_5_VL": "Qwen2_5_VL", "Qwen3VL": "Qwen3VL"}[kind]
    return getattr(transformers, f"{processor}Processor")(
        image_processor=images, tokenizer=tokenizer, video_processor=videos, chat_template=QWEN_TEMPLATE
    )


def tiny_qwen2_vl(folder: Path, context: int = 4096) -> Path:
    """Qwen2-VL: one token per 16 x 16 pixels, 4 to 40 tokens per image."""
    from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration

    tokenizer = byte_tokenizer("qwen")
    rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}
    config = Qwen2VLConfig(
        text_config=text_config(len(tokenizer), context, "qwen2_vl_text", rope_parameters=rope),
        vision_config={
            "depth": 2, "embed_dim": 16, "hidden_size": 32, "num_heads": 2, "mlp_ratio": 2, "patch_size": 8,
            "spatial_merge_size": 2, "temporal_patch_size": 2,
        },
        **_qwen_tokens(tokenizer),
    )  # fmt: skip
    model = Qwen2VLForConditionalGeneration(config)
    return save(folder, model, _qwen_processor("Qwen2VL", tokenizer, 8))


def tiny_qwen2_5_vl(folder: Path, context: int = 4096) -> Path:
    """Qwen2.5-VL: windowed vision attention, one token per 16 x 16 pixels."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    tokenizer = byte_tokenizer("qwen")
    rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}
    config = Qwen2_5_VLConfig(
        text_config=text_config(len(tokenizer), context, "qwen2_5_vl_text", rope_parameters=rope),
        vision_config={
            "depth": 2, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2, "patch_size": 8,
            "spatial_merge_size": 2, "temporal_patch_size": 2, "out_hidden_size": 32, "window_size": 32,
            "fullatt_block_indexes": [1],
        },
        **_qwen_tokens(tokenizer),
    )  # fmt: skip
    model = Qwen2_5_VLForConditionalGeneration(config)
    return save(folder, model, _qwen_processor("Qwen2_5_VL", tokenizer, 8))


def tiny_qwen3_vl(folder: Path, context: int = 4096) -> Path:
    """Qwen3-VL: deep-stacked vision features, one token per 16 x 16 pixels."""
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    tokenizer = byte_tokenizer("qwen")
    rope = {"rope_type": "default", "mrope_section": [2, 1, 1], "mrope_interleaved": True, "rope_theta": 10000.0}
    config = Qwen3VLConfig(
        text_config=text_config(len(tokenizer), context, "qwen3_vl_text", rope_parameters=rope),
        vision_config={
            "depth": 2, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2, "patch_size": 8,
            "spatial_merge_size": 2, "temporal_patch_size": 2, "out_hidden_size": 32,
            "num_position_embeddings": 64, "deepstack_visual_indexes": [0],
        },
        **_qwen_tokens(tokenizer),
    )  # fmt: skip
    model = Qwen3VLForConditionalGeneration(config)
    return save(folder, model, _qwen_processor("Qwen3VL", tokenizer, 8))


def tiny_internvl(folder: Path, context: int = 4096) -> Path:
    """InternVL: tiles of 32 px, 4 tokens each, up to 6 tiles and a thumbnail."""
    from transformers import InternVLConfig, InternVLForConditionalGeneration, InternVLProcessor, InternVLVideoProcessor

    names = {
        "start_image_token": "<img>", "end_image_token": "</img>", "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }  # fmt: skip
    tokenizer = byte_tokenizer("internvl", extra_special_tokens=names)
    images = image_processor("GotOcr2")(size={"height": 32, "width": 32}, max_patches=6, crop_to_patches=True)
    processor = InternVLProcessor(
        image_processor=images, tokenizer=tokenizer, image_seq_length=4, chat_template=chatml("<IMG_CONTEXT>\n"),
        video_processor=InternVLVideoProcessor(size={"height": 32, "width": 32}),
    )  # fmt: skip
    config = InternVLConfig(
        text_config=text_config(len(tokenizer), context, "qwen2"),
        vision_config=vision_config("internvl_vision", [32, 32], [8, 8]), image_seq_length=4, downsample_ratio=0.5,
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
    )  # fmt: skip
    return save(folder, InternVLForConditionalGeneration(config), processor)


def tiny_smolvlm(folder: Path, context: int = 4096) -> Path:
    """SmolVLM: tiles of 32 px, 4 tokens each, up to 4 tiles along the longer side."""
    from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration, SmolVLMProcessor, SmolVLMVideoProcessor

    tokenizer = byte_tokenizer("idefics")
    images = image_processor("SmolVLM")(size={"longest_edge": 128}, max_image_size={"longest_edge": 32})
    videos = SmolVLMVideoProcessor(
        size={"longest_edge": 32}, max_image_size={"longest_edge": 32}, fps=1, num_frames=4,
        video_sampling={"video_size": {"longest_edge": 32}, "max_frames": 4, "fps": 1},
    )  # fmt: skip
    processor = SmolVLMProcessor(
        image_processor=images, tokenizer=tokenizer, video_processor=videos, image_seq_len=4,
        chat_template=IDEFICS_TEMPLATE,
    )  # fmt: skip
    config = SmolVLMConfig(
        text_config=text_config(len(tokenizer), context), vision_config=vision_config("smolvlm_vision", 32, 8),
        scale_factor=2, image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )  # fmt: skip
    return save(folder, SmolVLMForConditionalGeneration(config), processor)


def tiny_llava_onevision(folder: Path, context: int = 4096) -> Path:
    """LLaVA-OneVision: 16 tokens and a newline per image; AnyRes over 1 x 2, 2 x 1 and 2 x 2 tiles for a single one."""
    from transformers import (
        LlavaOnevisionConfig,
        LlavaOnevisionForConditionalGeneration,
        LlavaOnevisionProcessor,
        LlavaOnevisionVideoProcessor,
    )

    tokenizer = byte_tokenizer("llava", image_token="<image>")
    grids = [[32, 64], [64, 32], [64, 64]]
    images = image_processor("LlavaOnevision")(size={"height": 32, "width": 32}, image_grid_pinpoints=grids)
    processor = LlavaOnevisionProcessor(
        image_processor=images, tokenizer=tokenizer, num_image_tokens=16, vision_feature_select_strategy="full",
        video_processor=LlavaOnevisionVideoProcessor(size={"height": 32, "width": 32}), chat_template=LLAVA_TEMPLATE,
    )  # fmt: skip
    config = LlavaOnevisionConfig(
        text_config=text_config(len(tokenizer), context, "qwen2"),
        vision_config=vision_config("siglip_vision_model", 32, 8, vision_use_head=False),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"), image_grid_pinpoints=grids,
        video_token_id=tokenizer.convert_tokens_to_ids("<video>"),
        vision_feature_select_strategy="full", vision_feature_layer=-1,
    )  # fmt: skip
    return save(folder, LlavaOnevisionForConditionalGeneration(config), processor)


def tiny_phi_4_multimodal(folder: Path, context: int = 16384) -> Path:
    """Phi-4-multimodal with a random vision adapter; its processor knows tiles of 448 px only."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import (
        Phi4MultimodalConfig,
        Phi4MultimodalFeatureExtractor,
        Phi4MultimodalForCausalLM,
        Phi4MultimodalProcessor,
    )

    names = {"image_token": "<|image|>", "audio_token": "<|audio|>"}
    tokenizer = byte_tokenizer("phi", extra_special_tokens=names)
    ids = {key: tokenizer.convert_tokens_to_ids(token) for key, token in names.items()}
    text = text_config(len(tokenizer), context, original_max_position_embeddings=context)
    del text["model_type"], text["head_dim"]
    config = Phi4MultimodalConfig(
        **text,
        vision_config={
            "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
            "image_token_id": ids["image_token"],
        },
        audio_config={
            "hidden_size": 16, "intermediate_size": 32, "num_blocks": 1, "num_attention_heads": 2,
            "ext_pw_out_channel": 16, "depthwise_separable_out_channel": 16, "nemo_conv_channels": 16,
            "audio_token_id": ids["audio_token"],
        },
    )  # fmt: skip
    processor = Phi4MultimodalProcessor(
        image_processor=image_processor("Phi4Multimodal")(), audio_processor=Phi4MultimodalFeatureExtractor(),
        tokenizer=tokenizer, chat_template=chatml("<|image|>"),
    )  # fmt: skip
    save(folder, Phi4MultimodalForCausalLM(config), processor)
    torch.manual_seed(0)
    lora = LoraConfig(r=2, target_modules=["qkv_proj", "o_proj"], init_lora_weights=False)
    get_peft_model(Phi4MultimodalForCausalLM(config), lora).save_pretrained(folder / "vision-lora")
    return folder


BUILDERS: dict[str, Callable[..., Path]] = {
    "internvl": tiny_internvl,
    "llava-onevision": tiny_llava_onevision,
    "phi-4-multimodal": tiny_phi_4_multimodal,
    "qwen2-vl": tiny_qwen2_vl,
    "qwen2.5-vl": tiny_qwen2_5_vl,
    "qwen3-vl": tiny_qwen3_vl,
    "smolvlm": tiny_smolvlm,
}
"""Adapter name -> builder."""
