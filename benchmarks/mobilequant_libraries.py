"""Weights and per-token activations by torchao, on the validation's character model: a reference, not mobile.

Every token gets a scale of its own at run time, which phone accelerators cannot do; softmax, products of attention and
norms stay in float; nothing is smoothed. Run as (after the validation)
`python -m benchmarks.mobilequant_libraries runs/mq/seed-0`; needs `pip install torchao`. Its GPTQ (0.18) asks for CUDA.
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
        raise UserError("This comparison needs torchao: pip install torchao.") from None
    import torch

    return {
        "W8A8 dynamic": Int8DynamicActivationInt8WeightConfig,
        "W4A8 dynamic": lambda: Int8DynamicActivationIntxWeightConfig(
            weight_dtype=torch.int4, weight_granularity=PerAxis(0)
        ),
    }


def main() -> None:
    """Print perplexities."""
    import torch

    from model_adapters.methods.mobilequant.measure import perplexity, surprises, tokens
    from model_adapters.methods.mobilequant.sources import open_source
    from model_adapters.methods.mobilequant.texts import read_data

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="seed-N of a finished validation")
    parser.add_argument("--held-out", type=int, default=100)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for label, make in {"float": None, **configurations()}.items():
        source = open_source(str(given.folder / "model"))
        data = read_data(str(given.folder / "tokens.safetensors"), source, 1, 2, given.held_out, 0)
        if make is not None:
            from torchao.quantization import quantize_

            quantize_(source.model.model.layers, make())
        print(label, round(perplexity(surprises(source.model, data.held_out), tokens(data.held_out)) or 0.0, 4))


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
