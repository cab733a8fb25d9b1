"""Outliers change no output and make ranges wide."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import LlamaConfig

from model_adapters.methods.mobilequant.made_up import CONFIG, write_llama
from model_adapters.methods.mobilequant.network import llama_of, widths_of
from model_adapters.methods.mobilequant.sources import open_source
from model_adapters.methods.mobilequant.validation.outliers import with_outliers


def test_the_function_is_the_same_and_ranges_are_not(tmp_path: Path) -> None:
    model = open_source(str(write_llama(tmp_path / "llama"))).model
    config = LlamaConfig(**CONFIG)
    state = {n: t for n, t in model.state_dict().items() if n != "lm_head.weight"}
    for kind in ({"spread": 1.5}, {"channels": 2}):
        changed = with_outliers(state, widths_of(config), 0, **kind)
        ids = torch.arange(12)[None]
        before = model(input_ids=ids).logits
        assert torch.allclose(
            llama_of(config, changed)(input_ids=ids).logits, before, atol=1e-3 * float(before.abs().max())
        )
        rows = changed["model.layers.0.mlp.up_proj.weight"].abs().amax(1)
        assert rows.max() / rows.median() > 5
