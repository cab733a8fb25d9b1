"""Checkpoints of the real vision-language classes, small enough for a test: random weights, a byte tokenizer.

Each builder saves model, tokenizer, image processor and chat template the way a published checkpoint lies on disk, so
that an adapter loads them by the same path. Weights are drawn large, so that answers differ with the prompt and a
broken batch shows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

IM_START, IM_END = "<|im_start|>", "<|im_end|>"
SPECIALS = {
    "llava": ["<image>", "<video>", IM_START, IM_END],
    "qwen": ["<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>", IM_START, IM_END],
    "internvl": ["<img>", "</img>", "<IMG_CONTEXT>", "<video>", IM_START, IM_END],
    "phi": ["<|image|>", "<|audio|>", IM_START, IM_END],
    "idefics": ["<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>", "<video>"]
    + [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)],
}

LLAVA_TEMPLATE = (
    "{% for message in messages %}{{ message['role'].upper() + ': ' }}"
    "{% for part in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}"
    "{% for part in message['content'] | selectattr('type', 'equalto', 'text') %}{{ part['text'] + ' ' }}{% endfor %}"
    "{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
"""Like the published template of LLaVA 1.5: all images first, then all text."""


def chatml(image: str) -> str:
    """An interleaving ChatML template, as Qwen and InternVL checkpoints have one."""
    return (
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
        "{% for part in message['content'] %}{% if part['type'] == 'image' %}{{ '" + image + "' }}"
        "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{{ '<|im_end|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    )


IDEFICS_TEMPLATE = (
    "{% for message in messages %}{{ message['role'].capitalize() + ':' }}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}{{ '<image>' }}"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{{ '<end_of_utterance>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)


def byte_tokenizer(kind: str, **names: str) -> Any:
    """One token per byte, one for each of " A" to " E", and the special tokens of a family."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    merges = [("Ġ", letter) for letter in "ABCDE"]
    tokens = ["<pad>", "<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet()), *(a + b for a, b in merges)]
    inner = Tokenizer(models.BPE({token: index for index, token in enumerate(tokens)}, merges))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", bos_token="<s>", eos_token="</s>", model_max_length=100_000, **names
    )
    tokenizer.add_special_tokens({"additional_special_tokens": SPECIALS[kind]})
    return tokenizer


def text_config(vocabulary: int, context: int = 4096, kind: str = "llama", **more: Any) -> dict[str, Any]:
    """A two-layer decoder of width 32."""
    return {
        "model_type": kind, "vocab_size": vocabulary, "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
        "max_position_embeddings": context, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, **more,
    }  # fmt: skip


def vision_config(kind: str, size: int, patch: int, **more: Any) -> dict[str, Any]:
    """A two-layer vision tower of width 16."""
    return {
        "model_type": kind, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 2, "image_size": size, "patch_size": patch, **more,
    }  # fmt: skip


def save(folder: Path, model: Any, processor: Any) -> Path:
    """Draw the weights (seed 0, standard deviation 0.3) and write the checkpoint."""
    import torch

    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            if weight.ndim > 1 or "norm" not in name:
                weight.copy_(torch.randn(weight.shape, generator=generator) * 0.3)
    model.generation_config.eos_token_id, model.generation_config.pad_token_id = 2, 0
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def tiny_llava(folder: Path, context: int = 4096, text: str = "llama", tower: str = "clip_vision_model") -> Path:
    """LLaVA 1.5 (CLIP, Llama) or, with Qwen2 and SigLIP, LLaVA-interleave; 16 (SigLIP: 16) tokens per image."""
    from transformers import LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor

    tokenizer = byte_tokenizer("llava", image_token="<image>")
    clip = tower == "clip_vision_model"
    strategy = "default" if clip else "full"
    config = LlavaConfig(
        text_config=text_config(len(tokenizer), context, text), vision_config=vision_config(tower, 32, 8),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"), vision_feature_select_strategy=strategy,
        vision_feature_layer=-2 if clip else -1,
    )  # fmt: skip
    processor = LlavaProcessor(
        image_processor=_clip_processor(32) if clip else _siglip_processor(32), tokenizer=tokenizer, patch_size=8,
        vision_feature_select_strategy=strategy, num_additional_image_tokens=int(clip), chat_template=LLAVA_TEMPLATE,
    )  # fmt: skip
    return save(folder, LlavaForConditionalGeneration(config), processor)


def _clip_processor(side: int) -> Any:
    from transformers import CLIPImageProcessor

    return CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})


def _siglip_processor(side: int) -> Any:
    from transformers import SiglipImageProcessor

    return SiglipImageProcessor(size={"height": side, "width": side})


def tiny_llava_interleave(folder: Path) -> Path:
    """The LLaVA class with SigLIP and Qwen2."""
    return tiny_llava(folder, text="qwen2", tower="siglip_vision_model")


def tiny_llava_next(folder: Path, context: int = 4096) -> Path:
    """LLaVA-NeXT with AnyRes grids of 1 x 2, 2 x 1 and 2 x 2 tiles of 32 px."""
    from transformers import LlavaNextConfig, LlavaNextForConditionalGeneration, LlavaNextProcessor

    tokenizer = byte_tokenizer("llava", image_token="<image>")
    grids = [[32, 64], [64, 32], [64, 64]]
    config = LlavaNextConfig(
        text_config=text_config(len(tokenizer), context), vision_config=vision_config("clip_vision_model", 32, 8),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"), image_grid_pinpoints=grids,
    )  # fmt: skip
    images = image_processor("LlavaNext")(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}, image_grid_pinpoints=grids
    )
    processor = LlavaNextProcessor(
        image_processor=images, tokenizer=tokenizer, patch_size=8, vision_feature_select_strategy="default",
        num_additional_image_tokens=1, chat_template=LLAVA_TEMPLATE,
    )  # fmt: skip
    return save(folder, LlavaNextForConditionalGeneration(config), processor)


def tiny_idefics2(folder: Path) -> Path:
    """Idefics2: 4 latents per image."""
    from transformers import Idefics2Config, Idefics2ForConditionalGeneration, Idefics2Processor

    tokenizer = byte_tokenizer("idefics")
    images = image_processor("Idefics2")(
        size={"shortest_edge": 16, "longest_edge": 32}, do_image_splitting=False, image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
    )  # fmt: skip
    processor = Idefics2Processor(
        image_processor=images, tokenizer=tokenizer, image_seq_len=4, chat_template=IDEFICS_TEMPLATE
    )
    config = Idefics2Config(
        text_config=text_config(len(tokenizer), kind="mistral", sliding_window=None),
        vision_config=vision_config("idefics2_vision", 32, 8),
        perceiver_config={
            "hidden_size": 32, "resampler_n_latents": 4, "resampler_depth": 1, "resampler_n_heads": 2,
            "resampler_head_dim": 8, "num_key_value_heads": 1,
        },
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )  # fmt: skip
    return save(folder, Idefics2ForConditionalGeneration(config), processor)


def tiny_idefics3(folder: Path, context: int = 4096) -> Path:
    """Idefics3: tiles of 32 px, 4 tokens each, up to 4 tiles along the longer side."""
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration, Idefics3Processor

    tokenizer = byte_tokenizer("idefics")
    images = image_processor("Idefics3")(size={"longest_edge": 128}, max_image_size={"longest_edge": 32})
    processor = Idefics3Processor(
        image_processor=images, tokenizer=tokenizer, image_seq_len=4, chat_template=IDEFICS_TEMPLATE
    )
    config = Idefics3Config(
        text_config=text_config(len(tokenizer), context), vision_config=vision_config("idefics3_vision", 32, 8),
        scale_factor=2, image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )  # fmt: skip
    return save(folder, Idefics3ForConditionalGeneration(config), processor)


def image_processor(family: str) -> Any:
    """The image processor class of a family: torchvision's where that is installed, else Pillow's."""
    import transformers

    return getattr(transformers, f"{family}ImageProcessor")


BUILDERS: dict[str, Callable[..., Path]] = {
    "llava": tiny_llava,
    "llava-interleave": tiny_llava_interleave,
    "llava-next": tiny_llava_next,
    "idefics2": tiny_idefics2,
    "mantis": tiny_idefics2,
    "idefics3": tiny_idefics3,
}
"""Adapter name -> builder, for the families that run without torchvision."""
