"""A Llama model small enough for a check: two layers, grouped queries, random weights with a few outlier channels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data_splits.integrity import atomic_write, write_json

CONFIG: dict[str, Any] = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 48,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "tie_word_embeddings": True,
    "bos_token_id": 0,
    "eos_token_id": 0,
}


def write_llama(folder: Path, **changes: Any) -> Path:
    """Write configuration and weights of a `LlamaForCausalLM`; always the same bytes for the same changes."""
    import torch
    from safetensors.torch import save
    from transformers import LlamaConfig, LlamaForCausalLM

    config = CONFIG | changes
    with torch.device("meta"):
        model = LlamaForCausalLM(LlamaConfig(**config))
    generator = torch.Generator().manual_seed(0)
    tensors = {}
    for name, each in model.state_dict().items():
        if name == "lm_head.weight" and config["tie_word_embeddings"]:
            continue
        if "norm" in name:
            tensors[name] = 1.0 + 0.1 * torch.rand(each.shape, generator=generator)
            tensors[name][:2] *= 20.0
        else:
            # queries and keys of some size, so that attention attends to something
            spread = 0.4 if name.endswith(("q_proj.weight", "k_proj.weight")) else 0.25
            tensors[name] = spread * torch.randn(each.shape, generator=generator)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config)
    with atomic_write(folder / "model.safetensors") as stream:
        stream.write(save(tensors, {"format": "pt"}))
    return folder


def made_up_inputs(folder: Path) -> dict[str, Any]:
    """The model, token ids, and inputs that take a second."""
    import torch
    from safetensors.torch import save

    write_llama(folder / "llama")
    generator = torch.Generator().manual_seed(1)
    tokens = {n: torch.randint(48, (count, 17), generator=generator) for n, count in (("tokens", 6), ("held_out", 3))}
    with atomic_write(folder / "tokens.safetensors") as stream:
        stream.write(save(tokens))
    return {
        "model": str(folder / "llama"),
        "calibration": str(folder / "tokens.safetensors"),
        "weight_bits": 4,
        "activation_bits": 8,
        "samples": 4,
        "held_out": 3,
        "epochs": 2,
        "save_every": 2,
    }
