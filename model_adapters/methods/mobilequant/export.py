"""`python -m model_adapters.methods.mobilequant.export FOLDER --output model.onnx`: a quantised model as ONNX.

FOLDER is `work/model` of a finished run. With --check, the graph is run by onnxruntime beside the simulation.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from data_splits.cli_support import emit_json
from data_splits.errors import UserError
from data_splits.integrity import atomic_write
from model_adapters.methods.mobilequant.onnx_graph import build_graph


def export(folder: Path, output: Path, length: int, tokens: bool = True) -> Any:
    """Write the graph; gives back the model that it was made of.

    Raises:
        UserError: not a quantised model, a graph of 2 GB or more, or onnx is missing.
    """
    from model_adapters.methods.mobilequant.stored import read_model

    if length < 2:
        raise UserError(f"length is {length}; it must be at least 2.")
    model = read_model(folder)
    data = build_graph(model, length, quantised=True, tokens=tokens)
    if data.ByteSize() >= 2**31:
        raise UserError("The graph is 2 GB or more, which one ONNX file cannot hold. Quantise a smaller model.")
    with atomic_write(output) as stream:
        stream.write(data.SerializeToString())
    return model


def agreement(model: Any, graph: Path | bytes, length: int, tokens: bool, seed: int = 0) -> dict[str, float]:
    """How the graph's logits differ from the simulation's, on one random sequence.

    Returns:
        same_best: share of positions with the same likeliest token. difference: root mean square of the difference of
        logits over that of the logits.
    """
    import torch

    from model_adapters.methods.mobilequant.network import last_hidden, logits_of
    from model_adapters.methods.mobilequant.onnx_run import logits, open_session

    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(model.config.vocab_size, (1, length), generator=generator)
    embeds = model.model.embed_tokens(ids)
    theirs = torch.from_numpy(logits(open_session(graph), (ids if tokens else embeds).numpy()))
    with torch.no_grad():
        ours = logits_of(model, last_hidden(model, embeds))
    return {
        "same_best": float((ours.argmax(-1) == theirs.argmax(-1)).double().mean()),
        "difference": float((ours - theirs).square().mean().sqrt() / ours.square().mean().sqrt()),
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="A model that mobilequant quantised, as ONNX with Q/DQ nodes.")
    parser.add_argument("folder", type=Path, help="work/model of a finished run")
    parser.add_argument("--output", type=Path, required=True, help="the .onnx file")
    parser.add_argument("--length", type=int, default=128, help="tokens of a sequence")
    parser.add_argument("--embeds", action="store_true", help="the graph takes embeddings, not token ids (a VLM)")
    parser.add_argument("--check", action="store_true", help="run it by onnxruntime and compare")
    given = parser.parse_args()
    model = export(given.folder, given.output, given.length, not given.embeds)
    facts: dict[str, Any] = {"file": str(given.output), "bytes": given.output.stat().st_size, "length": given.length}
    if given.check:
        facts |= agreement(model, given.output, given.length, not given.embeds)
    emit_json(facts)


if __name__ == "__main__":
    import sys

    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
