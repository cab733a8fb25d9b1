"""GPTQ and AWQ by llmcompressor on SmolLM2-135M: weights of 4 bits, everything else in float. A reference, not mobile.

Calibration and held-out text are those of `benchmarks.mobilequant_smollm2`, seed 0; one asymmetric range a row.
llmcompressor asks for an older transformers than this package, but runs beside it in an environment of its own:

    python -m venv --without-pip /tmp/lc
    SITE=/tmp/lc/lib/python3.11/site-packages
    pip install --no-deps --target $SITE llmcompressor==0.14.0.1 compressed-tensors==0.19.0 loguru
    python -c "import torch, pathlib; print(pathlib.Path(torch.__file__).parents[1])" > $SITE/main.pth
    OMP_NUM_THREADS=1 /tmp/lc/bin/python -m benchmarks.mobilequant_weight_only runs/weight-only
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.mobilequant_smollm2 import LENGTH, measure
from data_splits.cli_support import note
from data_splits.errors import UserError
from data_splits.integrity import write_json

METHODS = ("rtn", "gptq", "awq")


def recipe(method: str) -> list[Any]:
    """What llmcompressor is asked to do.

    Raises:
        UserError: it is not installed.
    """
    try:
        from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
        from llmcompressor.modifiers.gptq import GPTQModifier
        from llmcompressor.modifiers.quantization import QuantizationModifier
        from llmcompressor.modifiers.transform.awq import AWQModifier
        from llmcompressor.pipelines.cache import IntermediatesCache
    except ModuleNotFoundError as error:
        raise UserError(f"This comparison needs llmcompressor ({error}). See the head of this file.") from None
    # 0.14 pins memory for a GPU without asking whether there is one; on a CPU there is nothing to pin
    IntermediatesCache.pin_memory = lambda *_, **__: None
    weights = QuantizationArgs(num_bits=4, type="int", symmetric=False, strategy="channel")
    scheme: dict[str, Any] = {
        "config_groups": {"all": QuantizationScheme(targets=["Linear"], weights=weights)}, "ignore": ["lm_head"],
    }  # fmt: skip
    rounding = QuantizationModifier(**scheme)
    return {"rtn": [rounding], "gptq": [GPTQModifier(**scheme)], "awq": [AWQModifier(), rounding]}[method]


def compressed(source: Any, rows: list[list[int]], method: str) -> tuple[Any, float]:
    """The quantised model and the seconds it took."""
    from datasets import Dataset
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

    steps = recipe(method)
    from llmcompressor import oneshot

    tokenizer = PreTrainedTokenizerFast(tokenizer_object=source.tokenizer, pad_token="<|im_end|>")
    data = Dataset.from_dict({"input_ids": rows, "attention_mask": [[1] * len(row) for row in rows]})
    with tempfile.TemporaryDirectory() as folder:
        # its tracing reads configuration and tokenizer from a folder
        source.model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        model = LlamaForCausalLM.from_pretrained(folder).eval()
        started = time.process_time()
        oneshot(
            model=model, recipe=steps, dataset=data, processor=tokenizer, max_seq_length=LENGTH,
            num_calibration_samples=len(rows),
        )  # fmt: skip
    return model, time.process_time() - started


def calibration_rows(source: Any, samples: int, seed: int) -> list[list[int]]:
    """Token ids of the sequences that `read_data` draws."""
    from model_adapters.methods.mobilequant.texts import PYTHON_DOCS, _documents, _parted, _windows

    kept, _ = _parted(_documents(PYTHON_DOCS)[0])
    ids = source.tokenizer.encode("\n\n".join(kept)).ids
    return [list(row[:LENGTH]) for row in _windows(ids, samples, LENGTH, seed, "calibration")]


def main() -> None:
    """Print a line a method; what is there is not computed again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--held-out", type=int, default=64)
    given = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch

    from model_adapters.methods.mobilequant.sources import SMOLLM2, open_source
    from model_adapters.methods.mobilequant.texts import read_data

    torch.set_num_threads(1)
    given.folder.mkdir(parents=True, exist_ok=True)
    for method in given.methods.split(","):
        path: Path = given.folder / f"{method}.json"
        if not path.exists():
            source = open_source(SMOLLM2)
            data = read_data(None, source, given.samples, LENGTH, given.held_out, 0)
            model, seconds = compressed(source, calibration_rows(source, given.samples, 0), method)
            surprise, _ = measure(model, data.held_out, None)
            write_json(path, {"surprise": surprise, "seconds": seconds})
            note(f"{method} done")
        _show(method, json.loads(path.read_text("utf-8")), print)


def _show(method: str, told: dict[str, Any], say: Callable[[str], None]) -> None:
    import math

    say(f"{method}, W4 weight-only: perplexity {math.exp(fmean(told['surprise'])):.3f}, {told['seconds']:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
