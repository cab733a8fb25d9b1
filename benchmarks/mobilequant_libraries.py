"""Weights and per-token activations by torchao (extra quant): a reference, not mobile.

Every token gets a scale of its own at run time, which phone accelerators cannot do; softmax, products of attention and
norms stay in float; nothing is smoothed. On SmolLM2-135M (held-out text of `benchmarks.mobilequant_smollm2`), or on the
validation's character model after it was run:

    python -m benchmarks.mobilequant_libraries smollm2
    python -m benchmarks.mobilequant_libraries runs/mq/seed-0

Its GPTQ (0.18) asks for CUDA, and its AWQ for a weight type that a CPU has only in groups;
`benchmarks/mobilequant_weight_only.py` runs both by another library.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from data_splits.errors import UserError


def configurations() -> dict[str, Callable[[], Any]]:
    """Label -> torchao's configuration.

    Raises:
        UserError: torchao is not installed.
    """
    try:
        from torchao.quantization import Int8DynamicActivationInt8WeightConfig, Int8DynamicActivationIntxWeightConfig
        from torchao.quantization.granularity import PerAxis
    except ModuleNotFoundError:
        raise UserError("This comparison needs torchao: pip install -e '.[quant]'.") from None
    import torch

    return {
        "W8A8 dynamic": Int8DynamicActivationInt8WeightConfig,
        "W4A8 dynamic": lambda: Int8DynamicActivationIntxWeightConfig(
            weight_dtype=torch.int4,  # type: ignore[attr-defined]
            weight_granularity=PerAxis(0),
        ),
    }


def main() -> None:
    """Print perplexities."""
    import torch

    from model_adapters.methods.mobilequant.measure import perplexity, surprises, tokens
    from model_adapters.methods.mobilequant.sources import SMOLLM2, open_source
    from model_adapters.methods.mobilequant.texts import read_data

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="smollm2, or seed-N of a finished validation")
    parser.add_argument("--held-out", type=int, help="sequences: 64 of SmolLM2, 100 of the character model")
    given = parser.parse_args()
    torch.set_num_threads(1)
    whole = given.model == SMOLLM2
    for label, make in {"float": None, **configurations()}.items():
        source = open_source(given.model if whole else str(Path(given.model) / "model"))
        text, length, count = (None, 64, 64) if whole else (str(Path(given.model) / "tokens.safetensors"), 2, 100)
        data = read_data(text, source, 1, length, given.held_out or count, 0)
        if make is not None:
            from torchao.quantization import quantize_

            quantize_(source.model.model.layers, make())
        found = perplexity(surprises(source.model, data.held_out), tokens(data.held_out))
        print(label, round(found or 0.0, 4), flush=True)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
