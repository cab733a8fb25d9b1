"""A client's adapter as an ordinary adapter of peft: ranks and alphas by layer, lambda folded into A."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from data_splits.integrity import atomic_write, write_json
from model_adapters.methods.fedp2eft.bayestune_lora import Adapters


def write_peft(adapters: Adapters, folder: Path, base: str) -> None:
    """adapter_config.json and adapter_model.safetensors, which `peft.PeftModel.from_pretrained` opens.

    Every layer's alpha is s times its rank, so that peft's own scale alpha / rank is s. Layers without a rank are
    absent. Peft knows no adapter without any layer: of such a client ranks.json alone is written.

    Args:
        base: what the adapter belongs to; a name, never a path of this machine.
    """
    from safetensors.torch import save

    state = adapters.state()
    ranks = {name: int(down.shape[0]) for name, (down, _, _, _) in state.items()}
    write_json(folder / "ranks.json", {"ranks": ranks, "max_rank": adapters.rank})
    if not state:
        return
    tensors: dict[str, Any] = {}
    for name, (down, up, scales, _) in state.items():
        tensors[f"base_model.model.{name}.lora_A.weight"] = (down * scales[:, None]).contiguous()
        tensors[f"base_model.model.{name}.lora_B.weight"] = up.contiguous()
    scale = next(iter(adapters.modules.values())).scale
    config = {
        "peft_type": "LORA",
        "base_model_name_or_path": base,
        # A regular expression: of a list, peft takes every layer whose name ends so.
        "target_modules": "|".join(re.escape(name) for name in sorted(ranks)),
        "r": 1,
        "lora_alpha": scale,
        "rank_pattern": {f"^{re.escape(name)}$": rank for name, rank in ranks.items()},
        "alpha_pattern": {f"^{re.escape(name)}$": scale * rank for name, rank in ranks.items()},
        "lora_dropout": 0.0,
        "bias": "none",
        "inference_mode": True,
    }
    with atomic_write(folder / "adapter_model.safetensors") as stream:
        stream.write(save(tensors))
    write_json(folder / "adapter_config.json", config)
