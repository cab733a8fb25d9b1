"""`python -m model_adapters.methods.mobilequant.export FOLDER --output model.onnx`: a quantised model as ONNX.

FOLDER is `work/model` of a finished run. With --check, the graph is run by onnxruntime beside the simulation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from data_splits.cli_support import emit_json, run
from data_splits.errors import UserError
from data_splits.integrity import atomic_write
from model_adapters.methods.mobilequant.onnx_graph import build_graph, require_onnx


def export(folder: Path, output: Path, length: int, tokens: bool = True) -> Any:
    """Write the graph; gives back the model that it was made of.

    Raises:
        UserError: not a quantised model, a graph of 2 GB or more, or onnx is missing.
    """
    from model_adapters.methods.mobilequant.stored import read_model

    if length < 2:
        raise UserError(f"length is {length}; it must be at least 2.")
    if output.is_dir():
        raise UserError(f"{output} is a folder. --output names the .onnx file.")
    require_onnx()
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


def main(
    folder: Annotated[Path, typer.Argument(help="work/model of a finished run")],
    output: Annotated[Path, typer.Option("--output", help="the .onnx file")],
    length: Annotated[int, typer.Option("--length", help="tokens of a sequence")] = 128,
    embeds: Annotated[bool, typer.Option("--embeds", help="the graph takes embeddings, not token ids (a VLM)")] = False,
    check: Annotated[bool, typer.Option("--check", help="run it by onnxruntime and compare")] = False,
) -> None:
    """A model that mobilequant quantised, as ONNX with Q/DQ nodes."""
    model = export(folder, output, length, not embeds)
    facts: dict[str, Any] = {"file": str(output), "bytes": output.stat().st_size, "length": length}
    if check:
        facts |= agreement(model, output, length, not embeds)
    emit_json(facts)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command()(main)
    run(app)
