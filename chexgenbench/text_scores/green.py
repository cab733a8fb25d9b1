"""GREEN (Ostmeier et al. 2024): a 7B language model counts matched findings and clinically significant errors.

GREEN = matched / (matched + significant errors), 0 where nothing matches; the mean over reports, 0 to 1. Prompt and
reading of the answer are those of the package radeval; the checkpoint is loaded here, because the package loads it with
remote code switched on. Greedy, 2,048 tokens. A pair with an empty report scores 0 without being asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chexgenbench.text_scores.base import Terms, TextScore, Where, both_given, lacks_package, means
from chexgenbench.text_scores.weights import folder_of, lacks_files
from data_splits.errors import UserError

MAX_TOKENS = 2048


def terms(references: Sequence[str], generated: Sequence[str], where: Where) -> Terms:
    """float64[n, 2]: the score of each pair and 1.

    Raises:
        UserError: an answer that the package cannot read.
    """
    from radeval.metrics.green_score import GREEN
    from radeval.metrics.green_score.utils import clean_responses, make_prompt

    folder = folder_of("green", where)
    assert folder is not None  # `lacks` is asked first
    values = np.zeros(len(references))
    rows = np.flatnonzero(both_given(references, generated)).tolist()
    if rows:
        reader, ask = GREEN(model_name=None, cpu=True), judge(folder, where.device)
        for row in rows:
            found = reader.compute_green(clean_responses(ask(make_prompt(references[row], generated[row]))))
            if found is None:
                raise UserError("GREEN's model gave an answer that cannot be read; no score is put in its place.")
            values[row] = found
    return means(values.tolist())


def judge(folder: Path, device: str) -> Callable[[str], str]:
    """prompt -> answer of the checkpoint, greedily: safetensors, no remote code."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    dtype = "float16" if device.startswith("cuda") else "float32"
    network: Any = AutoModelForCausalLM.from_pretrained(
        str(folder), dtype=dtype, local_files_only=True, use_safetensors=True
    )
    network.eval().to(device)
    end = tokenizer.eos_token

    def ask(prompt: str) -> str:
        # The turns as the package writes them: the empty answer before the last one is its own.
        text = f"<|user|>\n{prompt}{end}\n<|assistant|>\n{end}\n<|assistant|>\n"
        ids = tokenizer(text, return_tensors="pt", truncation=True, max_length=MAX_TOKENS)["input_ids"].to(device)
        with torch.inference_mode():
            out = network.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                do_sample=False,
                max_length=MAX_TOKENS,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.eos_token_id,
            )
        return str(tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True))

    return ask


def lacks(where: Where) -> str | None:
    """The package, or the checkpoint."""
    how = "hf download StanfordAIMI/GREEN-radllama2-7b (a GPU with 16 GB)"
    install = "pip install radeval"
    return lacks_package("radeval", "report-models", install) or lacks_files("green", where, ("config.json",), how)


GREEN_SCORE = TextScore("green", "GREEN", "mean", terms, lacks, settings={"max_tokens": MAX_TOKENS}, modelled=True)
